"""All rows of all kinds once: every check, the counts, the report."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from geo.kinds import KINDS
from geo.quality.checks import CHECKS
from geo.quality.duplicates import duplicates
from geo.quality.filling import completeness, freshness
from geo.quality.position import Streets, position
from geo.quality.report import QualityReport, scores
from geo.quality.rows import Context, Floats, Found, Ints, Mask, Rows, Units
from geo.quality.rules import KindRules, Rules
from geo.quality.scoring import COUNTS
from geo.quality.validity import owners, validity

if TYPE_CHECKING:
    from geo.store import Store

@dataclass(frozen=True)
class Examined:
    """One kind after all checks that need its rows: what is left once the rows themselves are let go.

    Attributes
    ----------
    kind : str
    ids, names : (n,) object
    street : (n,) int64
        Position in `codes`; −1 for no street.
    codes : list of str
        Codes of the streets.
    dataset : (n,) int64
        Position in `datasets`.
    datasets : list of str
    lon, lat : (n,) float64
        A point on each feature, degrees.
    marks : mapping of str to (n,) array
        complete, observed, fill, dated, fresh, assumed, duplicated, synthetic.
    found : tuple of Found
    pairs : DataFrame
        Duplicates, pair by pair.
    """

    kind: str
    ids: NDArray[np.object_]
    names: NDArray[np.object_]
    street: Ints
    codes: list[str]
    dataset: Ints
    datasets: list[str]
    lon: Floats
    lat: Floats
    marks: Mapping[str, Any]
    found: tuple[Found, ...]
    pairs: pd.DataFrame


def assess(frames: Mapping[str, pd.DataFrame], streets: pd.DataFrame, *, as_of: date, rules: Rules,
           quarantine: pd.DataFrame | None = None, disagreeing: Mapping[str, Sequence[str]] | None = None) -> QualityReport:
    """Assess the quality of everything.

    Parameters
    ----------
    frames : mapping
        Kind → its rows as the store reads them (declared fields, ``geometry`` in CGCS2000 degrees). Kinds without rules are
        passed over.
    streets : DataFrame
        ``code`` and ``geometry`` of the streets.
    as_of : date
        Day from which ages are counted.
    rules : Rules
    quarantine : DataFrame, optional
        Refused rows as :meth:`geo.store.Store.quarantine` gives them.
    disagreeing : mapping, optional
        Kind → ids whose own grade and computed level are at least two apart, as the model found.

    Examples
    --------
    >>> from geo.quality.rules import load_rules
    >>> place = {"source": "ledger#1", "synthetic": False, "geometry": shapely.Point(116.4, 39.9), "updated_at": date(2026, 1, 1)}
    >>> team = pd.DataFrame([{"id": "T1", "name": "无", "resource_type": "team", "capability": "灭火", "staff": 30, **place}])
    >>> street = pd.DataFrame({"code": ["110101001000"], "geometry": [shapely.box(116.3, 39.8, 116.5, 40.0)]})
    >>> report = assess({"emergency_resource": team}, street, as_of=date(2026, 6, 1), rules=load_rules())
    >>> report.findings["check"].tolist(), float(report.summary["score"].iloc[0].round(1))
    (['V-NAME', 'P-COARSE'], 60.0)
    """
    examined = examine(frames, streets, as_of=as_of, rules=rules)
    return summarise(examined, rules, streets=streets, quarantine=quarantine, disagreeing=disagreeing)


def assess_store(store: Store, *, as_of: date, rules: Rules) -> QualityReport:
    """:func:`assess` of what a store holds on a day.

    Raises
    ------
    StoreError
        If the store cannot be read.
    """
    area = store.read("area", as_of=as_of, columns=["code", "level", "geometry"])
    frames = {kind: store.read(kind, as_of=as_of) for kind in KINDS if kind in rules.kinds}
    return assess(frames, area[area["level"] == "street"], as_of=as_of, rules=rules, quarantine=store.quarantine())


class Examiner:
    """Looks at one kind after the other and keeps what it found, not the rows; enterprises come first, others name them.

    Parameters
    ----------
    streets : DataFrame
        ``code`` and ``geometry`` of the streets.
    as_of : date
    rules : Rules

    Attributes
    ----------
    examined : list of Examined
    """

    def __init__(self, streets: pd.DataFrame, *, as_of: date, rules: Rules) -> None:
        self.examined: list[Examined] = []
        self._ground = Streets(streets)
        self._context = Context(rules, as_of, None)

    def look(self, kind: str, frame: pd.DataFrame) -> None:
        """Every check of every row of a kind; kinds without rules and empty frames are passed over."""
        rules = self._context.rules.kinds.get(kind)
        if rules is None or not len(frame):
            return
        rows = Rows(KINDS[kind], frame)
        self.examined.append(_examine(rows, rules, self._ground, self._context))
        if kind == "enterprise":
            self._context = replace(self._context, units=Units.of(rows))


def examine(frames: Mapping[str, pd.DataFrame], streets: pd.DataFrame, *, as_of: date, rules: Rules) -> list[Examined]:
    """Every check of every kind that has rules and rows: the part that takes time and needs no result of the model."""
    examiner = Examiner(streets, as_of=as_of, rules=rules)
    for kind in KINDS:  # enterprises are declared first
        if kind in frames:
            examiner.look(kind, frames[kind])
    return examiner.examined


def _examine(rows: Rows, rules: KindRules, ground: Streets, context: Context) -> Examined:
    owner = owners(rows, context.units)
    filled = completeness(rows, rules)
    fresh, dated, stale = freshness(rows, rules, context.as_of)
    placed = position(rows, ground, rules, context, owner)
    twice = duplicates(rows, rules, context)
    found = (*filled.found, *validity(rows, context, owner), *stale, *twice.found, *placed.found)
    marks = {"complete": filled.complete, "observed": filled.observed, "fill": filled.fill, "dated": dated, "fresh": fresh,
             "assumed": filled.assumed, "duplicated": twice.group != np.arange(len(rows)),
             "synthetic": np.asarray(rows.frame["synthetic"], bool) if "synthetic" in rows else np.zeros(len(rows), bool)}
    names = np.array(rows.frame["name"].to_numpy(object), object) if "name" in rows else np.full(len(rows), None, object)
    dataset, datasets = rows.datasets
    return Examined(rows.kind.name, rows.ids, names, placed.street, ground.codes, dataset, datasets, rows.lon, rows.lat, marks,
                    found, twice.pairs.assign(kind=rows.kind.name))


def summarise(examined: Iterable[Examined], rules: Rules, *, streets: pd.DataFrame, quarantine: pd.DataFrame | None = None,
              disagreeing: Mapping[str, Sequence[str]] | None = None) -> QualityReport:
    """The report of examined kinds, with what else is known of their rows; parameters as in :func:`assess`."""
    kinds = [_with_levels(one, (disagreeing or {}).get(one.kind, ())) for one in examined]
    parts = [_counted(one) for one in kinds]
    if quarantine is not None and len(quarantine):
        parts.append(_refused(quarantine, Streets(streets), rules))
    summary = pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=["area_code", "kind", "source", *COUNTS])
    summary = summary.groupby(["area_code", "kind", "source"], sort=True, as_index=False)[list(COUNTS)].sum()
    summary["score"] = scores(summary, rules.weights)
    findings = [_findings(one) for one in kinds]
    pairs = [one.pairs for one in kinds if len(one.pairs)]
    return QualityReport(
        summary, pd.concat(findings, ignore_index=True) if findings else pd.DataFrame(columns=_COLUMNS),
        pd.concat(pairs, ignore_index=True) if pairs else pd.DataFrame(columns=["kind", "a", "b", "check", "score"]),
        rules.weights,
    )


def _with_levels(one: Examined, ids: Sequence[str]) -> Examined:
    places = np.flatnonzero(pd.Index(one.ids).isin(list(ids))) if len(ids) else np.empty(0, np.int64)
    return replace(one, found=(*one.found, Found("V-LEVEL", places))) if places.size else one


def _counted(one: Examined) -> pd.DataFrame:
    """Counts of one kind by street and data set."""
    size = len(one.ids)
    marks = dict(one.marks) | {"valid": ~_spoilt(one, "validity"), "misplaced": _spoilt(one, "position"),
                               "rows": np.ones(size), "quarantined": np.zeros(size)}
    key, which = np.unique((one.street + 1) * len(one.datasets) + one.dataset, return_inverse=True)
    counts = {name: np.bincount(which, np.asarray(marks[name], np.float64), minlength=len(key)) for name in COUNTS}
    codes, sources = np.array(["", *one.codes], object), np.array(one.datasets, object)
    place = {"area_code": codes[key // len(sources)], "kind": one.kind, "source": sources[key % len(sources)]}
    return pd.DataFrame({**place, **counts})


def _spoilt(one: Examined, group: str) -> Mask:
    result = np.zeros(len(one.ids), bool)
    for found in one.found:
        if CHECKS[found.code].group == group and CHECKS[found.code].counts:
            result[found.rows] = True
    return result


_COLUMNS = ["kind", "id", "name", "area_code", "source", "check", "value", "number", "other", "lon", "lat"]


def _findings(one: Examined) -> pd.DataFrame:
    if not one.found:
        return pd.DataFrame(columns=_COLUMNS)
    rows = np.concatenate([found.rows for found in one.found])
    sizes = [len(found.rows) for found in one.found]
    codes = np.array([*one.codes, ""], object)
    return pd.DataFrame({
        "kind": one.kind, "id": one.ids[rows], "name": one.names[rows], "area_code": codes[one.street[rows]],
        "source": np.array(one.datasets, object)[one.dataset[rows]],
        "check": np.repeat(np.array([found.code for found in one.found], object), sizes),
        "value": np.concatenate([_text(found.value, size) for found, size in zip(one.found, sizes, strict=True)]),
        "number": np.concatenate([np.full(size, np.nan) if found.number is None else found.number
                                  for found, size in zip(one.found, sizes, strict=True)]),
        "other": np.concatenate([_text(found.other, size) for found, size in zip(one.found, sizes, strict=True)]),
        "lon": one.lon[rows], "lat": one.lat[rows],
    })


def _text(value: Any, size: int) -> np.ndarray:
    return np.full(size, value, object) if value is None or isinstance(value, str) else np.asarray(value, object)


def _refused(quarantine: pd.DataFrame, ground: Streets, rules: Rules) -> pd.DataFrame:
    """Refused rows by street, kind and file; a row with several faults counts once."""
    once = quarantine[quarantine["kind"].isin(list(rules.kinds))].drop_duplicates(["kind", "file", "row"])
    records = [_payload(text) for text in once["payload"]]
    codes = np.array([str(record.get("area_code") or "") for record in records], object)
    known = np.isin(codes, ground.codes)
    shapes = shapely.from_wkt([record.get("geometry") if isinstance(record.get("geometry"), str) else None for record in records],
                              on_invalid="ignore")
    points = shapely.centroid(shapes)
    unknown = np.flatnonzero(~known & ~shapely.is_missing(points) & ~shapely.is_empty(points))
    codes[~known] = ""
    street = ground.at(shapely.get_x(points[unknown]), shapely.get_y(points[unknown]))
    codes[unknown] = np.array([*ground.codes, ""], object)[street]
    return pd.DataFrame({"area_code": codes, "kind": once["kind"].to_numpy(object), "source": once["file"].to_numpy(object),
                         **dict.fromkeys(COUNTS, 0.0)}).assign(quarantined=1.0)


def _payload(text: Any) -> dict[str, Any]:
    try:
        found = json.loads(text)
    except (TypeError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}
