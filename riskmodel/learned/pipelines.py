"""The worked case: reported failures of gas lines in the United States, by diameter, year, class location; fire given failure.

Two kinds of model. *Failure* of the pipe itself per 1000 km·yr of onshore transmission line (reports tell a diameter only where
the pipe failed, not a valve or fitting): the length by diameter, decade and class is known only one attribute at a time, so the
length of a combination is taken as the product of the shares (independence). *Ignition* given a reported failure, for
transmission lines and for distribution mains, from the reports alone. Nothing here knows of deaths: those come from the people
who live along the line that is scored.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from geo.errors import BadParameter
from riskmodel.learned.features import Feature, all_bins, bins_of, shape_of

Array = NDArray[np.float64]

#: Last year of training; everything after it is for testing.
TRAINED_TO = 2016

#: Class location of 49 CFR 192.5 as the 地区等级 of GB 50251, which counts households where the former counts buildings.
CLASS_ZH: Mapping[str, str] = MappingProxyType({"1": "一级", "2": "二级", "3": "三级", "4": "四级"})

#: Diameter between the nominal sizes 4, 10, 20 and 28 inches and the next.
DIAMETER = Feature("diameter_mm", "外径 mm", edges=(127.0, 279.0, 533.0, 737.0))

#: Year of construction; 1950 is in the second bin.
YEAR = Feature("year", "建成年份", edges=(1949.0, 1959.0, 1969.0, 1979.0, 1989.0, 1999.0, 2009.0), words=(
    "1949 及以前", "1950–1959", "1960–1969", "1970–1979", "1980–1989", "1990–1999", "2000–2009", "2010 及以后"))

#: The same in four bins, for ignition.
ERA = Feature("year", "建成年份", edges=(1949.0, 1969.0, 1989.0), words=("1949 及以前", "1950–1969", "1970–1989", "1990 及以后"))

CLASS = Feature("class_location", "地区等级", levels=("一级", "二级", "三级", "四级"))

#: Features of the failure rate, in the order of the exposure table.
FAILURE: tuple[Feature, ...] = (DIAMETER, YEAR, CLASS)

#: Features of ignition, given a reported failure, by system.
IGNITION: Mapping[str, tuple[Feature, ...]] = MappingProxyType({
    "transmission": (DIAMETER, ERA, CLASS),
    "distribution": (
        Feature("diameter_mm", "外径 mm", edges=(60.0, 115.0, 219.0)), ERA,
        Feature("material", "材料", levels=("steel", "plastic", "iron", "other")), CLASS,
    ),
})

#: Columns of the reports that say what happened after the failure, or that name the fire itself: never features.
AFTERWARDS: Mapping[str, str] = MappingProxyType({
    "cause": "直接原因含“别处着火波及”，即目标本身", "subcause": "含 fire/explosion as primary cause，即目标本身",
    "ignited": "目标", "year_of_failure": "只用于按时间划分",
})

#: Levels of the exposure table in the order of the bins; some levels make one bin together.
_LEVELS: Mapping[str, tuple[tuple[str, ...], ...]] = MappingProxyType({
    "diameter_in": (("4",), ("10",), ("20",), ("28",), (">28",)),
    "decade": (("<1940", "1940"), ("1950",), ("1960",), ("1970",), ("1980",), ("1990",), ("2000",), ("2010",)),
    "location_class": (("1",), ("2",), ("3",), ("4",)),
})

#: The forms of 2010 and 2011 had no line for pipe before 1940 and counted it as unknown; its share of both in 2012.
_BEFORE_1940 = 16325 / (16325 + 6973)


def reports(table: pd.DataFrame) -> pd.DataFrame:
    """The incident table with the product's column names and 地区等级.

    Parameters
    ----------
    table : DataFrame
        Columns ``system``, ``year_of_failure``, ``latitude``, ``longitude``, ``diameter_mm``, ``material``, ``year``,
        ``location_class``, ``cause``, ``subcause`` and ``ignited``.

    Raises
    ------
    BadParameter
        If a column is missing, or one that tells of deaths, injuries or cost is there.

    Examples
    --------
    >>> row = {"system": "transmission", "year_of_failure": 2014, "latitude": 40.0, "longitude": -80.0, "diameter_mm": 508.0,
    ...        "material": "steel", "year": 1965, "location_class": "3", "subcause": "external", "ignited": 0}
    >>> reports(pd.DataFrame([row]))[["class_location", "ignited"]].values.tolist()
    [['三级', False]]
    """
    needed = {"system", "year_of_failure", "latitude", "longitude", "diameter_mm", "material", "year", "location_class",
              "subcause", "ignited"}
    if needed - set(table):
        raise BadParameter(f"事故表缺少列：{'、'.join(sorted(needed - set(table)))}",
                           f"the incident table lacks columns: {', '.join(sorted(needed - set(table)))}")
    told = {name for name in table if str(name).lower() in {"fatal", "deaths", "injure", "injuries", "total_cost_current"}}
    if told:
        raise BadParameter("事故表不得含死亡、受伤或损失", "the incident table must not tell of deaths, injuries or cost",
                           remedy_zh="删去这些列；死亡由当地人口计算。",
                           remedy_en="Drop these columns; deaths come from local people.")
    known = table["location_class"].astype(str).map(dict(CLASS_ZH))
    return table.assign(class_location=known, ignited=table["ignited"].astype(bool)).drop(columns="location_class")


def failures_by_cell(incidents: pd.DataFrame, exposure: pd.DataFrame) -> pd.DataFrame:
    """Failures of transmission lines and length by year and combination of bins.

    Parameters
    ----------
    incidents : DataFrame
        From :func:`reports`; transmission rows with an unknown attribute are left out.
    exposure : DataFrame
        Columns ``year_of_failure``, ``attribute``, ``level`` and ``km``, one attribute at a time.

    Returns
    -------
    DataFrame
        Per year and cell: ``year_of_failure``, ``events``, ``exposure`` (1000 km·yr), and a value of every feature inside
        its bin.

    Examples
    --------
    >>> names = {attribute: sum(levels, ()) for attribute, levels in _LEVELS.items()}
    >>> km = [(2014, attribute, level, 1000.0 / len(every)) for attribute, every in names.items() for level in every]
    >>> exposure = pd.DataFrame(km, columns=["year_of_failure", "attribute", "level", "km"])
    >>> failure = pd.DataFrame([{"system": "transmission", "year_of_failure": 2014, "diameter_mm": 508.0, "year": 1965,
    ...                          "class_location": "三级"}])
    >>> cells = failures_by_cell(failure, exposure)
    >>> cells["events"].sum().item(), round(cells["exposure"].sum().item(), 6), len(cells)
    (1.0, 1.0, 160)
    """
    bins = all_bins(FAILURE)
    rows = incidents[incidents["system"] == "transmission"]
    place = bins_of(rows, FAILURE)
    complete = np.all(place < [feature.bins for feature in FAILURE], axis=1)
    cell = np.ravel_multi_index(tuple(place[complete].T), shape_of(FAILURE, unknown=False))
    happened = rows["year_of_failure"].to_numpy(np.int64)[complete]
    parts = []
    for year, km in _km_by_cell(exposure).items():
        counts = np.bincount(cell[happened == year], minlength=len(bins)).astype(np.float64)
        parts.append(cell_values(bins).assign(year_of_failure=year, events=counts, exposure=km / 1000))
    return pd.concat(parts, ignore_index=True)


def cell_values(bins: NDArray[np.int64]) -> pd.DataFrame:
    """One value inside every bin of :data:`FAILURE`, as columns that a model reads.

    Examples
    --------
    >>> cell_values(np.array([[0, 3, 2]])).values.tolist()
    [[127.0, 1979.0, '三级']]
    """
    columns: dict[str, object] = {}
    for axis, feature in enumerate(FAILURE):
        inside = np.array(feature.levels, object) if feature.levels else np.array([*feature.edges, feature.edges[-1] + 1], object)
        columns[feature.name] = inside[bins[:, axis]]
    return pd.DataFrame(columns).astype({"diameter_mm": np.float64, "year": np.float64})


def margins(exposure: pd.DataFrame, attribute: str) -> pd.DataFrame:
    """Length in km by year (rows) and bin (columns) of one attribute; what is unknown is dealt out in proportion.

    Raises
    ------
    BadParameter
        If the attribute is not in the table.

    Examples
    --------
    >>> exposure = pd.DataFrame({"year_of_failure": 2014, "attribute": "location_class", "level": ["1", "2", "3", "4", "unknown"],
    ...                          "km": [60.0, 20.0, 15.0, 5.0, 10.0]})
    >>> margins(exposure, "location_class").round(2).values.tolist()
    [[66.0, 22.0, 16.5, 5.5]]
    """
    rows = exposure[exposure["attribute"] == attribute]
    if rows.empty:
        raise BadParameter(f"暴露量表没有“{attribute}”", f"the exposure table has no {attribute!r}")
    wide = rows.pivot_table(index="year_of_failure", columns="level", values="km", aggfunc="sum").fillna(0.0)
    if "unknown" not in wide:
        wide["unknown"] = 0.0
    if attribute == "decade":
        hidden = np.where(wide["<1940"] > 0, 0.0, _BEFORE_1940 * wide["unknown"])
        wide["<1940"], wide["unknown"] = wide["<1940"] + hidden, wide["unknown"] - hidden
    known = pd.DataFrame({index: wide[list(levels)].sum(axis=1) for index, levels in enumerate(_LEVELS[attribute])})
    total = known.sum(axis=1) + wide["unknown"]
    return known.mul(total / known.sum(axis=1), axis=0)


def _km_by_cell(exposure: pd.DataFrame) -> dict[int, Array]:
    """Length of every combination by year: the total times the shares of each attribute."""
    tables = [margins(exposure, attribute) for attribute in _LEVELS]
    result: dict[int, Array] = {}
    for year in tables[0].index:
        lengths = [table.loc[year].to_numpy(np.float64) for table in tables]
        shares = [length / length.sum() for length in lengths]
        result[int(year)] = lengths[0].sum() * np.einsum("i,j,k->ijk", *shares).ravel()
    return result


def ignition_rows(incidents: pd.DataFrame, system: str) -> pd.DataFrame:
    """Reports of one system in which every feature of :data:`IGNITION` is known.

    Examples
    --------
    >>> row = {"system": "transmission", "diameter_mm": 508.0, "year": 1965, "class_location": "三级", "ignited": True}
    >>> len(ignition_rows(pd.DataFrame([row, row | {"diameter_mm": None}, row | {"system": "distribution"}]), "transmission"))
    1
    """
    rows = incidents[incidents["system"] == system]
    known = np.all(bins_of(rows, IGNITION[system]) < [feature.bins for feature in IGNITION[system]], axis=1)
    return rows[known].reset_index(drop=True)


def marginal_rates(incidents: pd.DataFrame, exposure: pd.DataFrame, first: int, last: int, *,
                   every_part: bool = False) -> pd.DataFrame:
    """Failures per 1000 km·yr by one attribute at a time, without the assumption of independence, over some years.

    Of the pipe itself, as the model; with `every_part` also of valves, fittings and what else has no diameter.

    Returns
    -------
    DataFrame
        Columns ``feature``, ``bin``, ``events``, ``exposure`` (1000 km·yr), ``rate`` (1/(1000 km yr)).

    Examples
    --------
    >>> names = {attribute: sum(levels, ()) for attribute, levels in _LEVELS.items()}
    >>> km = [(2014, attribute, level, 1000.0 / len(every)) for attribute, every in names.items() for level in every]
    >>> exposure = pd.DataFrame(km, columns=["year_of_failure", "attribute", "level", "km"])
    >>> failure = pd.DataFrame([{"system": "transmission", "year_of_failure": 2014, "diameter_mm": 508.0, "year": 1965,
    ...                          "class_location": "三级"}])
    >>> table = marginal_rates(failure, exposure, 2014, 2014)
    >>> table.loc[table["events"] > 0, ["feature", "bin", "rate"]].values.tolist()
    [['外径 mm', '279–533', 5.0], ['建成年份', '1960–1969', 9.0], ['地区等级', '三级', 4.0]]
    """
    rows = incidents[(incidents["system"] == "transmission") & incidents["year_of_failure"].between(first, last)]
    if not every_part:
        rows = rows[rows["diameter_mm"].notna()]
    parts = []
    for feature, attribute in zip(FAILURE, _LEVELS, strict=True):
        table = margins(exposure, attribute)
        km = table[(table.index >= first) & (table.index <= last)].sum().to_numpy(np.float64) / 1000
        counts = np.bincount(feature.bin_of(rows[feature.name]), minlength=feature.bins + 1)[:feature.bins]
        parts.append(pd.DataFrame({"feature": feature.label, "bin": feature.bin_labels, "events": counts, "exposure": km,
                                   "rate": counts / km}))
    return pd.concat(parts, ignore_index=True)
