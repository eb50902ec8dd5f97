"""Convert the raw open data into the files that ship under ``geo/sample/data``.

Run once by hand when the raw data changes::

    python tools/build_sample_data.py RAW [OUT]

RAW holds the folders ``beijing-subdistricts``, ``osm-beijing-2026``, ``beijing-subway``, ``population-beijing``,
``gem-energy-jjj`` and ``beijing-roads-osm2012``. Origins and licences are in DATA-LICENSES.md. The result depends on
nothing else: the same raw data give the same bytes.
"""

from __future__ import annotations

import hashlib
import json
import sys
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pyogrio
import shapely

from geo import areas
from geo.grid import ALBERS, Grid, to_degrees, to_metres

#: Gaps in the street layer narrower than this are drawing errors (18 of them, up to 0.4 ha).
GAP_M = 120.0

#: Classes of OpenStreetMap places that become features, and what they become.
PLACES = {
    "school": "school", "kindergarten": "kindergarten", "university": "university", "college": "school", "hospital": "hospital",
    "clinic": "clinic", "doctors": "clinic", "nursing_home": "nursing_home", "hotel": "hotel", "guesthouse": "guesthouse",
    "hostel": "guesthouse", "motel": "guesthouse", "mall": "mall", "department_store": "mall", "supermarket": "supermarket",
    "cinema": "cinema", "theatre": "theatre", "nightclub": "nightclub", "bar": "bar", "stadium": "stadium",
    "sports_centre": "sports_hall", "swimming_pool": "sports_hall", "museum": "museum", "arts_centre": "museum",
    "library": "library", "community_centre": "community_centre", "railway_station": "railway_station",
    "bus_station": "bus_station", "airport": "airport",
    "park": "park", "attraction": "sight", "theme_park": "theme_park", "zoo": "zoo", "town_hall": "government",
    "courthouse": "government", "police": "government", "prison": "prison", "embassy": "embassy",
    "fuel": "fuel", "fire_station": "fire_station",
}

#: Anchors of daily life: OpenStreetMap class → group; the groups' weights are in marginals.toml.
ANCHORS = {
    "village": ["village"], "hamlet": ["hamlet"], "town": ["town", "suburb"], "school": ["school", "kindergarten"],
    "college": ["university", "college"], "stop": ["bus_stop"], "parking": ["parking"],
    "food": ["restaurant", "cafe", "fast_food", "bar", "bakery", "food_court"],
    "shop": ["convenience", "supermarket", "clothes", "hairdresser", "pharmacy", "laundry", "greengrocer", "beverages",
             "mobile_phone_shop", "beauty_shop", "marketplace", "furniture_shop", "mall", "department_store"],
    "office": ["bank", "post_office", "town_hall", "police", "public_building", "hotel"],
    "care": ["hospital", "clinic", "community_centre", "library", "fitness_centre", "playground"],
}


def main() -> None:
    """Build everything and write the index."""
    raw = Path(sys.argv[1])
    out = Path(sys.argv[2]) if len(sys.argv) > 2 else Path(__file__).parents[1] / "geo" / "sample" / "data"
    streets = street_areas(raw)
    tables = {
        "areas/streets.parquet": streets,
        "census/districts.parquet": census(raw),
        "census/street_estimates.parquet": estimates(raw),
        "osm/places.parquet": places(raw),
        "osm/stations.parquet": stations(raw),
        "osm/anchors.parquet": anchors(raw),
        "osm/open_land.parquet": open_land(raw, streets),
        "osm/roads.parquet": roads(raw),
        "gem/pipelines.parquet": pipelines(raw, streets),
    }
    index = {name: write(out / name, table) for name, table in tables.items()}
    (out / "index.json").write_text(json.dumps(index, indent=1, sort_keys=True) + "\n")
    print(f"{sum(entry['bytes'] for entry in index.values()) / 1e6:.1f} MB in {len(index)} files")


def write(path: Path, frame: pd.DataFrame) -> dict[str, object]:
    """Write one table and return its entry in the index."""
    path.parent.mkdir(parents=True, exist_ok=True)
    columns = {
        name: pa.array(shapely.to_wkb(frame[name].to_numpy()), pa.binary()) if name == "geometry" else pa.array(frame[name])
        for name in frame.columns
    }
    pq.write_table(pa.table(columns), path, compression="zstd", compression_level=19, use_dictionary=[
        name for name in frame.columns if frame[name].dtype in ("object", "str") and name != "geometry"
    ])
    content = path.read_bytes()
    print(f"{path.name:28s} {len(frame):7d} rows {len(content):9d} bytes")
    return {"bytes": len(content), "rows": len(frame), "sha256": hashlib.sha256(content).hexdigest()}


