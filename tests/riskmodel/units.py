"""One usual unit of every type, and what is asked of their scenarios."""

from __future__ import annotations

from typing import Any

import numpy as np

from riskmodel.scenarios import Kernel, ScenarioSet, kernel_distances

_ONE: dict[str, Any] = {"scope": "hc", "vessels": 1, "enterprise_id": "e1"}

#: Inventories that are usual in Beijing.
UNITS: dict[str, dict[str, Any]] = {name: _ONE | unit for name, unit in {
    "filling_station": {"unit_type": "filling_station", "substance": "gasoline", "quantity_t": 63.0, "vessels": 4, "buried": True,
                        "unloading_h": 150.0, "scope": "an"},
    "cng_station": {"unit_type": "cng_station", "substance": "methane", "quantity_t": 3.5, "vessels": 3, "vessel_m3": 6.0,
                    "pressure_mpa": 25.0, "scope": "an"},
    "lng_station": {"unit_type": "lng_station", "substance": "lng", "quantity_t": 23.0, "vessel_m3": 60.0, "pressure_mpa": 0.6,
                    "unloading_h": 150.0, "scope": "an"},
    "hydrogen_station": {"unit_type": "hydrogen_station", "substance": "hydrogen", "quantity_t": 0.5, "vessels": 6,
                         "vessel_m3": 3.0, "pressure_mpa": 45.0, "scope": "an"},
    "lpg_station": {"unit_type": "lpg_station", "substance": "lpg", "quantity_t": 27.0, "vessels": 2, "vessel_m3": 30.0,
                    "buried": True, "unloading_h": 150.0, "scope": "an"},
    "lpg_bottle_shop": {"unit_type": "lpg_bottle_shop", "substance": "lpg", "quantity_t": 3.0, "vessels": 200,
                        "vessel_m3": 0.0355, "scope": "an"},
    "lpg_depot": {"unit_type": "lpg_depot", "substance": "lpg", "quantity_t": 360.0, "vessels": 8, "vessel_m3": 100.0,
                  "unloading_h": 400.0},
    "gas_gate_station": {"unit_type": "gas_gate_station", "substance": "methane", "quantity_t": 3.0, "pressure_mpa": 4.0,
                         "scope": "an"},
    "ammonia_cold_store": {"unit_type": "ammonia_cold_store", "substance": "ammonia", "quantity_t": 15.0, "vessels": 2,
                           "vessel_m3": 15.0, "isolation": "remote"},
    "oil_depot": {"unit_type": "oil_depot", "substance": "gasoline", "quantity_t": 14_000.0, "vessels": 4, "vessel_m3": 5000.0,
                  "bund_m2": 6000.0},
    "chlorine_works": {"unit_type": "chlorine_works", "substance": "chlorine", "quantity_t": 10.0, "vessels": 10,
                       "vessel_m3": 0.8, "isolation": "automatic"},
    "tank_farm": {"unit_type": "tank_farm", "substance": "methanol", "quantity_t": 280.0, "vessels": 4, "vessel_m3": 100.0,
                  "bund_m2": 400.0},
    "pressure_vessels": {"unit_type": "pressure_vessels", "substance": "propane", "quantity_t": 40.0, "vessels": 2,
                         "vessel_m3": 50.0},
    "process_unit": {"unit_type": "process_unit", "substance": "toluene", "quantity_t": 10.0, "vessels": 2, "vessel_m3": 6.0,
                     "bund_m2": 200.0, "isolation": "remote"},
    "loading_rack": {"unit_type": "loading_rack", "substance": "gasoline", "quantity_t": 22.0, "vessel_m3": 30.0,
                     "unloading_h": 2000.0},
    "chemical_store": {"unit_type": "chemical_store", "substance": "toluene", "quantity_t": 20.0, "vessel_m3": 27.0,
                       "bund_m2": 500.0},
    "fireworks_store": {"unit_type": "fireworks_store", "substance": "fireworks", "quantity_t": 10.0, "vessel_m3": 100.0,
                        "hazard_class": "1.3G", "scope": "an"},
    "explosives_store": {"unit_type": "explosives_store", "substance": "explosives", "quantity_t": 5.0, "vessel_m3": 50.0,
                         "hazard_class": "1.1D", "scope": "an"},
    "dust_workshop": {"unit_type": "dust_workshop", "substance": "dust", "quantity_t": 0.1, "vessel_m3": 1000.0, "scope": "an"},
    "tailings_pond": {"unit_type": "tailings_pond", "substance": "tailings", "quantity_t": 1.6e6, "vessel_m3": 1e6,
                      "height_m": 25.0, "scope": "an"},
}.items()}


def at(kernel: Kernel, distance: float, *, indoors: bool = False) -> float:
    """P(death) at a distance."""
    table = kernel.indoors if indoors else kernel.outdoors
    return float(np.interp(distance**2, kernel_distances(kernel.radius) ** 2, table, right=0.0))


def individual_risk(scenarios: ScenarioSet, distance: float) -> float:
    """IR outdoors at a distance from all units at one place, the wind's directions in the mean."""
    points = scenarios.points
    risk = np.array([at(kernel, distance) for kernel in scenarios.kernels] + [0.0])
    return float((points.frequency * risk[points.kernel]).sum())


def farthest(scenarios: ScenarioSet, risk: float) -> float:
    """Largest distance in m, to 1 m, with at least this individual risk."""
    reached = [r for r in np.arange(1.0, 3000.0) if individual_risk(scenarios, r) >= risk]
    return reached[-1] if reached else 0.0


def pll(scenarios: ScenarioSet, density_km2: float = 3000.0, outdoors: float = 0.15) -> float:
    """Deaths per year with people spread evenly."""
    square = [np.square(kernel_distances(k.radius)) for k in scenarios.kernels]
    area = np.array([[np.pi * np.trapezoid(table, s) for table in (k.outdoors, k.indoors)]
                     for k, s in zip(scenarios.kernels, square, strict=True)] + [[0.0, 0.0]])
    people = area[scenarios.points.kernel] * density_km2 / 1e6 @ [outdoors, 1 - outdoors]
    return float((scenarios.points.frequency * (people + scenarios.points.deaths_local)).sum())


def by_label(scenarios: ScenarioSet) -> dict[str, float]:
    """Frequency per label."""
    sums = np.bincount(scenarios.points.label, scenarios.points.frequency, len(scenarios.labels))
    return dict(zip(scenarios.labels, sums.tolist(), strict=True))
