"""Hazardous-chemical units: filling stations where OpenStreetMap maps them, everything else placed and stocked by assumption."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from geo.grid import to_metres
from geo.kinds import INDUSTRIES, PREMISES
from geo.sample.ground import Floats, Ground, Ints, random_for
from geo.sample.identity import short_name
from geo.sample.places import Venues
from geo.sample.shipped import Shipped
from geo.sample.units import SUBSTANCES, UnitRows
from geo.sample.write import numbered

#: Kinds of sites: section of GB/T 4754, premises, staff, fence (m), Chinese name.
SITE_KINDS: dict[str, tuple[str, str, int, float, str]] = {
    "filling_station": ("F", "shop", 12, 20.0, "加油站"), "lpg_bottle_shop": ("F", "warehouse", 6, 12.0, "液化气供应站"),
    "lpg_depot": ("D", "warehouse", 60, 60.0, "液化气储配站"), "ammonia_cold_store": ("G", "warehouse", 40, 40.0, "液氨冷库"),
    "oil_depot": ("G", "warehouse", 120, 120.0, "油库"), "chlorine_works": ("D", "factory", 80, 60.0, "自来水厂加氯间"),
    "chemical_store": ("F", "warehouse", 15, 20.0, "危化品储存库"), "chemical_plant": ("C", "factory", 60, 30.0, "化工厂"),
}
_WHOLE_CITY_SITES = 1_900
_BOTTLE_T = 0.015
_ISOLATION = {"filling_station": "manual", "lpg_bottle_shop": "manual", "ammonia_cold_store": "remote"}
_SENSITIVE = ("school", "kindergarten", "hospital", "university", "nursing_home", "community_centre")
_KEEP_AWAY_M = {"oil_depot": 1000.0, "lpg_depot": 1000.0, "chlorine_works": 1200.0, "ammonia_cold_store": 700.0}
#: Units of a site: substance, vessels, m³ of each, bund m².
_UNITS: dict[str, tuple[tuple[str, int, float, float], ...]] = {
    "filling_station": (("gasoline", 3, 30.0, 0.0),),
    "lpg_depot": (("lpg", 3, 100.0, 400.0), ("lpg", 3, 100.0, 400.0), ("lpg", 2, 100.0, 300.0)),
    "oil_depot": (("gasoline", 4, 5000.0, 6000.0), ("gasoline", 4, 2000.0, 3500.0), ("gasoline", 2, 2000.0, 2000.0),
                  ("diesel", 4, 3000.0, 4500.0), ("diesel", 4, 2000.0, 3500.0)),
    "chlorine_works": (("chlorine", 10, 0.8, 0.0),),
}


@dataclass
class Sites:
    """Places with hazardous chemicals; each is one enterprise, in this order.

    Attributes
    ----------
    kind : list of str
        Key of :data:`SITE_KINDS`.
    name : list of str
    origin : list of str or None
        Source of a real row, None for a generated one.
    place_x, place_y, place_street : lists
        Albers metres and street.
    """

    kind: list[str] = field(default_factory=list)
    name: list[str] = field(default_factory=list)
    origin: list[str | None] = field(default_factory=list)
    place_x: list[float] = field(default_factory=list)
    place_y: list[float] = field(default_factory=list)
    place_street: list[int] = field(default_factory=list)

    def add(self, kind: str, x: Floats, y: Floats, street: NDArray[Any], names: list[str], origins: list[str | None]) -> None:
        """Add sites of one kind."""
        self.kind += [kind] * len(x)
        self.name += names
        self.origin += origins
        self.place_x += x.tolist()
        self.place_y += y.tolist()
        self.place_street += street.tolist()

    @property
    def x(self) -> Floats:
        """Albers metres east."""
        return np.array(self.place_x, np.float64)

    @property
    def y(self) -> Floats:
        """Albers metres north."""
        return np.array(self.place_y, np.float64)

    @property
    def street(self) -> Ints:
        """Street of each site."""
        return np.array(self.place_street, np.int64)

    @property
    def industry(self) -> Ints:
        """Position of the section in :data:`geo.kinds.INDUSTRIES`."""
        return np.array([list(INDUSTRIES).index(SITE_KINDS[kind][0]) for kind in self.kind], np.int64)

    @property
    def premises(self) -> Ints:
        """Position in :data:`geo.kinds.PREMISES`."""
        return np.array([PREMISES.index(SITE_KINDS[kind][1]) for kind in self.kind], np.int64)

    @property
    def staff(self) -> Ints:
        """People at the place."""
        return np.array([SITE_KINDS[kind][2] for kind in self.kind], np.int64)

    def names(self) -> pa.Array:
        """Names as a text column."""
        return pa.array(self.name, pa.string())


def make_sites(ground: Ground, shipped: Shipped, residents: Ints, venues: Venues, *, scale: float, seed: int) -> Sites:
    """Choose all sites.

    Parameters
    ----------
    residents : (streets,) int64
    venues : Venues
        Targets to keep away from, save at the stated number of sites.
    scale : float
        Size of the sample against the whole city; counts shrink with it.
    """
    rng = random_for(seed, "sites")
    table, city = shipped.marginals["hazard"], shipped.marginals["city"]
    sites = Sites()
    _stations(sites, rng, ground, shipped, residents, scale)
    planned = {
        "oil_depot": table["oil_depots"], "lpg_depot": table["lpg_depots"], "chlorine_works": table["chlorine_works"],
        "ammonia_cold_store": table["cold_stores"],
    }
    near = {"lpg_depot": min(table["near_a_target"], 6), "oil_depot": max(table["near_a_target"] - 6, 0)}
    for kind, count in planned.items():
        wanted = max(1, round(count * scale))
        beside = min(wanted - 1, round(near.get(kind, 0) * scale))
        x, y, street = _away(rng, ground, residents, venues, wanted - beside, _KEEP_AWAY_M[kind])
        if beside:
            bx, by, bs = _beside(rng, ground, residents, venues, beside, set(sites.place_street) | set(street.tolist()))
            x, y, street = np.concatenate([x, bx]), np.concatenate([y, by]), np.concatenate([street, bs])
        _add_generated(sites, ground, kind, x, y, street)
    shops = max(1, round(table["lpg_shops"] * scale))
    others = city["hazardous_units"] - sum(planned.values()) - table["lpg_shops"]
    stores = max(1, round(0.65 * others * scale))
    plants = max(1, round(others * scale) - stores)
    for kind, count in (("lpg_bottle_shop", shops), ("chemical_store", stores), ("chemical_plant", plants)):
        street = _outer_streets(rng, ground, residents, count)
        x, y = ground.scatter(rng, street, ground.land)
        _add_generated(sites, ground, kind, x, y, street)
    return sites


def _add_generated(sites: Sites, ground: Ground, kind: str, x: Floats, y: Floats, street: NDArray[Any]) -> None:
    label = SITE_KINDS[kind][4]
    streets = ground.streets["name"].to_numpy(object)[street]
    names = [f"{short_name(name)}{label}{n:03d}号（样例）" for n, name in enumerate(streets, 1)]
    sites.add(kind, x, y, street, names, [None] * len(names))


def _stations(sites: Sites, rng: np.random.Generator, ground: Ground, shipped: Shipped, residents: Ints, scale: float) -> None:
    """Mapped filling stations, then generated ones up to the city's number."""
    mapped = shipped.places[shipped.places["use"] == "fuel"]
    mapped = mapped.iloc[:max(1, round(len(mapped) * scale))]
    x, y = to_metres(mapped["lon"].to_numpy(), mapped["lat"].to_numpy())
    position = {code: row for row, code in enumerate(ground.streets["code"])}
    street = np.array([position[code] for code in mapped["code"]])
    names = [f"{name}加油站" if name and not name.endswith("站") else name or "加油站" for name in mapped["name"].fillna("")]
    sites.add("filling_station", x, y, street, names, [f"OpenStreetMap way {osm}" for osm in mapped["osm_id"]])
    more = max(0, round(shipped.marginals["city"]["filling_stations"] * scale) - len(mapped))
    weight = residents.astype(np.float64) ** 0.5 * ground.streets["area_km2"].to_numpy() ** 0.25
    street = rng.choice(len(weight), more, p=weight / weight.sum())
    x, y = ground.scatter(rng, street, 0.5 * ground.work + 0.5 * ground.land)
    _add_generated(sites, ground, "filling_station", x, y, street)