def street_areas(raw: Path) -> pd.DataFrame:
    """343 streets and towns as a clean partition, rounded to 1e-7 degrees (1 cm)."""
    layer = pyogrio.read_dataframe(raw / "beijing-subdistricts" / "beijing_subdistricts.gpkg").sort_values("code")
    metres = shapely.transform(layer.geometry.to_numpy(), lambda c: np.column_stack(to_metres(c[:, 0], c[:, 1])))
    cleaned, moved = areas.clean(list(metres), gap_width=GAP_M)
    degrees = shapely.transform(cleaned, lambda c: np.round(np.column_stack(to_degrees(c[:, 0], c[:, 1])), 7))
    again = shapely.coverage_clean(degrees, snapping_distance=0)
    if not (shapely.coverage_is_valid(again) and shapely.is_valid(again).all()):
        raise SystemExit("the rounded streets are no clean coverage")
    print(f"streets: cleaning moved {moved.sum():.0f} m², at most {moved.max():.0f} m² in one")
    return pd.DataFrame({
        "code": layer["code"].to_numpy(str), "name": layer["name"].to_numpy(str), "kind_zh": layer["kind"].to_numpy(str),
        "district_code": layer["district_code"].astype(str).to_numpy(str), "district": layer["district"].to_numpy(str),
        "label_lon": layer["label_lon"].round(5).to_numpy(), "label_lat": layer["label_lat"].round(5).to_numpy(),
        "moved_m2": moved.round(1), "geometry": again,
    })


def census(raw: Path) -> pd.DataFrame:
    """Seventh census by district."""
    table = pd.read_csv(raw / "population-beijing" / "district_census_2020.csv", dtype={"adcode": str})
    return pd.DataFrame({
        "district_code": table["adcode"], "name": table["district"], "residents": table["pop_census_20201101"].astype("int64"),
    })


def estimates(raw: Path) -> pd.DataFrame:
    """Estimated residents by street."""
    source = raw / "population-beijing" / "subdistrict_population_estimates.csv"
    table = pd.read_csv(source, dtype={"code": str}).sort_values("code")
    return pd.DataFrame({"code": table["code"], "estimate": table["pop2020_est_worldpop"].astype("int64")})


def _subway(raw: Path) -> pd.DataFrame:
    return pd.read_csv(raw / "beijing-subway" / "beijing_subway_stations.csv")


def places(raw: Path) -> pd.DataFrame:
    """Places that become venues, stations, hospitals: points, or areas as a representative point with their area."""
    table = pd.read_csv(raw / "osm-beijing-2026" / "beijing_key_pois.csv")
    table = table[table["fclass"].isin(PLACES)].sort_values("osm_id", kind="stable")
    name, area = table["name"].fillna(""), table["area_m2"].fillna(0.0)
    subway = set(_subway(raw)["stop_name"])
    keep = pd.Series(True, index=table.index)
    rail = table["fclass"] == "railway_station"
    keep &= ~rail | ((name != "") & ~name.str.removesuffix("站").isin(subway) & ~name.duplicated())
    keep &= (table["fclass"] != "airport") | name.str.contains("国际机场")
    keep &= (table["fclass"] != "zoo") | (name.str.endswith("动物园") | (area > 50_000))
    keep &= (table["fclass"] != "theme_park") | (area > 10_000)
    keep &= (table["fclass"] != "park") | ((name != "") | (area > 5_000))
    keep &= (table["fclass"] != "stadium") | ((name != "") | (area > 8_000))
    table = table[keep]
    return pd.DataFrame({
        "osm_id": table["osm_id"].to_numpy(), "osm_class": table["fclass"].to_numpy(str),
        "use": table["fclass"].map(PLACES).to_numpy(str), "name": table["name"].to_numpy(),
        "area_m2": table["area_m2"].round(0).to_numpy(), "code": table["code"].astype(str).to_numpy(str),
        "lon": table["lon"].round(6).to_numpy(), "lat": table["lat"].round(6).to_numpy(),
    })


def stations(raw: Path) -> pd.DataFrame:
    """Subway stations, one row per name, with the number of lines that stop there."""
    table = _subway(raw)
    grouped = table.groupby("stop_name", sort=True).agg(
        stop_id=("stop_id", "first"), lines=("stop_id", "size"), lon=("lon", "mean"), lat=("lat", "mean"),
    ).reset_index()
    return pd.DataFrame({
        "stop_id": grouped["stop_id"], "name": grouped["stop_name"], "lines": grouped["lines"].astype("int16"),
        "lon": grouped["lon"].round(6), "lat": grouped["lat"].round(6),
    })


