"""Whether the positions of a whole file can be right: axes, units, zones, shifted systems, with the evidence for each judgement.

Nothing here changes a position. Every judgement compares what was declared with what else could have been meant, on a sample of
the rows: how many land in the region, in the street that the row claims, or beside the same feature that the store knows already.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray

from geo.coordinates import BD09, GCJ02, Reference, find_reference
from geo.ingest.assignment import Streets
from geo.ingest.findings import Finding, Findings

Array = NDArray[np.float64]

#: Rows that are looked at in all, and of one chunk; more say nothing new.
SAMPLE, PER_CHUNK = 30_000, 3_000

#: Systems that metres are tried in, the most usual first.
_PROJECTED = (4548, 4527, 4547, 4526, 4549, 4528, 4509, 4498, 4508, 4497, 2384, 2363, 2383, 2362, 2345, 2334, 2436, 2415, 2435,
              2414, 21460,
              21420, 32650, 3857)

#: Share of the rows that must speak for a judgement about the whole file.
_MOST = 0.5

#: Fewer rows than this that tell two systems apart decide nothing.
_TELLING = 20

#: Degrees of latitude and longitude to metres near 40° N, for distances of a kilometre.
_METRES = np.array([85_000.0, 111_000.0])


@dataclass(frozen=True)
class Sample:
    """What is judged: some rows of a file.

    Attributes
    ----------
    label : (n,) int64
        Rows of data.
    x, y : (n,) float64
        Coordinates as declared, east and north.
    lon, lat : (n,) float64
        The same in CGCS2000 degrees.
    claimed : (n,) int64
        Position in the streets of the street that the row claims; -1 for none.
    known : (n, 2) float64
        Where the store has the same feature (CGCS2000 degrees); NaN where it has none.
    """

    label: NDArray[np.int64]
    x: Array
    y: Array
    lon: Array
    lat: Array
    claimed: NDArray[np.int64]
    known: Array

    def take(self, rows: NDArray[np.int64]) -> Sample:
        """Some of the rows."""
        return Sample(self.label[rows], self.x[rows], self.y[rows], self.lon[rows], self.lat[rows], self.claimed[rows],
                      self.known[rows])


@dataclass(frozen=True)
class Region:
    """What the store covers: west, south, east, north in degrees; and its streets."""

    bounds: tuple[float, float, float, float]
    streets: Streets | None

    @classmethod
    def of(cls, streets: Streets | None) -> Region:
        """The streets' own bounds, or China where there are none."""
        if streets is None or not len(streets.codes):
            return cls((73.0, 3.0, 136.0, 54.0), None)
        west, south, east, north = shapely.total_bounds(streets.polygons)
        return cls((float(west), float(south), float(east), float(north)), streets)

    def share(self, lon: Array, lat: Array) -> float:
        """Share of positions inside the bounds."""
        return float(self.inside(lon, lat).mean()) if len(lon) else 0.0

    def inside(self, lon: Array, lat: Array) -> NDArray[np.bool_]:
        """Whether positions are inside the bounds, give or take two kilometres."""
        west, south, east, north = self.bounds
        with np.errstate(invalid="ignore"):
            return np.asarray((lon >= west - 0.02) & (lon <= east + 0.02) & (lat >= south - 0.02) & (lat <= north + 0.02))


