"""Real places: streets, districts and the city; schools, hospitals, hotels, stations …; with what is assumed about them."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from geo.grid import to_metres
from geo.sample.ground import Floats, Ground, Ints, random_for
from geo.sample.shipped import Shipped
from geo.sample.write import SampleWriter, points


@dataclass(frozen=True)
class Venues:
    """Places of the venue types.

    Attributes
    ----------
    table : DataFrame
        id, name, source, site_area_m2, lines (of a subway station, else 0).
    kind : (n,) str array
        Venue type.
    x, y : (n,) float64
        Albers metres.
    street : (n,) int64
    """

    table: pd.DataFrame
    kind: NDArray[np.str_]
    x: Floats
    y: Floats
    street: Ints


def gather_venues(ground: Ground, shipped: Shipped) -> Venues:
    """All venues: mapped places of venue types and subway stations."""
    places = shipped.places[~shipped.places["use"].isin(["fuel", "fire_station"])].reset_index(drop=True)
    metro = shipped.stations
    table = pd.DataFrame({
        "id": [f"V{osm}" for osm in places["osm_id"]] + [f"M{stop}" for stop in metro["stop_id"]],
        "name": [*places["name"].where(places["name"].notna(), None), *metro["name"] + "站"],
        "source": [f"OpenStreetMap {osm}" for osm in places["osm_id"]]
        + [f"beijing-subway-gtfs {stop}" for stop in metro["stop_id"]],
        "site_area_m2": np.concatenate([places["area_m2"].to_numpy(np.float64), np.full(len(metro), np.nan)]),
        "lines": np.concatenate([np.zeros(len(places), np.int64), metro["lines"].to_numpy(np.int64)]),
    })
    lon = np.concatenate([places["lon"], metro["lon"]])
    lat = np.concatenate([places["lat"], metro["lat"]])
    x, y = to_metres(lon, lat)
    street = _street_at(ground, x, y)
    kind = np.concatenate([places["use"].to_numpy(str), np.full(len(metro), "metro_station")])
    keep = street >= 0
    return Venues(table[keep].reset_index(drop=True), kind[keep], x[keep], y[keep], street[keep])


def _street_at(ground: Ground, x: Floats, y: Floats) -> Ints:
    """Street of points; −1 outside the city."""
    tree = shapely.STRtree(ground.polygons)
    point, street = tree.query(shapely.points(x, y), predicate="intersects")
    result = np.full(len(x), -1, np.int64)
    result[point[::-1]] = street[::-1]
    return result


def floor_areas(shipped: Shipped, venues: Venues) -> Floats:
    """Gross floor area in m²: outline × floors × 0.8 for buildings, ground × plot ratio for grounds, else the usual one.

    NaN for places in the open air.
    """
    result = np.full(len(venues.kind), np.nan)
    outline = venues.table["site_area_m2"].to_numpy(np.float64)
    for kind, entry in shipped.marginals["venue"].items():
        if "usual_m2" not in entry:
            continue
        rows = venues.kind == kind
        ratio = 0.8 * entry["floors"] if entry["floors"] else entry["plot_ratio"]
        area = np.where(np.isnan(outline[rows]) | (ratio == 0.0), entry["usual_m2"], outline[rows] * ratio)
        result[rows] = np.round(np.clip(area, 60.0, entry["largest_m2"]))
    return result


def capacities(shipped: Shipped, venues: Venues, area: Floats) -> Ints:
    """People at capacity: gross area × density; in the open air by ground; subway stations 1,500 for every line."""
    people = np.zeros(len(venues.kind))
    ground = np.nan_to_num(venues.table["site_area_m2"].to_numpy(np.float64), nan=5_000.0)
    for kind, entry in shipped.marginals["venue"].items():
        rows = venues.kind == kind
        if "people_per_m2" in entry:
            people[rows] = area[rows] * entry["people_per_m2"]
        else:
            people[rows] = np.minimum(ground[rows] / entry["m2_per_person"], entry["most_people"])
    lines = venues.table["lines"].to_numpy()
    people = np.where(venues.kind == "metro_station", 1_500.0 * np.maximum(lines, 1), people)
    return np.maximum(np.round(people), 5).astype(np.int64)


def protection_classes(shipped: Shipped, venues: Venues, area: Floats, capacity: Ints) -> NDArray[np.object_]:
    """Protection class by type, else by size (GB 36894-2018 clause 4)."""
    ground = np.nan_to_num(venues.table["site_area_m2"].to_numpy(np.float64))
    sizes = {"floor": np.nan_to_num(area), "people": capacity.astype(np.float64), "ground": ground}
    result = np.empty(len(venues.kind), dtype=object)
    for kind, entry in shipped.marginals["venue"].items():
        rows = venues.kind == kind
        if "class" in entry:
            result[rows] = entry["class"]
        else:
            place = (sizes[entry["class_by"]][rows][:, None] < np.array(entry["bounds"])).sum(axis=1)
            result[rows] = np.array(["一类", "二类", "三类"], object)[place]
    return result


def crowd_peaks(shipped: Shipped, ground: Ground, venues: Venues, area: Floats, jobs: Floats) -> Floats:
    """Peak occasions per year: stations by lines and jobs around, the biggest parks and sights, stadiums and halls by size."""
    table = shipped.marginals["crowd"]
    peaks = np.zeros(len(venues.kind))
    metro = np.flatnonzero(venues.kind == "metro_station")
    density = (jobs / ground.streets["area_km2"].to_numpy())[venues.street[metro]]
    pull = venues.table["lines"].to_numpy()[metro] ** 1.5 * (density + 500.0) ** 0.5
    pull = np.where(pull >= np.quantile(pull, 0.5), pull, 0.0)
    peaks[metro] = table["metro_peaks"] * pull / pull.sum()
    ground_area = np.nan_to_num(venues.table["site_area_m2"].to_numpy(np.float64))
    open_air = np.flatnonzero(np.isin(venues.kind, ["park", "sight", "theme_park", "zoo"]) & (ground_area > 200_000))
    open_air = open_air[np.argsort(-ground_area[open_air], kind="stable")[:60]]
    peaks[open_air] = table["fair_peaks"] / max(len(open_air), 1)
    halls = np.flatnonzero(np.isin(venues.kind, ["stadium", "sports_hall", "theatre"]) & (np.nan_to_num(area) >= 10_000))
    peaks[halls] = table["events"] * area[halls] / area[halls].sum()
    return np.round(peaks, 2)


def write_venues(writer: SampleWriter, ground: Ground, shipped: Shipped, venues: Venues, jobs: Floats, *, seed: int) -> None:
    """Write the kind `venue`: real places; everything but type, name and position assumed."""
    rng = random_for(seed, "venues")
    area = floor_areas(shipped, venues)
    capacity = capacities(shipped, venues, area)
    beds = [kind for kind, entry in shipped.marginals["venue"].items() if entry.get("sleeping")]
    big = np.nan_to_num(area) >= 5_000
    count = len(area)
    sprinklers = rng.random(count) < np.where(big, 0.7, 0.15)
    year = np.round(np.clip(rng.normal(2000, 11, count), 1955, 2024)).astype(np.int64)
    columns: dict[str, Any] = {
        "id": venues.table["id"].to_numpy(object), "name": venues.table["name"].to_numpy(object),
        "area_code": ground.codes_at(venues.street), "source": venues.table["source"].to_numpy(object), "synthetic": False,
        "position_accuracy_m": 30.0, "venue_type": venues.kind.astype(object),
        "protection_class": protection_classes(shipped, venues, area, capacity), "floor_area_m2": area,
        "site_area_m2": venues.table["site_area_m2"].to_numpy(np.float64), "capacity": capacity, "sprinklers": sprinklers,
        "alarm": sprinklers | (rng.random(count) < np.where(big, 0.85, 0.4)),
        "basement": np.isin(venues.kind, ["metro_station", "nightclub"]) & (rng.random(count) < 0.8),
        "sleeping": np.isin(venues.kind, beds), "year_built": year,
        "crowd_peaks": crowd_peaks(shipped, ground, venues, area, jobs),
        "assumed": json.dumps(["protection_class", "floor_area_m2", "capacity", "sprinklers", "alarm", "basement", "sleeping",
                               "year_built", "crowd_peaks"]),
    }
    writer.kind("venue", points(venues.x, venues.y), columns)


def write_areas(writer: SampleWriter, shipped: Shipped, *, scale: float) -> None:
    """Write the kind `area`: streets as shipped, districts and the city as unions of their streets.

    A sample smaller than the city says so in the city's name, which stands on every page and map: its colours and totals are
    not the city's.
    """
    city = "北京市" if scale >= 1 else f"北京市（抽样 1/{1 / scale:.0f}，颜色与总量无效）"
    table = shipped.streets
    streets = shapely.from_wkb(table["geometry"].to_numpy())
    district = table["district_code"].to_numpy(str)
    codes = sorted(set(district))
    names = dict(zip(district, table["district"], strict=True))
    unions = [shapely.coverage_union_all(streets[district == code]) for code in codes]
    origin = "bj-subdistricts"
    writer.kind("area", shapely_wkb([*streets, *unions, shapely.coverage_union_all(streets)]), {
        "id": [*table["code"], *codes, "110000"], "code": [*table["code"], *codes, "110000"],
        "name": [*table["name"], *(names[code] for code in codes), city],
        "level": ["street"] * len(streets) + ["district"] * len(codes) + ["city"],
        "parent": [*district, *["110000"] * len(codes), None], "kind_zh": [*table["kind_zh"], *["区"] * len(codes), "直辖市"],
        "source": [f"{origin} {code}" for code in table["code"]] + [f"{origin} union of streets"] * (len(codes) + 1),
        "synthetic": False, "position_accuracy_m": 50.0,
    })


def shapely_wkb(shapes: Any) -> Any:
    """Any shapes as a WKB column."""
    import pyarrow as pa

    return pa.array(shapely.to_wkb(np.array(list(shapes), dtype=object), byte_order=1), pa.binary())