def anchors(raw: Path) -> pd.DataFrame:
    """Places of daily life, only as points with a group: they steer where people are put inside a street."""
    source = raw / "osm-beijing-2026" / "osm_beijing.gpkg"
    group_of = {osm: group for group, classes in ANCHORS.items() for osm in classes}
    parts = []
    for layer in ("pois", "pois_a", "transport", "places", "traffic_a"):
        frame = pyogrio.read_dataframe(source, layer=layer, columns=["osm_id", "fclass"])
        frame = frame[frame["fclass"].isin(group_of)]
        point = shapely.point_on_surface(frame.geometry.to_numpy())
        parts.append(pd.DataFrame({
            "group": frame["fclass"].map(group_of).to_numpy(str),
            "lon": shapely.get_x(point).round(5), "lat": shapely.get_y(point).round(5),
        }))
    table = pd.concat(parts).drop_duplicates().sort_values(["group", "lon", "lat"]).reset_index(drop=True)
    return table.astype({"lon": "float32", "lat": "float32"})


def open_land(raw: Path, streets: pd.DataFrame) -> pd.DataFrame:
    """Share of 100 m cells under water, park or graveyard, as percent per global cell (east, north counts)."""
    source = raw / "osm-beijing-2026" / "osm_beijing.gpkg"
    shapes = [pyogrio.read_dataframe(source, layer="water_a", columns=["fclass"])]
    leisure = pyogrio.read_dataframe(source, layer="pois_a", columns=["fclass"])
    shapes.append(leisure[leisure["fclass"].isin(["park", "graveyard", "golf_course"])])
    transport = pyogrio.read_dataframe(source, layer="transport_a", columns=["fclass"])
    shapes.append(transport[transport["fclass"].isin(["apron", "airport", "airfield"])])
    land = gpd.GeoDataFrame(pd.concat(shapes), crs=4326).to_crs(ALBERS)
    union = shapely.union_all(shapely.make_valid(land.geometry.to_numpy()))
    polygons = [part for part in shapely.get_parts(union) if part.geom_type == "Polygon"]
    city = gpd.GeoSeries(streets["geometry"].to_numpy(), crs=4490).to_crs(ALBERS)
    grid = Grid.around(tuple(city.total_bounds))
    cell, _, fraction = areas.coverage([shapely.MultiPolygon(polygons)], grid)
    percent = np.round(fraction * 100)
    row, column = np.divmod(cell[percent > 0], grid.nx)
    return pd.DataFrame({
        "east": (round(grid.west / 100) + column).astype("int32"),
        "north": (round(grid.north / 100) - 1 - row).astype("int32"), "percent": percent[percent > 0].astype("int8"),
    })


def roads(raw: Path) -> pd.DataFrame:
    """Main roads inside about the 5th ring road: the ways along which synthetic pipes run."""
    layer = pyogrio.read_dataframe(raw / "beijing-roads-osm2012" / "beijing_roads.gpkg", columns=["highway"])
    layer = layer[layer["highway"].isin(["trunk", "primary", "secondary", "tertiary"])].reset_index(drop=True)
    lines = shapely.set_precision(shapely.simplify(layer.geometry.to_numpy(), 5e-5), 1e-5)
    table = pd.DataFrame({"highway": layer["highway"].to_numpy(str), "geometry": lines})
    table = table[~shapely.is_empty(lines) & (shapely.get_type_id(lines) == 1)]
    return table.sort_values("highway", kind="stable").reset_index(drop=True)


def pipelines(raw: Path, streets: pd.DataFrame) -> pd.DataFrame:
    """Oil and gas trunk lines around the city: schematic routes, kilometres off, for drawing only."""
    layer = pyogrio.read_dataframe(raw / "gem-energy-jjj" / "gem_pipelines_named_jjj.geojson")
    west, south, east, north = shapely.total_bounds(streets["geometry"].to_numpy())
    clipped = shapely.clip_by_rect(layer.geometry.to_numpy(), west - 0.2, south - 0.2, east + 0.2, north + 0.2)
    layer = layer.assign(geometry=clipped)[~shapely.is_empty(clipped)].explode(index_parts=False).reset_index(drop=True)
    return pd.DataFrame({
        "medium": np.where(layer["fuel"].str.contains("gas"), "gas", "oil"), "project": layer["project"].to_numpy(),
        "segment": layer["unit"].to_numpy(), "owner": layer["owner"].to_numpy(), "status": layer["status"].to_numpy(),
        "url": layer["url"].to_numpy(), "geometry": shapely.set_precision(layer.geometry.to_numpy(), 1e-4),
    })


if __name__ == "__main__":
    main()
