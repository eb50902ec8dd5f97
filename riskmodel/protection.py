"""Protection targets of GB 36894-2018: class by venue type and size, and the limits of individual risk of each class."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from riskmodel.inputs import ModelInputs
from riskmodel.parameters.load import Parameters

#: Classes of general targets, from the largest.
GENERAL: tuple[str, ...] = ("一类", "二类", "三类")


def target_classes(inputs: ModelInputs, parameters: Parameters) -> pd.Series:
    """Protection class of every venue: as stated, else by its type, else by its size (GB 36894-2018 clause 4).

    A type that depends on size takes 二类 where the size is not given.
    """
    venues = inputs.frames["venue"]
    stated = venues["protection_class"].astype(object)
    result = stated.where(stated.notna(), venues["venue_type"].map(parameters.table("protection.fixed.class")).astype(object))
    sizes = {"area": "floor_area_m2", "people": "capacity", "site": "site_area_m2"}
    for table, column in sizes.items():
        for kind, bounds in parameters.table(f"protection.size.{table}").items():
            rows = (result.isna() & (venues["venue_type"] == kind)).to_numpy(bool)
            if rows.any():
                result[rows] = _by_size(venues[column].to_numpy(np.float64)[rows], bounds, parameters)
    return result.where(result.notna(), str(parameters.entry("protection.size.unknown").value)).rename("protection_class")


def dwelling_class(residents: ArrayLike, parameters: Parameters) -> NDArray[np.str_]:
    """Class of dwellings with these residents: 一类 from 100 people, 二类 from 30, else 三类."""
    bounds = parameters.array("protection.dwelling.people")
    place = (np.asarray(residents, np.float64)[..., None] < bounds).sum(axis=-1)
    return np.asarray(np.array(GENERAL)[place])


def limits(classes: ArrayLike, parameters: Parameters) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Limits of individual risk per year for targets of these classes: in-service and new installations.

    GB 36894-2018: 高敏感, 重要, 一类 3e-6 and 3e-7; 二类 1e-5 and 3e-6; 三类 3e-5 and 1e-5.
    """
    names = pd.Series(np.atleast_1d(np.asarray(classes, object)))
    tables = (parameters.table(f"levels.criteria.{name}") for name in ("in_service", "new"))
    in_service, new = (names.map(table).to_numpy(np.float64) for table in tables)
    return in_service, new


def _by_size(size: NDArray[np.float64], bounds: list[float], parameters: Parameters) -> NDArray[np.object_]:
    known = np.asarray(GENERAL, object)[(size[:, None] < np.asarray(bounds)).sum(axis=1)]
    return np.where(np.isnan(size), str(parameters.entry("protection.size.unknown").value), known)
