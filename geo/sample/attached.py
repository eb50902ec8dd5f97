"""Hazardous units of enterprises that are drawn already: gas at filling stations, gate stations, stores, plants, dust, dams.

They come after the units of the hazardous sites and draw from random numbers of their own: nothing else changes with them.
"""

from __future__ import annotations

import json
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from geo.grid import to_degrees
from geo.sample.enterprises import SECTIONS, Enterprises
from geo.sample.ground import Floats, Ground, Ints, random_for
from geo.sample.hazards import Sites
from geo.sample.places import Venues
from geo.sample.shipped import Shipped
from geo.sample.units import UnitRows

#: Unit type at filling stations: substance, vessels, m³ of each, fence m, unloading h/yr, how the row is named.
_FUELS: dict[str, tuple[str, int, float, float, float | None, str]] = {
    "cng_station": ("methane", 3, 6.0, 15.0, None, "压缩天然气加气站"),
    "lng_station": ("lng", 1, 60.0, 20.0, 150.0, "液化天然气加气站"),
    "hydrogen_station": ("hydrogen", 6, 3.0, 15.0, None, "加氢站"),
    "lpg_station": ("lpg", 2, 30.0, 20.0, 150.0, "液化石油气加气站"),
}
#: What chemical plants hold: unit type, substance, vessels, m³ of each, bund m², unloading h/yr.
_PLANTS: tuple[tuple[str, str, int, float, float | None, float | None], ...] = (
    ("tank_farm", "methanol", 4, 100.0, 400.0, None), ("tank_farm", "toluene", 3, 60.0, 300.0, None),
    ("tank_farm", "ethanol", 4, 80.0, 350.0, None), ("process_unit", "toluene", 3, 6.0, 150.0, None),
    ("process_unit", "acetone", 2, 5.0, 120.0, None), ("loading_rack", "methanol", 1, 30.0, 150.0, 400.0),
    ("pressure_vessels", "propane", 2, 20.0, None, None), ("pressure_vessels", "ammonia", 1, 5.0, None, None),
)
_STORED = ("toluene", "ethanol", "acetone", "methanol")
#: Homes are farther than this from stores and plants that hold much, m.
_CLEAR_M = 150.0


def attach(rows: UnitRows, ground: Ground, shipped: Shipped, venues: Venues, sites: Sites, units: Enterprises, *, scale: float,
           seed: int) -> None:
    """Add the units to `rows`.

    Parameters
    ----------
    rows : UnitRows
        Holds the units of the sites; grows.
    scale : float
        Size of the sample against the whole city.
    """
    rng = random_for(seed, "attached units")
    table = shipped.marginals["hazard"]

    def count(name: str) -> int:
        return max(1, round(float(table[name]) * scale))

    _gas_at_stations(rows, rng, sites, {kind: count(f"{kind}s") for kind in _FUELS})
    _stores_and_plants(rows, rng, ground, sites, count("chemical_stores"), count("chemical_units"))
    _on_open_land(rows, rng, ground, venues, units, {
        name: count(name) for name in ("gas_gate_stations", "fireworks_stores", "explosives_stores")})
    _workshops(rows, rng, units, count("dust_workshops"))
    _dams(rows, rng, ground, venues, units, count("tailings_ponds"))


def _owner(units: int) -> str:
    return f"E{units + 1:07d}"


def _gas_at_stations(rows: UnitRows, rng: np.random.Generator, sites: Sites, counts: dict[str, int]) -> None:
    """Gas pumps in generated filling stations, one kind to a station, 25 m from the middle."""
    generated = [site for site, kind in enumerate(sites.kind) if kind == "filling_station" and sites.origin[site] is None]
    free = rng.permutation(np.array(generated, np.int64)).tolist()
    for unit_type, wanted in counts.items():
        substance, vessels, volume, fence, hours, name = _FUELS[unit_type]
        for site in [free.pop() for _ in range(min(wanted, len(free)))]:
            angle = rng.uniform(0, 2 * np.pi)
            rows.add(site, sites.x[site] + 25 * np.cos(angle), sites.y[site] + 25 * np.sin(angle), int(sites.street[site]),
                     substance, vessels, volume, name=f"{sites.name[site]}{name}", enterprise_id=_owner(site),
                     unit_type=unit_type, scope="an", unloading_h=hours, fence_m=fence, buried=unit_type == "lpg_station")


def _stores_and_plants(rows: UnitRows, rng: np.random.Generator, ground: Ground, sites: Sites, stores: int, plants: int) -> None:
    """Stock of stores and plants that stand away from homes; those among homes stay ordinary enterprises."""
    inhabited = np.unique(ground.cell[ground.home > 0])
    gap, _ = cKDTree(np.column_stack(ground.grid.centre(inhabited))).query(np.column_stack([sites.x, sites.y]))
    kind = np.array(sites.kind)
    able = {name: rng.permutation(np.flatnonzero((kind == name) & (gap > _CLEAR_M))).tolist()
            for name in ("chemical_store", "chemical_plant")}
    for site in able["chemical_store"][:stores]:
        tonnes, substance = rng.uniform(5.0, 50.0), str(rng.choice(_STORED))
        rows.add(site, sites.x[site], sites.y[site], int(sites.street[site]), substance, 1, round(tonnes / 0.75, 1),
                 name=sites.name[site], enterprise_id=_owner(site), unit_type="chemical_store", scope="hc", fence_m=20.0,
                 bund_m2=float(rng.choice([180.0, 300.0, 500.0])))
    for number, site in enumerate(able["chemical_plant"][:plants]):
        unit_type, substance, vessels, volume, bund, hours = _PLANTS[number % len(_PLANTS)]
        rows.add(site, sites.x[site], sites.y[site], int(sites.street[site]), substance, vessels, volume, name=sites.name[site],
                 enterprise_id=_owner(site), unit_type=unit_type, scope="hc", bund_m2=bund, unloading_h=hours, fence_m=30.0,
                 isolation="remote")


