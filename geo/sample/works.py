"""Building sites and special equipment."""

from __future__ import annotations

from datetime import date

import numpy as np
import shapely

from geo.grid import to_degrees
from geo.sample.ground import Floats, Ground, Ints, largest_remainder, random_for
from geo.sample.places import shapely_wkb
from geo.sample.shipped import Shipped
from geo.sample.write import SampleWriter, coded, joined, numbered, points

_TYPES = ("building", "municipal", "metro", "demolition")
_TYPES_ZH = ("房屋建筑工地", "市政工程工地", "轨道交通工地", "拆除工地")
_STAGES = ("基础", "主体", "装修", "收尾")
_EQUIPMENT_ZH = {"lift": "电梯", "crane": "起重机械", "forklift": "场（厂）内机动车辆", "boiler": "锅炉"}


def write_work_sites(writer: SampleWriter, ground: Ground, shipped: Shipped, jobs: Floats, residents: Ints, *, scale: float,
                     seed: int, as_of: date) -> None:
    """Write the kind `work_site`: squares on inhabited land, lognormal crews that sum to the builders of the city."""
    rng = random_for(seed, "work sites")
    table = shipped.marginals["sites"]
    count = max(1, round(table["count"] * scale))
    pull = (jobs + residents) ** 0.7 * ground.streets["area_km2"].to_numpy() ** 0.2
    street = rng.choice(len(pull), count, p=pull / pull.sum())
    x, y = ground.scatter(rng, street, 0.6 * ground.home + 0.4 * ground.work)
    workers = largest_remainder(rng.lognormal(0.0, 1.0, count), round(table["workers"] * scale))
    half = np.clip(np.sqrt(workers * 60.0) / 2.0, 10.0, 150.0)
    angle = rng.uniform(0, np.pi / 2, count)
    kind = rng.choice(4, count, p=[0.72, 0.18, 0.06, 0.04])
    today = np.datetime64(as_of)
    name = ground.streets["name"].to_numpy(object)[street]
    writer.kind("work_site", shapely_wkb(_squares(x, y, half, angle)), {
        "id": numbered("W", count, digits=5),
        "name": joined(name, coded(kind, _TYPES_ZH), numbered("", count, digits=4), "号（样例）"),
        "area_code": ground.codes_at(street), "site_type": coded(kind, _TYPES),
        "stage": coded(rng.choice(4, count, p=[0.2, 0.4, 0.3, 0.1]), _STAGES),
        "workers": workers, "valid_from": today - rng.integers(5, 700, count), "valid_to": today + rng.integers(60, 900, count),
        "position_accuracy_m": 20.0,
    })


def _squares(x: Floats, y: Floats, half: Floats, angle: Floats) -> np.ndarray[tuple[int], np.dtype[np.object_]]:
    """Turned squares in degrees around places in Albers metres."""
    corner = angle[:, None] + np.pi / 4 + np.arange(5) * np.pi / 2
    reach = half[:, None] * np.sqrt(2.0)
    lon, lat = to_degrees(x[:, None] + reach * np.cos(corner), y[:, None] + reach * np.sin(corner))
    ring = np.round(np.stack([lon, lat], axis=-1), 7)
    ring[:, 4] = ring[:, 0]
    return np.asarray(shapely.polygons(ring))


def write_equipment(writer: SampleWriter, ground: Ground, shipped: Shipped, jobs: Floats, factory_jobs: Floats,
                    residents: Ints, *, scale: float, seed: int, as_of: date) -> None:
    """Write the kind `equipment`: lifts with homes and offices, cranes, forklifts and boilers with industry."""
    rng = random_for(seed, "equipment")
    table = shipped.marginals["equipment"]
    kinds = [name for name in table if name != "rows"]
    rows = {name: max(1, round(table["rows"][name] * scale)) for name in kinds}
    tall = residents + 0.8 * jobs
    pull = {"lift": tall * np.sqrt(tall / ground.streets["area_km2"].to_numpy()), "crane": factory_jobs, "forklift": factory_jobs,
            "boiler": tall + 20.0 * factory_jobs}
    street = np.concatenate([rng.choice(len(tall), rows[name], p=pull[name] / pull[name].sum()) for name in kinds])
    kind = np.repeat(np.arange(len(kinds)), [rows[name] for name in kinds])
    numbers = [1 + largest_remainder(rng.lognormal(0, 0.8, rows[name]), max(round(table[name] * scale) - rows[name], 0))
               for name in kinds]
    x, y = ground.scatter(rng, street, 0.6 * ground.home + 0.4 * ground.work)
    outside = kind > 0
    x[outside], y[outside] = ground.scatter(rng, street[outside], ground.land)
    writer.kind("equipment", points(x, y), {
        "id": numbered("Q", len(kind), digits=6), "name": coded(kind, [f"{_EQUIPMENT_ZH[name]}（样例）" for name in kinds]),
        "area_code": ground.codes_at(street), "equipment_type": coded(kind, kinds), "count": np.concatenate(numbers),
        "age_yr": np.round(rng.gamma(3.0, 3.2, len(kind)), 1), "position_accuracy_m": 30.0,
        "last_inspection": np.datetime64(as_of) - rng.integers(1, 500, len(kind)),
    })