class Watch:
    """Looks at every chunk of a file as it passes; says what it thinks at the end.

    Parameters
    ----------
    reference : Reference
        What the coordinates were declared to be in.
    region : Region
        What the store covers.
    """

    def __init__(self, reference: Reference, region: Region) -> None:
        self.reference, self.region = reference, region
        self._samples: list[Sample] = []
        self._rows = self._sampled = 0
        self._inside = 0
        self._outside = Findings()

    def add(self, part: Sample) -> None:
        """Look at a chunk: all of its rows are counted, some are kept."""
        part = part.take(np.flatnonzero(np.isfinite(part.x) & np.isfinite(part.y)))
        inside = self.region.inside(part.lon, part.lat)
        self._rows += len(inside)
        self._inside += int(inside.sum())
        shown = [f"{x:g}, {y:g}" for x, y in zip(part.x[~inside][:5], part.y[~inside][:5], strict=True)]
        self._outside.rows("outside-region", "warning", "有的点在已载入的区域之外", "some points lie outside the loaded region",
                           part.label[~inside], shown)
        if self.reference.degrees:
            swapped = ~inside & self.region.inside(part.lat, part.lon)
            self._outside.rows("swapped-axes-rows", "warning",
                               "部分行疑似经纬度颠倒，请逐行改正（整份文件都颠倒时用 --swap-axes）",
                               "some rows look like swapped longitude and latitude; mend them (if all are, use --swap-axes)",
                               part.label[swapped], [f"{part.x[at]:g}, {part.y[at]:g}" for at in np.flatnonzero(swapped)[:5]])
        if self._sampled < SAMPLE and len(inside):
            kept = np.unique(np.linspace(0, len(inside) - 1, min(len(inside), PER_CHUNK)).astype(np.int64))
            kept = np.union1d(kept, np.flatnonzero(np.isfinite(part.known[:, 0]))[:PER_CHUNK])
            self._samples.append(part.take(kept))
            self._sampled += len(kept)

    def findings(self) -> Iterator[Finding]:
        """Every judgement about the positions; none if they look right."""
        if not self._rows:
            return
        sample = Sample(*(np.concatenate([getattr(one, name) for one in self._samples]) for name in Sample.__dataclass_fields__))
        share = self._inside / self._rows
        gross = _gross(sample, self.reference, self.region, share) if share < _MOST else None
        if gross is not None:
            yield gross
            return
        yield from self._outside
        if share >= _MOST:
            inside = np.flatnonzero(self.region.inside(sample.lon, sample.lat))
            shifted = _shifted(sample.take(inside), self.reference, self.region)
            if shifted is not None:
                yield shifted


def _gross(part: Sample, reference: Reference, region: Region, share: float) -> Finding | None:
    """Axes swapped, metres for degrees or the other way, another zone: what puts most rows in the region."""
    degrees = float(((np.abs(part.x) <= 180) & (np.abs(part.y) <= 180)).mean())
    trials = list(_trials(part, reference, degrees >= _MOST))
    shares = [region.share(*trial[1]) for trial in trials]
    if not shares or max(shares) <= max(share, _MOST):
        return None
    (code, tried, zh, en, remedy), _ = trials[int(np.argmax(shares))]
    evidence = {"declared": reference.name, "in_region": round(share, 4), "meant": tried, "in_region_then": round(max(shares), 4),
                "first": [float(part.x[0]), float(part.y[0])]}
    others = [trial[0][1] for trial, other in zip(trials, shares, strict=True) if other == max(shares)][1:4]
    if others:
        evidence["equally"] = others
    return Finding(
        code, "serious", f"{zh}：按声明的{reference.name}，{share:.0%} 的点在区域内；按{tried}有 {max(shares):.0%}。{remedy[0]}",
        f"{en}: as declared ({reference.name}) {share:.0%} of the points lie in the region, as {tried} {max(shares):.0%}. "
        f"{remedy[1]}",
        len(part.x), evidence, tuple((int(label) + 1, f"{x:g}, {y:g}") for label, x, y in zip(part.label[:5], part.x, part.y,
                                                                                              strict=False)))


_Trial = tuple[tuple[str, str, str, str, tuple[str, str]], tuple[Array, Array]]


def _trials(part: Sample, reference: Reference, degrees: bool) -> Iterator[_Trial]:
    swap = ("若确认，请加 --swap-axes 重新载入。", "If so, load it with --swap-axes.")
    if degrees and reference.degrees:
        yield ("swapped-axes", "纬度在前", "疑似经纬度颠倒", "longitude and latitude look swapped", swap), (part.y, part.x)
        return
    if degrees:
        remedy = ("若确认，请用 --crs CGCS2000 重新载入。", "If so, load it with --crs CGCS2000.")
        for name, x, y in (("经纬度", part.x, part.y), ("纬度在前的经纬度", part.y, part.x)):
            yield ("degrees-as-metres", name, "声明为投影坐标，数值却是经纬度", "declared as metres, but these are degrees",
                   remedy), (x, y)
        return
    if not reference.degrees:
        yield ("swapped-axes", f"{reference.name}、北坐标在前", "疑似纵横坐标颠倒", "easting and northing look swapped",
               swap), reference.to_cgcs2000(part.y, part.x)
    code, zh, en = ("metres-as-degrees", "声明为经纬度，数值却是米", "declared as degrees, but these are metres")
    if not reference.degrees:
        prefixed = max(float(np.median(np.abs(part.x))), float(np.median(np.abs(part.y)))) > 1e7
        code = "zone-prefix" if prefixed != ("zone" in reference.name) else "other-zone"
        zh, en = ("坐标带号与声明不符", "the zone of the coordinates is not the declared one")
    for epsg in _PROJECTED:
        other = find_reference(str(epsg))
        remedy = (f"若确认，请用 --crs {epsg} 重新载入。", f"If so, load it with --crs {epsg}.")
        yield (code, f"{other.name}（EPSG:{epsg}）", zh, en, remedy), other.to_cgcs2000(part.x, part.y)
        both = (f"若确认，请用 --crs {epsg} --swap-axes 重新载入。", f"If so, load it with --crs {epsg} --swap-axes.")
        yield (code, f"{other.name}（EPSG:{epsg}，北坐标在前）", zh, en, both), other.to_cgcs2000(part.y, part.x)