def _outer_streets(rng: np.random.Generator, ground: Ground, residents: Ints, count: int) -> Ints:
    """Streets of outer, industrial kind: 200 to 5,000 residents per km², weighted by area."""
    area = ground.streets["area_km2"].to_numpy()
    density = residents / area
    weight = np.where((density > 200) & (density < 5000), np.sqrt(area), 0.0)
    return rng.choice(len(weight), count, p=weight / weight.sum())


def _away(
    rng: np.random.Generator, ground: Ground, residents: Ints, venues: Venues, count: int, distance: float,
) -> tuple[Floats, Floats, Ints]:
    """Places on open land of outer streets, farther than `distance` from every venue and with few homes around."""
    street = _outer_streets(rng, ground, residents, 60 * count + 200)
    x, y = ground.scatter(rng, street, ground.land)
    gap, _ = cKDTree(np.column_stack([venues.x, venues.y])).query(np.column_stack([x, y]))
    inhabited = np.unique(ground.cell[ground.home > 0])
    home, _ = cKDTree(np.column_stack(ground.grid.centre(inhabited))).query(np.column_stack([x, y]))
    best = np.argsort(-(np.minimum(gap / distance, 1.0) + np.minimum(home / 300.0, 1.0)), kind="stable")
    chosen: list[int] = []
    taken: set[int] = set()
    for row in best.tolist():  # one site per street while streets last
        if street[row] not in taken:
            chosen.append(row)
            taken.add(int(street[row]))
        if len(chosen) == count:
            break
    chosen += [row for row in best.tolist() if row not in set(chosen)][:count - len(chosen)]
    return x[chosen], y[chosen], street[chosen]


