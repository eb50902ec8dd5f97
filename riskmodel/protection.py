"""Protection targets of GB 36894-2018: class by venue type and size, and the limits of individual risk of each class."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from geo.errors import UnknownIdentifier
from riskmodel.inputs import ModelInputs
from riskmodel.parameters.load import Parameters

#: Classes of general targets, from the largest.
GENERAL: tuple[str, ...] = ("一类", "二类", "三类")


#: Measures of size and the column of the venue that gives them.
_COLUMNS: dict[str, str] = {"area": "floor_area_m2", "people": "capacity", "site": "site_area_m2"}


def target_classes(inputs: ModelInputs, parameters: Parameters) -> pd.Series:
    """Protection class of every venue: as stated, else by its type, else by its size (GB 36894-2018 clause 4).

    A type that depends on size takes 二类 where the size is not given.

    Examples
    --------
    >>> from riskmodel.example import parameters, town
    >>> places = [{"id": "v1", "venue_type": "school"}, {"id": "v2", "venue_type": "mall", "floor_area_m2": 3000.0}]
    >>> target_classes(town(venue=places), parameters()).tolist()
    ['高敏感', '二类']
    """
    venues = inputs.frames["venue"]
    stated = venues["protection_class"].astype(object)
    result = stated.where(stated.notna(), venues["venue_type"].map(parameters.table("protection.fixed.class")).astype(object))
    for kind, row in parameters.table("protection.venue.row").items():
        rows = (result.isna() & (venues["venue_type"] == kind)).to_numpy(bool)
        if rows.any():
            sizes = {name: venues[column].to_numpy(np.float64)[rows] for name, column in _COLUMNS.items()}
            result[rows] = general_class(str(row), parameters, **sizes)
    return result.where(result.notna(), str(parameters.entry("protection.size.unknown").value)).rename("protection_class")


def general_class(row: str, parameters: Parameters, **sizes: ArrayLike) -> NDArray[np.object_]:
    """Class of a general target (一般防护目标) by the sizes that its row of GB 36894-2018 clause 4 asks for.

    Of several measures the one that gives the higher class counts; where none of them is known the class for unknown sizes
    stands, but a row whose sizes all lead to one class has that.

    Parameters
    ----------
    row : str
        住宅, 行政办公, 体育场馆, 商业餐饮, 旅馆, 综合办公, 娱乐康体, 公用设施网点, 加油加气站网点, 工业企业, 交通枢纽, 公园广场 …
    parameters : Parameters
        Table ``protection.general``.
    **sizes : array_like
        households, people, area (m² gross floor), site (m²), open_air (people at the peak); NaN where unknown. Measures that the
        row does not ask for are ignored.

    Raises
    ------
    UnknownIdentifier
        If there is no such row.

    Examples
    --------
    >>> from riskmodel.parameters.load import load_parameters
    >>> general_class("住宅", load_parameters(), households=[30, 12, 9], people=[90, 35, 25]).tolist()
    ['一类', '二类', '三类']
    """
    name = f"protection.general.{row}"
    if name not in parameters.values:
        raise UnknownIdentifier(f"GB 36894 没有一般防护目标类型“{row}”", f"GB 36894 has no general target {row!r}", row=row)
    bounds = parameters.table(name)
    shape = np.broadcast_shapes(*(np.shape(size) for size in sizes.values())) or (1,)
    best = np.full(shape, len(GENERAL))
    for measure, limits_of in bounds.items():
        size = np.broadcast_to(np.asarray(sizes.get(measure, np.nan), np.float64), shape)
        place = (size[..., None] < np.asarray(limits_of)).sum(axis=-1)
        best = np.where(np.isnan(size), best, np.minimum(best, place))
    only = {int((np.array([0.0, 1e98])[:, None] < np.asarray(b)).sum(axis=-1)[k]) for b in bounds.values() for k in (0, 1)}
    unknown = GENERAL[only.pop()] if len(only) == 1 else str(parameters.entry("protection.size.unknown").value)
    names = np.array([*GENERAL, unknown], object)
    return np.asarray(names[best])


def dwelling_class(
    residents: ArrayLike, parameters: Parameters, *, households: ArrayLike = np.nan,
) -> NDArray[np.str_]:
    """Class of dwellings: 一类 from 100 people or 30 households, 二类 from 30 people or 10 households, else 三类.

    Examples
    --------
    >>> from riskmodel.example import parameters
    >>> dwelling_class([120.0, 40.0, 8.0], parameters()).tolist()
    ['一类', '二类', '三类']
    """
    return np.asarray(general_class("住宅", parameters, people=residents, households=households), np.str_)


def limits(classes: ArrayLike, parameters: Parameters) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Limits of individual risk per year for targets of these classes: in-service and new installations.

    GB 36894-2018: 高敏感, 重要, 一类 3e-6 and 3e-7; 二类 1e-5 and 3e-6; 三类 3e-5 and 1e-5.

    Examples
    --------
    >>> from riskmodel.example import parameters
    >>> in_service, new = limits(["一类", "三类"], parameters())
    >>> in_service.tolist(), new.tolist()
    ([3e-06, 3e-05], [3e-07, 1e-05])
    """
    names = pd.Series(np.atleast_1d(np.asarray(classes, object)))
    tables = (parameters.table(f"levels.criteria.{name}") for name in ("in_service", "new"))
    in_service, new = (names.map(table).to_numpy(np.float64) for table in tables)
    return in_service, new
