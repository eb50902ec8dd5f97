"""Hidden dangers that units found, and accidents of the last years."""

from __future__ import annotations

from datetime import date
from typing import Any

import numpy as np
import pyarrow as pa

from geo.kinds import ACCIDENT_TYPES
from geo.sample.enterprises import SECTIONS, Enterprises
from geo.sample.ground import Floats, Ground, Ints, random_for
from geo.sample.shipped import Shipped
from geo.sample.write import SampleWriter, coded, numbered, points

_KINDS = ("用电安全", "消防设施", "安全出口与疏散", "设备防护", "危险物品储存", "燃气安全", "有限空间作业", "高处作业",
          "安全管理制度", "教育培训")
#: Accident type and industry of the accidents of each theme.
_THEMES: dict[str, tuple[dict[str, float], str]] = {
    "building": ({"高处坠落": 0.52, "物体打击": 0.14, "坍塌": 0.12, "起重伤害": 0.10, "触电": 0.07, "机械伤害": 0.05}, "E"),
    "work": ({"机械伤害": 0.26, "高处坠落": 0.24, "触电": 0.14, "车辆伤害": 0.12, "物体打击": 0.12, "灼烫": 0.04,
              "其他伤害": 0.08}, "CFGNOKLD"),
    "confined": ({"中毒和窒息": 1.0}, "NDC"), "equipment": ({"起重伤害": 0.5, "车辆伤害": 0.4, "锅炉爆炸": 0.1}, "CG"),
    "dwelling_fire": ({"火灾": 1.0}, ""), "venue_fire": ({"火灾": 1.0}, "CFHQ"), "gas": ({"其他爆炸": 1.0}, "H"),
}


def write_dangers(writer: SampleWriter, ground: Ground, shipped: Shipped, units: Enterprises, red: list[int], *, scale: float,
                  seed: int, as_of: date) -> None:
    """Write the kind `hidden_danger`: those found in the last weeks, open or closed; a few major, fewer long overdue.

    Parameters
    ----------
    red : list of int
        Enterprises that the diagnosis guide marks red: major dangers gather there and at a few large units.
    """
    rng = random_for(seed, "dangers")
    table = shipped.marginals["dangers"]
    count = max(20, round(table["rows"] * scale))
    majors = max(2, round(table["major_open"] * scale))
    weight = np.sqrt(units.staff.astype(np.float64)) * (1.0 + 6.0 * units.reports)
    unit = rng.choice(len(weight), count, p=weight / weight.sum())
    today = np.datetime64(as_of)
    open_ = rng.random(count) < table["open_share"]
    major = np.arange(count) < majors
    found = today - rng.integers(0, table["recent_days"], count)
    due = found + rng.choice([7, 15, 30, 60], count, p=[0.2, 0.4, 0.3, 0.1])
    due = np.maximum(due, np.where(rng.random(count) < 0.06, due, today + rng.integers(1, 30, count)))
    closed = np.where(open_ | major, np.datetime64("NaT"), np.minimum(found + rng.integers(0, 15, count), today))
    overdue = max(1, round(table["major_overdue_30"] * scale))
    unit[:majors], found[:majors], due[:majors] = _majors(rng, units, red, majors, overdue, today)
    kind = np.where(major, rng.choice([1, 2, 4, 5], count), rng.integers(0, len(_KINDS), count))
    writer.kind("hidden_danger", points(units.x[unit], units.y[unit]), {
        "id": numbered("D", count), "name": coded(kind, [f"{name}隐患" for name in _KINDS]),
        "area_code": ground.codes_at(units.street[unit]), "enterprise_id": units.id.take(pa.array(unit)),
        "danger_kind": coded(kind, _KINDS), "major": major, "found": found,
        "due": due, "closed": closed, "position_accuracy_m": 20.0, "updated_at": np.where(np.isnat(closed), found, closed),
    })


def _majors(
    rng: np.random.Generator, units: Enterprises, red: list[int], majors: int, overdue: int, today: np.datetime64,
) -> tuple[Ints, Any, Any]:
    """Unit, finding and due date of the open major dangers, about five at a unit; the first `overdue` ones are > 30 days late."""
    large = np.argsort(-units.staff * (units.industry == SECTIONS.index("C")), kind="stable")[:50]
    places = [*rng.permutation(large)[:2].tolist(), *red]
    unit = np.array(places)[np.sort(np.arange(majors) % max(1, min(len(places), majors // 5)))]
    late = np.arange(majors) < overdue
    due = np.where(late, today - rng.integers(33, 90, majors), today + rng.integers(3, 120, majors))
    return unit, np.minimum(due - 30, today - rng.integers(0, 60, majors)), due


def write_incidents(writer: SampleWriter, ground: Ground, shipped: Shipped, matrix: Floats, residents: Ints, *, scale: float,
                    seed: int, as_of: date) -> None:
    """Write the kind `incident`: fatal accidents by theme rates, and some with injuries only, over the last years."""
    rng = random_for(seed, "incidents")
    table = shipped.marginals["incidents"]
    parts = [_of_theme(rng, theme, rate * table["years"] * scale * (1 + table["injury_only_per_fatal"]), matrix, residents)
             for theme, rate in table["per_year"].items()]
    street, accident, industry = (np.concatenate([part[column] for part in parts]) for column in range(3))
    count = len(street)
    fatal = rng.random(count) < 1.0 / (1 + table["injury_only_per_fatal"])
    fire = accident == ACCIDENT_TYPES.index("火灾")
    deaths = np.where(fatal, 1 + np.where(fire, rng.geometric(0.72, count), rng.geometric(0.93, count)) - 1, 0)
    x, y = ground.scatter(rng, street, 0.5 * ground.home + 0.5 * ground.work)
    occurred = np.datetime64(as_of) - rng.integers(1, 365 * table["years"], count)
    writer.kind("incident", points(x, y), {
        "id": numbered("I", count, digits=5), "name": coded(accident, [f"{name}事故（样例）" for name in ACCIDENT_TYPES]),
        "area_code": ground.codes_at(street), "occurred": occurred, "updated_at": occurred + 1,
        "accident_type": coded(accident, ACCIDENT_TYPES), "deaths": deaths,
        "injuries": np.where(fatal, rng.poisson(0.3, count), rng.geometric(0.7, count)),
        "industry": coded(industry, [*SECTIONS, None]), "position_accuracy_m": 50.0,
    })


def _of_theme(rng: np.random.Generator, theme: str, expected: float, matrix: Floats, residents: Ints) -> tuple[Ints, Ints, Ints]:
    """Street, accident type and industry of the accidents of one theme."""
    types, sections = _THEMES[theme]
    count = int(rng.poisson(expected))
    accident = np.array([ACCIDENT_TYPES.index(name) for name in types])[
        rng.choice(len(types), count, p=np.array(list(types.values())) / sum(types.values()))]
    if not sections:
        street = rng.choice(len(residents), count, p=residents / residents.sum())
        return street, accident, np.full(count, len(SECTIONS))
    columns = [SECTIONS.index(section) for section in sections]
    pull = matrix[:, columns].sum(axis=1)
    return rng.choice(len(pull), count, p=pull / pull.sum()), accident, rng.choice(columns, count)
