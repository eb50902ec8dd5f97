"""Hazardous-chemical units as columns."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

KIND = "hazard_source"

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Units:
    """Rows of the hazard sources that are scored; all columns have equal length.

    Attributes
    ----------
    row : (n,) int64
        Row in the frame ``hazard_source``.
    x, y : (n,) float64
        Albers metres.
    unit_type, substance, scope, isolation : (n,) object
        Texts; scope is hc or an, isolation automatic, remote or manual (the default).
    factor : (n,) float64
        Management factor of the enterprise.
    mass : (n,) float64
        Content of one vessel, kg.
    vessels : (n,) float64
        Number of vessels.
    pressure, temperature, bund, hours : (n,) float64
        Gauge pressure MPa, °C, m², unloading h/yr; NaN where the row has none.
    buried : (n,) bool
    """

    row: NDArray[np.int64]
    x: Array
    y: Array
    unit_type: NDArray[Any]
    substance: NDArray[Any]
    scope: NDArray[Any]
    isolation: NDArray[Any]
    factor: Array
    mass: Array
    vessels: Array
    pressure: Array
    temperature: Array
    bund: Array
    hours: Array
    buried: NDArray[np.bool_]

    @classmethod
    def read(cls, frame: pd.DataFrame, factors: pd.Series) -> Units:
        """Take the columns of a part of the frame; its index is the row number."""
        def number(name: str) -> Array:
            return np.asarray(pd.to_numeric(frame[name]).to_numpy(np.float64, na_value=np.nan))

        def text(name: str, default: str = "") -> NDArray[Any]:
            values = frame[name].astype(object)
            return np.asarray(values.where(values.notna(), default).to_numpy(object))

        factor = factors.reindex(text("enterprise_id")).fillna(1.0).to_numpy(np.float64)
        vessels = np.maximum(number("vessels"), 1.0)
        return cls(
            row=frame.index.to_numpy(np.int64), x=number("x"), y=number("y"), unit_type=text("unit_type"),
            substance=text("substance"), scope=text("scope"), isolation=text("isolation", "manual"), factor=factor,
            mass=1000 * number("quantity_t") / vessels, vessels=vessels, pressure=number("pressure_mpa"),
            temperature=number("temperature_c"), bund=number("bund_m2"), hours=number("unloading_h"),
            buried=frame["buried"].astype(bool).to_numpy(),
        )

    def __len__(self) -> int:
        return len(self.row)

    def __getitem__(self, chosen: NDArray[Any]) -> Units:
        return Units(**{item.name: getattr(self, item.name)[chosen] for item in fields(self)})


def filled(values: Array, default: float | Array) -> Array:
    """`values` with a default where they are missing."""
    return np.where(np.isnan(values), default, values)