def _beside(
    rng: np.random.Generator, ground: Ground, residents: Ints, venues: Venues, count: int, taken: set[int],
) -> tuple[Floats, Floats, Ints]:
    """Places 95 to 130 m from a school, hospital or the like in an outer street, each in another street."""
    density = (residents / ground.streets["area_km2"].to_numpy())[venues.street]
    able = np.isin(venues.kind, _SENSITIVE) & (density > 300) & (density < 4000) & ~np.isin(venues.street, list(taken))
    chosen: list[int] = []
    for row in rng.permutation(np.flatnonzero(able)).tolist():
        if venues.street[row] not in venues.street[chosen]:
            chosen.append(row)
        if len(chosen) == count:
            break
    angle, reach = rng.uniform(0, 2 * np.pi, len(chosen)), rng.uniform(95, 130, len(chosen))
    return venues.x[chosen] + reach * np.cos(angle), venues.y[chosen] + reach * np.sin(angle), venues.street[chosen]


def site_units(shipped: Shipped, sites: Sites, origin: str, *, seed: int) -> UnitRows:
    """Units of the sites themselves, in the order of the sites; ``site`` of each row is its site, which is its enterprise too."""
    rng = random_for(seed, "hazards")
    owner = numbered("E", len(sites.kind)).to_pylist()
    marks = _marks(rng, shipped, sites)
    rows = UnitRows(origin)
    large = _large_stores(shipped, sites)
    for site, kind in enumerate(sites.kind):
        for unit in _units_of(rng, kind, site in large):
            _add_unit(rows, sites, site, owner[site], unit, marks[site])
    kinds = np.array([sites.kind[site] for site in rows.site])
    spread = np.where(np.isin(kinds, ["oil_depot", "lpg_depot"]), 40.0, 0.0)
    for axis in (rows.x, rows.y):
        axis[:] = (np.array(axis) + rng.uniform(-1, 1, len(kinds)) * spread).tolist()
    return rows


