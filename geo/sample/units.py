"""Rows of `hazard_source` while they grow, and what the stored substances are like."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from geo.sample.ground import Ground, Ints
from geo.sample.write import SampleWriter, numbered, points

#: Properties of the stored substance: CAS number, °C, gauge MPa, t/m³ stored (density times degree of filling).
SUBSTANCES: dict[str, tuple[str | None, float, float, float]] = {
    "gasoline": ("86290-81-5", 20.0, 0.0, 0.70), "diesel": ("68334-30-5", 20.0, 0.0, 0.80),
    "lpg": ("68476-85-7", 25.0, 0.9, 0.45), "ammonia": ("7664-41-7", 25.0, 1.0, 0.52), "chlorine": ("7782-50-5", 20.0, 0.6, 1.25),
    "methane": ("74-82-8", 20.0, 25.0, 0.195), "lng": ("74-82-8", -140.0, 0.5, 0.385),
    "hydrogen": ("1333-74-0", 20.0, 45.0, 0.0278),
    "methanol": ("67-56-1", 20.0, 0.0, 0.71), "ethanol": ("64-17-5", 20.0, 0.0, 0.71), "toluene": ("108-88-3", 20.0, 0.0, 0.78),
    "acetone": ("67-64-1", 20.0, 0.0, 0.71), "propane": ("74-98-6", 20.0, 0.74, 0.43), "fireworks": (None, 20.0, 0.0, 0.05),
    "explosives": (None, 20.0, 0.0, 0.1), "dust": (None, 20.0, 0.0, 0.0001), "tailings": (None, 10.0, 0.0, 1.6),
}
_ASSUMED = ["substance", "quantity_t", "vessels", "vessel_m3", "buried", "unloading_h", "isolation", "fence_m"]


@dataclass
class UnitRows:
    """Columns of `hazard_source`; `site` is the place in the list of enterprises.

    Attributes
    ----------
    origin : str
        Source of a generated row.
    """

    origin: str
    site: list[int] = field(default_factory=list)
    x: list[float] = field(default_factory=list)
    y: list[float] = field(default_factory=list)
    street: list[int] = field(default_factory=list)
    columns: dict[str, list[Any]] = field(default_factory=dict)

    def add(self, site: int, x: float, y: float, street: int, substance: str, vessels: int, volume: float, *, name: str,
            **values: Any) -> None:
        """Add a unit of `vessels` of `volume` m³ each; what `values` leaves out is null or usual."""
        cas, temperature, pressure, density = SUBSTANCES[substance]
        row = {
            "name": f"{name} {substance} {vessels}×{volume:g} m³" if vessels < 50 else f"{name} {substance} {vessels} 瓶",
            "substance": substance, "cas": cas, "quantity_t": round(vessels * volume * density, 2), "temperature_c": temperature,
            "pressure_mpa": pressure, "vessels": vessels, "vessel_m3": round(volume, 4), "buried": False, "bund_m2": None,
            "unloading_h": None, "isolation": "automatic", "fence_m": None, "diagnosis_score": None, "diagnosis_veto": None,
            "synthetic": True, "source": self.origin, "extra": None, "hazard_class": None, "inundation": None, "height_m": None,
            "assumed": json.dumps(_ASSUMED), "position_accuracy_m": 15.0, **values,
        }
        for column, value in row.items():
            self.columns.setdefault(column, []).append(value)
        self.site.append(site)
        self.x.append(x)
        self.y.append(y)
        self.street.append(street)

    def write(self, writer: SampleWriter, ground: Ground) -> None:
        """Write the kind `hazard_source`; ids follow the order of the rows."""
        ids = numbered("U", len(self.site), digits=5)
        writer.kind("hazard_source", points(np.array(self.x), np.array(self.y)), {
            **self.columns, "id": ids, "area_code": ground.codes_at(np.array(self.street)),
            "hazard_key": [f"unit:{name}" for name in ids.to_pylist()],
        })

    @property
    def sites(self) -> Ints:
        """Enterprise of every row."""
        return np.array(self.site, np.int64)
