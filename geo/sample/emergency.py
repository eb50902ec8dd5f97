"""Emergency resources: mapped fire stations and hospitals, and generated stations, teams, depots and shelters."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd

from geo.grid import to_metres
from geo.sample.ground import Ground, Ints, random_for
from geo.sample.shipped import Shipped
from geo.sample.write import SampleWriter, points

_GENERATED = {"fire_station": ("消防救援站", "灭火与抢险救援", 30), "team": ("专职救援队", "危险化学品与燃气抢险", 25),
              "depot": ("应急物资库", "物资储备", 6), "shelter": ("应急避难场所", "人员安置", 5)}


def write_emergency(writer: SampleWriter, ground: Ground, shipped: Shipped, residents: Ints, *, seed: int) -> None:
    """Write the kind `emergency_resource`."""
    rng = random_for(seed, "emergency")
    real = _mapped(shipped)
    table = shipped.marginals["emergency"]
    wanted = {"fire_station": table["fire_stations"] - int((real["resource_type"] == "fire_station").sum()),
              "team": table["teams"], "depot": table["depots"], "shelter": table["shelters"]}
    kind = np.repeat(list(wanted), list(wanted.values()))
    pull = residents**0.6 * ground.streets["area_km2"].to_numpy() ** 0.3
    street = rng.choice(len(pull), len(kind), p=pull / pull.sum())
    gx, gy = ground.scatter(rng, street, ground.home)
    names = ground.streets["name"].to_numpy(object)[street]
    made = pd.DataFrame({
        "id": [f"X{n:04d}" for n in range(1, len(kind) + 1)], "resource_type": kind,
        "name": [f"{name}{_GENERATED[one][0]}（样例）" for name, one in zip(names, kind, strict=True)],
        "source": writer.origin, "synthetic": True, "capability": [_GENERATED[one][1] for one in kind],
        "staff": [_GENERATED[one][2] for one in kind],
    })
    both = pd.concat([real.drop(columns=["lon", "lat"]), made], ignore_index=True)
    x, y = to_metres(real["lon"].to_numpy(), real["lat"].to_numpy())
    writer.kind("emergency_resource", points(np.concatenate([x, gx]), np.concatenate([y, gy])), {
        **{name: both[name].to_numpy(object) for name in ("id", "name", "source", "resource_type", "capability")},
        "synthetic": both["synthetic"].to_numpy(bool), "staff": both["staff"].to_numpy(np.int64), "position_accuracy_m": 50.0,
        "assumed": json.dumps(["capability", "staff"]),
    })


def _mapped(shipped: Shipped) -> pd.DataFrame:
    """Fire stations and hospitals of OpenStreetMap; staff and capability are assumed."""
    places = shipped.places[shipped.places["use"].isin(["fire_station", "hospital"])].reset_index(drop=True)
    fire = places["use"] == "fire_station"
    return pd.DataFrame({
        "id": np.where(fire, "F", "H") + places["osm_id"].astype(str), "name": places["name"].where(places["name"].notna(), None),
        "source": "OpenStreetMap " + places["osm_id"].astype(str), "synthetic": False, "resource_type": places["use"],
        "capability": np.where(fire, "灭火与抢险救援", "医疗救治"), "staff": np.where(fire, 30, 200),
        "lon": places["lon"], "lat": places["lat"],
    })