def _large_stores(shipped: Shipped, sites: Sites) -> set[int]:
    """Cold stores with 10 t of ammonia and more."""
    stores = [site for site, kind in enumerate(sites.kind) if kind == "ammonia_cold_store"]
    table = shipped.marginals["hazard"]
    return set(stores[:round(len(stores) * table["cold_stores_large"] / table["cold_stores"])])


def _units_of(rng: np.random.Generator, kind: str, large: bool) -> list[tuple[str, int, float, float]]:
    """Substance, vessels, volume and bund of every unit of a site; none for stores that only count as enterprises."""
    if kind == "ammonia_cold_store":
        tonnes = float(rng.choice([15.0, 20.0, 40.0])) if large else round(float(rng.uniform(2.0, 9.0)), 1)
        return [("ammonia", 2, round(tonnes / 2 / SUBSTANCES["ammonia"][3], 2), 0.0)]
    if kind == "lpg_bottle_shop":
        tonnes = float(rng.uniform(1.0, 6.0))
        return [("lpg", round(tonnes / _BOTTLE_T), _BOTTLE_T / SUBSTANCES["lpg"][3], 0.0)]
    return list(_UNITS.get(kind, ()))


def red_sites(shipped: Shipped, sites: Sites) -> tuple[list[int], list[int]]:
    """Sites that the diagnosis guide marks red: those of major hazards, and others (bottle shops)."""
    table = shipped.marginals["hazard"]
    share = min(1.0, len(sites.kind) / _WHOLE_CITY_SITES)
    of = {kind: [site for site, one in enumerate(sites.kind) if one == kind] for kind in SITE_KINDS}
    major = [*of["lpg_depot"][:2], *of["oil_depot"][:2], *of["chlorine_works"][:1]]
    return major[:max(1, round(table["red_major"] * share))], of["lpg_bottle_shop"][:max(1, round(table["red_other"] * share))]


def _marks(rng: np.random.Generator, shipped: Shipped, sites: Sites) -> dict[int, tuple[float | None, bool | None]]:
    """Score and veto of the diagnosis guide by site: the red ones, the others from a bell curve above 60."""
    of = ("oil_depot", "lpg_depot", "chlorine_works", "lpg_bottle_shop")
    judged = [site for site, kind in enumerate(sites.kind) if kind in of]
    marks: dict[int, tuple[float | None, bool | None]] = dict.fromkeys(range(len(sites.kind)), (None, None))
    for site in judged:
        marks[site] = (float(np.clip(np.round(rng.normal(84.0, 9.0)), 61.0, 110.0)), False)
    major, other = red_sites(shipped, sites)
    for number, site in enumerate([*major, *other]):
        marks[site] = (float(rng.integers(42, 59)), False) if number % 3 else (float(rng.integers(62, 88)), True)
    return marks


def _add_unit(rows: UnitRows, sites: Sites, site: int, owner: str, unit: tuple[str, int, float, float],
              mark: tuple[float | None, bool | None]) -> None:
    substance, vessels, volume, bund = unit
    kind = sites.kind[site]
    hours = {"filling_station": 150.0, "lpg_depot": 400.0, "oil_depot": 2000.0}.get(kind)
    real = sites.origin[site]
    rows.add(
        site, float(sites.x[site]), float(sites.y[site]), int(sites.street[site]), substance, vessels, volume,
        name=sites.name[site], enterprise_id=owner, unit_type=kind,
        scope="an" if kind in ("filling_station", "lpg_bottle_shop") else "hc", buried=kind == "filling_station",
        bund_m2=bund or None, unloading_h=hours,
        isolation=_ISOLATION.get(kind, "automatic"),
        fence_m=SITE_KINDS[kind][3], diagnosis_score=mark[0], diagnosis_veto=mark[1], synthetic=real is None,
        source=real or rows.origin, extra=json.dumps({"diesel_m3": 30.0}) if kind == "filling_station" else None,
    )