def _remote(rng: np.random.Generator, ground: Ground, venues: Venues, units: Enterprises, section: str, wanted: int,
            distance: float) -> Ints:
    """Enterprises of a section, one each, farther than `distance` from every venue and 300 m from homes, or the remotest."""
    mine = np.flatnonzero(units.industry == SECTIONS.index(section))
    mine = mine if mine.size >= wanted else np.arange(len(units.industry))
    places = np.column_stack([units.x[mine], units.y[mine]])
    inhabited = np.unique(ground.cell[ground.home > 0])
    home, _ = cKDTree(np.column_stack(ground.grid.centre(inhabited))).query(places)
    venue, _ = cKDTree(np.column_stack([venues.x, venues.y])).query(places)
    remoteness = np.minimum(np.minimum(home / 300.0, venue / distance), 1.0) + 1e-6 * rng.random(len(mine))
    return mine[np.argsort(-remoteness, kind="stable")[:wanted]]


def _on_open_land(rows: UnitRows, rng: np.random.Generator, ground: Ground, venues: Venues, units: Enterprises,
                  counts: dict[str, int]) -> None:
    """Gas gate stations (of gas firms), fireworks and explosives stores (of traders), where venues and homes are far."""
    kinds: dict[str, tuple[str, str, float, str, dict[str, Any]]] = {
        "gas_gate_stations": ("D", "methane", 250.0, "燃气门站", {
            "unit_type": "gas_gate_station", "fence_m": 25.0, "pressure_mpa": 4.0, "quantity_t": 3.0,
            "extra": json.dumps({"inlet_mm": 300})}),
        "fireworks_stores": ("F", "fireworks", 700.0, "烟花爆竹库",
                             {"unit_type": "fireworks_store", "fence_m": 60.0, "hazard_class": "1.3G", "quantity_t": 8.0}),
        "explosives_stores": ("B", "explosives", 1000.0, "民用爆炸物品库",
                              {"unit_type": "explosives_store", "fence_m": 100.0, "hazard_class": "1.1D", "quantity_t": 5.0}),
    }
    for name, wanted in counts.items():
        section, substance, distance, label, values = kinds[name]
        for n, owner in enumerate(_remote(rng, ground, venues, units, section, wanted, distance).tolist()):
            street = int(units.street[owner])
            rows.add(owner, float(units.x[owner]), float(units.y[owner]), street, substance, 1, 50.0, scope="an",
                     name=_named(ground, street, label, n), enterprise_id=_owner(owner), **values)


def _named(ground: Ground, street: int, label: str, number: int) -> str:
    return f"{ground.streets['name'].to_numpy(object)[street]}{label}{number + 1:03d}号（样例）"


def _of(units: Enterprises, section: str) -> NDArray[np.int64]:
    """Enterprises of a section; all of them where a small sample has none."""
    mine = np.flatnonzero(units.industry == SECTIONS.index(section))
    return mine if mine.size else np.arange(len(units.industry))


def _workshops(rows: UnitRows, rng: np.random.Generator, units: Enterprises, wanted: int) -> None:
    """Workshops with combustible dust in factories of 10 and more people."""
    able = _of(units, "C")
    able = able[units.staff[able] >= 10]
    for n, owner in enumerate(rng.choice(able, min(wanted, len(able)), replace=False).tolist()):
        rows.add(owner, float(units.x[owner]), float(units.y[owner]), int(units.street[owner]), "dust", 1,
                 float(rng.choice([500.0, 1000.0, 2000.0])), name=f"涉爆粉尘车间{n + 1:03d}号（样例）",
                 enterprise_id=_owner(owner), unit_type="dust_workshop", scope="an", fence_m=10.0)


def _dams(rows: UnitRows, rng: np.random.Generator, ground: Ground, venues: Venues, units: Enterprises, wanted: int) -> None:
    """Tailings ponds at remote mines; every other one with an inundated ground, the rest to be estimated."""
    for n, owner in enumerate(_remote(rng, ground, venues, units, "B", wanted, 1500.0).tolist()):
        x, y, street = float(units.x[owner]), float(units.y[owner]), int(units.street[owner])
        angle, length = rng.uniform(0, 2 * np.pi), rng.uniform(800.0, 2000.0)
        rows.add(owner, x, y, street, "tailings", 1, float(rng.choice([2e5, 5e5, 1e6])), scope="an",
                 name=_named(ground, street, "尾矿库", n), enterprise_id=_owner(owner), unit_type="tailings_pond",
                 height_m=float(rng.choice([15.0, 25.0, 40.0])), inundation=_tongue(x, y, angle, length) if n % 2 == 0 else None)


def _tongue(x: float, y: float, angle: float, length: float) -> str:
    """GeoJSON polygon in degrees of a tongue of 120 m that begins at the dam."""
    along, across = np.array([np.cos(angle), np.sin(angle)]), np.array([-np.sin(angle), np.cos(angle)])
    corners: Floats = np.array([x, y]) + np.array([
        -60 * across, length * along - 60 * across, length * along + 60 * across, 60 * across, -60 * across])
    lon, lat = to_degrees(corners[:, 0], corners[:, 1])
    ring = np.round(np.column_stack([lon, lat]), 7).tolist()
    return json.dumps({"type": "Polygon", "coordinates": [ring]})
