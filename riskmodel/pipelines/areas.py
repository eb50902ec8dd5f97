"""High-consequence areas of long-distance lines (GB 32167-2015): which stretches, which grade, why."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from itertools import pairwise
from typing import Any

import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray
from shapely.ops import substring

from geo.errors import UnknownIdentifier
from riskmodel.inputs import ModelInputs, main_street
from riskmodel.parameters import Parameters
from riskmodel.pipelines.location import Households, class_location
from riskmodel.pipelines.rules import GRADES, STRIP_M, hca_grade, impact_strip

KIND = "pipeline"

#: Media that the table for oil covers.
OIL: tuple[str, ...] = ("oil", "crude", "products")

# Of oil lines: kind of place → distance, grade, words; GB 32167-2015 table 2.
_OIL_PLACES: dict[str, tuple[float, int, str]] = {
    "water": (200.0, 3, "200 m 内有水源、河流、大中型水库"), "village": (200.0, 2, "200 m 内有聚居 50 户及以上的村庄、乡镇"),
    "reserve": (200.0, 2, "200 m 内有国家自然保护地区"), "transport": (50.0, 1, "50 m 内有高速公路、国道、省道、铁路"),
    "flammable": (50.0, 1, "50 m 内有易燃易爆场所"),
}

#: Kinds of places that make a high-consequence area, with the distance that applies to gas (None: the impact strip) and oil.
PLACES: tuple[str, ...] = ("special", "flammable", "village", "transport", "reserve", "water")

_PLACE = ("kind", "geometry", "name", "position_accuracy_m")
_CLASS_GRADE = {"四级": 3, "三级": 2}


def high_consequence_areas(
    line: Mapping[Hashable, Any] | pd.Series, households: Households, places: pd.DataFrame, parameters: Parameters, *,
    segments: pd.DataFrame | None = None,
) -> pd.DataFrame:
    """Stretches of one line that are high-consequence areas.

    Gas (table 1): 四级地区 Ⅲ, 三级地区 Ⅱ; a flammable place within 200 m elsewhere Ⅱ; a special place (特定场所) within the
    potential impact radius of very large and very small lines, within 200 m of others, Ⅰ. Oil (table 2): 四级 Ⅲ, from 100
    households per 2 km Ⅱ, and places by kind and distance. The highest grade of a stretch holds.

    Parameters
    ----------
    line : mapping or Series
        A row of `pipeline`: medium, diameter_mm, pressure_mpa, position_accuracy_m, geometry (LineString, Albers metres).
    households : Households
        For the class location.
    places : DataFrame
        Columns kind (one of :data:`PLACES`), geometry, name, position_accuracy_m. A place that is not known to half of the
        distance, together with the line, is no evidence and left out.
    parameters : Parameters
    segments : DataFrame, optional
        What :func:`class_location` found, where it is known already.

    Returns
    -------
    DataFrame
        start_m, end_m, grade (Ⅰ, Ⅱ, Ⅲ), reasons (text); empty where the line's own position proves nothing.

    Raises
    ------
    UnknownIdentifier
        If a medium is neither gas nor oil, or a place of an unknown kind.

    Examples
    --------
    >>> from riskmodel.example import parameters
    >>> line = {"medium": "gas", "diameter_mm": 508.0, "pressure_mpa": 6.3, "position_accuracy_m": 5.0,
    ...         "geometry": shapely.LineString([(0, 0), (10_000, 0)])}
    >>> village = Households.of([5000, 5100], [50, -50], [60, 50])
    >>> none = pd.DataFrame(columns=["kind", "geometry", "name", "position_accuracy_m"])
    >>> high_consequence_areas(line, village, none, parameters()).values.tolist()
    [[4800.0, 5300.0, 'Ⅱ', '三级地区']]
    """
    medium = str(line["medium"])
    if medium != "gas" and medium not in OIL:
        raise UnknownIdentifier(f"GB 32167 没有介质“{medium}”的高后果区",
                                f"GB 32167 has no high-consequence areas for {medium!r}", medium=medium)
    own = float(line["position_accuracy_m"])
    if own > STRIP_M / 2:
        return _table([], line["geometry"].length)
    found = _by_class(class_location(line["geometry"], households, parameters) if segments is None else segments, medium)
    for kind, geometry, name, accuracy in zip(*(places[c].tolist() for c in _PLACE), strict=True):
        distance, grade, text = _rule(str(kind), medium, line)
        if np.hypot(own, accuracy) <= distance / 2 and grade:
            beside = _beside(line["geometry"], geometry, distance)
            found += [(start, end, grade, f"{text}：{name}") for start, end in beside]
    return _table(found, line["geometry"].length)


def _by_class(segments: pd.DataFrame, medium: str) -> list[tuple[float, float, int, str]]:
    words = "{}地区" if medium == "gas" else "200 m 内任意 2 km 的住户达{}地区"
    stretches = zip(segments["start_m"].tolist(), segments["end_m"].tolist(), segments["class_location"].tolist(), strict=True)
    return [(start, end, _CLASS_GRADE[name], words.format(name)) for start, end, name in stretches if name in _CLASS_GRADE]


def _rule(kind: str, medium: str, line: Mapping[Hashable, Any] | pd.Series) -> tuple[float, int, str]:
    """Distance, grade (0: none) and words for a kind of place."""
    if kind not in PLACES:
        raise UnknownIdentifier(f"没有高后果区场所类型“{kind}”", f"there is no kind of place {kind!r}",
                                remedy_zh=f"可用：{'、'.join(PLACES)}", remedy_en=f"Known: {', '.join(PLACES)}")
    if medium != "gas":
        return _OIL_PLACES.get(kind, (STRIP_M, 0, ""))
    if kind == "special":
        return float(impact_strip(line["diameter_mm"], line["pressure_mpa"])), 1, "影响范围内有特定场所"
    return (STRIP_M, 2, "200 m 内有易燃易爆场所") if kind == "flammable" else (STRIP_M, 0, "")


def _beside(line: Any, place: Any, distance: float) -> list[tuple[float, float]]:
    """Stations of the stretches of a line that lie within `distance` of a place."""
    cut = shapely.intersection(line, shapely.buffer(place, distance, quad_segs=16))
    stretches = []
    for part in shapely.get_parts(cut):
        if shapely.get_type_id(part) == shapely.GeometryType.LINESTRING and part.length > 0:
            ends = sorted(float(shapely.line_locate_point(line, shapely.Point(part.coords[i]))) for i in (0, -1))
            stretches.append((ends[0], max(ends[1], ends[0] + part.length)))
    return stretches


def _table(found: list[tuple[float, float, int, str]], length: float) -> pd.DataFrame:
    columns = ["start_m", "end_m", "grade", "reasons"]
    if not found:
        return pd.DataFrame({name: [] for name in columns}, dtype=object)
    cuts = np.unique(np.clip([0.0, length, *(f[0] for f in found), *(f[1] for f in found)], 0, length))
    rows: list[list[Any]] = []
    for start, end in pairwise(cuts.tolist()):
        here = [f for f in found if f[0] <= start and f[1] >= end]
        if not here:
            continue
        grade = max(f[2] for f in here)
        reasons = "；".join(dict.fromkeys(f[3] for f in here if f[2] == grade))
        if rows and rows[-1][1] == start and rows[-1][2:] == [GRADES[grade], reasons]:
            rows[-1][1] = end
        else:
            rows.append([start, end, GRADES[grade], reasons])
    return pd.DataFrame(rows, columns=columns)


def hca_three(inputs: ModelInputs, found: pd.DataFrame | None = None) -> pd.DataFrame:
    """Streets that long-distance lines cross in a high-consequence area of grade Ⅲ.

    四级地区 is grade Ⅲ for gas and, by the same description of the strip, for oil (GB 32167-2015 tables 1 and 2). The class that
    the operator recorded is a fact and goes first; where none is recorded, the stretches that were computed count. Town gas is
    outside that standard; schematic lines, and lines known less exactly than half the 200 m strip, are left out.

    Parameters
    ----------
    inputs : ModelInputs
        Frame ``pipeline``, grid, streets and coverage are read.
    found : DataFrame, optional
        Of :func:`riskmodel.pipelines.assess`; only recorded classes count without.

    Returns
    -------
    DataFrame
        Columns area_code (street) and name (of the line, or its id); one row per line and street.

    Examples
    --------
    >>> from riskmodel.example import town
    >>> along = shapely.LineString([(500_500.0, 4_400_700.0), (502_500.0, 4_400_700.0)])
    >>> line = {"id": "p1", "name": "陕京线", "medium": "gas", "service": "transmission", "diameter_mm": 1016.0,
    ...         "pressure_mpa": 10.0, "class_location": "四级", "geometry": along}
    >>> hca_three(town(pipeline=[line])).values.tolist()
    [['110101001000', '陕京线'], ['110101002000', '陕京线']]
    """
    frame = inputs.frames.get(KIND)
    if frame is None or frame.empty:
        return pd.DataFrame({"area_code": [], "name": []}, dtype=object)
    exact = ~(pd.to_numeric(frame["position_accuracy_m"]) > STRIP_M / 2)
    grade = hca_grade(frame["class_location"].to_numpy(object), frame["diameter_mm"], frame["pressure_mpa"])
    scored = exact & (frame["service"] == "transmission") & frame["medium"].isin(("gas", *OIL))
    recorded = np.flatnonzero((scored & (grade == "Ⅲ")).to_numpy(bool))
    shapes = [(int(row), frame["geometry"].iloc[row]) for row in recorded]
    if found is not None:
        three = (scored & frame["class_location"].isna()).to_numpy(bool) & (found["hca"] == "Ⅲ").to_numpy(bool)
        shapes += [(int(row), piece) for row in np.flatnonzero(three)
                   for piece in _pieces(frame["geometry"].iloc[row], found["areas"].iloc[row])]
    chosen = frame.iloc[[row for row, _ in shapes]]
    dense = shapely.segmentize(np.array([shape for _, shape in shapes], object), inputs.grid.cell / 2)
    xy, line = shapely.get_coordinates(dense, return_index=True)
    street = _street_of(inputs, inputs.grid.index(xy[:, 0], xy[:, 1]))
    pairs = np.unique(np.stack([line, street], axis=1)[street >= 0], axis=0)
    names = chosen["name"].where(chosen["name"].notna(), chosen["id"]).to_numpy(object)
    codes = inputs.streets["code"].to_numpy(object)
    return pd.DataFrame({"area_code": codes[pairs[:, 1]], "name": names[pairs[:, 0]]}, dtype=object)


def _pieces(geometry: Any, areas: list[dict[str, Any]]) -> list[Any]:
    """The stretches of grade Ⅲ as lines; stations run along the merged line, part after part."""
    pieces, start = [], 0.0
    for part in shapely.get_parts(shapely.line_merge(geometry)):
        for area in areas:
            first, last = max(area["start_m"] - start, 0.0), min(area["end_m"] - start, part.length)
            if area["grade"] == "Ⅲ" and last > first:
                pieces.append(substring(part, first, last))
        start += part.length
    return pieces


def _street_of(inputs: ModelInputs, cell: NDArray[np.int64]) -> NDArray[np.int64]:
    """Row of the street with the largest share of each cell, −1 where no street reaches."""
    unique, where = np.unique(cell, return_inverse=True)
    return np.asarray(main_street(inputs.coverage, unique)[where], np.int64)
