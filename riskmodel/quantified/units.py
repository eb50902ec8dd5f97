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
    unit_type, substance, scope, isolation, hazard_class : (n,) object
        Texts; substance is the code name of the substance tables, scope is hc or an, isolation automatic, remote or manual
        (the default), hazard_class the division of an explosive or the empty text.
    factor : (n,) float64
        Management factor of the enterprise.
    mass : (n,) float64
        Content of one vessel, kg.
    vessels : (n,) float64
        Number of vessels.
    pressure, temperature, bund, hours, volume, height : (n,) float64
        Gauge pressure MPa, °C, m², unloading h/yr, m³ of one vessel, m; NaN where the row has none.
    staff : (n,) float64
        People who work at the enterprise's place, 0 where it is unknown.
    buried : (n,) bool
    extra : (n,) object
        The row's JSON column, or None.
    inundation : (n,) object
        GeoJSON of a tailings dam's flow in degrees, or None.

    Examples
    --------
    >>> from riskmodel.example import frame
    >>> store = {"enterprise_id": "e1", "unit_type": "chlorine_works", "substance": "chlorine", "quantity_t": 5.0, "vessels": 5}
    >>> units = Units.read(frame("hazard_source", [store]), pd.Series({"e1": 1.4}))
    >>> units.mass.tolist(), units.factor.tolist(), units.isolation.tolist()
    ([1000.0], [1.4], ['manual'])
    """

    row: NDArray[np.int64]
    x: Array
    y: Array
    unit_type: NDArray[Any]
    substance: NDArray[Any]
    scope: NDArray[Any]
    isolation: NDArray[Any]
    hazard_class: NDArray[Any]
    factor: Array
    mass: Array
    vessels: Array
    pressure: Array
    temperature: Array
    bund: Array
    hours: Array
    volume: Array
    height: Array
    staff: Array
    buried: NDArray[np.bool_]
    extra: NDArray[Any]
    inundation: NDArray[Any]

    @classmethod
    def read(cls, frame: pd.DataFrame, factors: pd.Series, staff: pd.Series | None = None) -> Units:
        """Take the columns of a part of the frame; its index is the row number.

        Parameters
        ----------
        frame : DataFrame
            Rows of ``hazard_source``; ``substance`` holds code names.
        factors : Series
            Management factor by enterprise id.
        staff : Series, optional
            Staff at the place by enterprise id.
        """
        def number(name: str) -> Array:
            return np.asarray(pd.to_numeric(frame[name]).to_numpy(np.float64, na_value=np.nan))

        def text(name: str, default: str = "") -> NDArray[Any]:
            values = frame[name].astype(object)
            return np.asarray(values.where(values.notna(), default).to_numpy(object))

        owner = text("enterprise_id")
        factor = factors.reindex(owner).fillna(1.0).to_numpy(np.float64)
        people = np.zeros(len(frame)) if staff is None else staff.reindex(owner).fillna(0.0).to_numpy(np.float64)
        vessels = np.maximum(number("vessels"), 1.0)
        return cls(
            row=frame.index.to_numpy(np.int64), x=number("x"), y=number("y"), unit_type=text("unit_type"),
            substance=text("substance"), scope=text("scope"), isolation=text("isolation", "manual"),
            hazard_class=text("hazard_class"), factor=factor, mass=1000 * number("quantity_t") / vessels, vessels=vessels,
            pressure=number("pressure_mpa"), temperature=number("temperature_c"), bund=number("bund_m2"),
            hours=number("unloading_h"), volume=number("vessel_m3"), height=number("height_m"), staff=people,
            buried=frame["buried"].astype(bool).to_numpy(), extra=frame["extra"].to_numpy(object),
            inundation=frame["inundation"].to_numpy(object),
        )

    def __len__(self) -> int:
        return len(self.row)

    def __getitem__(self, chosen: NDArray[Any]) -> Units:
        return Units(**{item.name: getattr(self, item.name)[chosen] for item in fields(self)})


def filled(values: Array, default: float | Array) -> Array:
    """`values` with a default where they are missing.

    Examples
    --------
    >>> filled(np.array([0.6, np.nan]), 1.6).tolist()
    [0.6, 1.6]
    """
    return np.where(np.isnan(values), default, values)