def _shifted(part: Sample, reference: Reference, region: Region) -> Finding | None:
    """Whether the positions sit where GCJ-02 or BD-09 would put them (or were corrected although they needed not be)."""
    lon, lat = part.lon, part.lat
    others = {
        "GCJ-02": GCJ02.to_cgcs2000(lon, lat), "BD-09": BD09.to_cgcs2000(lon, lat),
        "已校正过的 GCJ-02": GCJ02.from_cgcs2000(lon, lat), "已校正过的 BD-09": BD09.from_cgcs2000(lon, lat),
    }
    judged = [(evidence, name) for name, moved in others.items()
              for evidence in (_by_known(np.column_stack([lon, lat]), np.column_stack(moved), part.known),
                               _by_streets((lon, lat), moved, part.claimed, region.streets)) if evidence is not None]
    if not judged:
        return None
    evidence, name = max(judged, key=lambda one: one[0]["strength"])
    strength, meant = evidence.pop("strength"), "WGS84" if name.startswith("已") else name
    confidence = "很高" if strength > 10 else "高" if strength > 5 else "中"
    evidence |= {"declared": reference.name, "meant": meant, "confidence": {"很高": "very high", "高": "high",
                                                                            "中": "fair"}[confidence]}
    zh = (f"整批坐标疑似 {meant}，而不是声明的{reference.name}（把握{confidence}）：{evidence.pop('zh')}。"
          f"若确认，请用 --crs {meant} 重新载入。")
    en = (f"the whole set looks like {meant}, not {reference.name} as declared ({evidence['confidence']} confidence): "
          f"{evidence.pop('en')}. If so, load it with --crs {meant}.")
    return Finding("shifted-set", "serious" if strength > 5 else "warning", zh, en, len(lon), evidence)


def _by_known(here: Array, moved: Array, known: Array) -> dict[str, Any] | None:
    """Median distance to where the store has the same features, before and after."""
    rows = np.isfinite(known[:, 0])
    if rows.sum() < 5:
        return None
    before, after = (np.hypot(*((side[rows] - known[rows]) * _METRES).T) for side in (here, moved))
    was, now = float(np.median(before)), float(np.median(after))
    if was < 150 or now > 0.5 * was:
        return None
    return {"strength": np.sqrt(rows.sum()) * (1 - now / was), "same_features": int(rows.sum()), "median_m": round(was, 1),
            "median_m_then": round(now, 1),
            "zh": f"{int(rows.sum())} 个同编号或同名要素与库中位置相差中位数 {was:.0f} m，反算后为 {now:.0f} m",
            "en": f"{int(rows.sum())} features of the store lie {was:.0f} m off (median), {now:.0f} m after the inverse shift"}


def _by_streets(here: tuple[Array, Array], moved: tuple[Array, Array], claimed: NDArray[np.int64],
                streets: Streets | None) -> dict[str, Any] | None:
    """Rows whose street differs between the two positions: for which of them the claimed street speaks."""
    rows = np.flatnonzero(claimed >= 0)
    if streets is None or rows.size < _TELLING:
        return None
    now, then = (streets.at(np.asarray(shapely.points(lon[rows], lat[rows]), dtype=object)) for lon, lat in (here, moved))
    differ = now != then
    for_now, for_then = (int((side[differ] == claimed[rows][differ]).sum()) for side in (now, then))
    telling = for_now + for_then
    if telling < _TELLING or for_then < 2 * for_now:
        return None
    before, after = float((now == claimed[rows]).mean()), float((then == claimed[rows]).mean())
    return {"strength": (for_then - for_now) / np.sqrt(telling), "with_street": int(rows.size), "match": round(before, 4),
            "match_then": round(after, 4), "telling": telling, "telling_for": for_then,
            "zh": f"{rows.size} 行写明街道，坐标与所写街道一致的占 {before:.1%}，反算后为 {after:.1%}",
            "en": f"of {rows.size} rows that name their street {before:.1%} lie in it, {after:.1%} after the inverse shift"}
