"""Risk sources that units report of themselves: LEC, LS and bare grades with stated marginals."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from geo.kinds import ACCIDENT_TYPES
from geo.sample.enterprises import SECTIONS, Enterprises
from geo.sample.ground import Floats, Ground, Ints, largest_remainder, random_for
from geo.sample.shipped import Shipped
from geo.sample.write import SampleWriter, coded, joined, numbered, points

GRADES = ("红", "橙", "黄", "蓝")
#: Rows that a unit reports grow with its staff: relative number by size class (lower bounds 20, 100, 300, 1,000).
_ROWS = np.array([10.0, 13.0, 17.0, 22.0, 28.0])
_SIZES = np.array([20, 100, 300, 1000])
_KINDS = ("设备设施", "作业活动", "场所区域", "危险物质", "用电线路", "消防设施")
_CONTROLS = ("设置防护装置", "定期检查维护", "持证上岗", "现场监护", "安全培训与告知", "联锁与报警", "限制人员进入")
_POSTS = ("安全员", "班组长", "设备管理员", "车间主任", "值班经理", "电工", "消防管理员")


def write_sources(
    writer: SampleWriter, ground: Ground, shipped: Shipped, units: Enterprises, hazard_site: Ints, *, seed: int,
) -> int:
    """Write the kind `risk_source`; returns the number of rows.

    Parameters
    ----------
    hazard_site : (hazard rows,) int64
        Enterprise of every hazard_source row (hazardous sites are the first enterprises): an explosion or poisoning row of
        such a unit describes its first hazardous unit.
    """
    rng = random_for(seed, "sources")
    city = shipped.marginals["city"]
    unit = _units(rng, units, round(city["risk_sources"] * len(units.staff) / city["enterprises"]))
    count = len(unit)
    accident = _accidents(rng, shipped, units.industry[unit])
    method, factors = _assessed(rng, shipped, count)
    ids = numbered("R", count)
    columns: dict[str, Any] = {
        "id": ids, "area_code": ground.codes_at(units.street[unit]), "enterprise_id": units.id.take(pa.array(unit)),
        "accident_type": coded(accident, ACCIDENT_TYPES),
        "name": coded(accident, [f"{name}风险点" for name in ACCIDENT_TYPES]), "source_kind": _any(rng, _KINDS, count),
        "method": coded(method, ("LEC", "LS", "GRADE")), **factors,
        "workers_exposed": np.minimum(1 + rng.geometric(0.25, count), np.maximum(units.staff[unit], 1)),
        "public_exposed": np.where(rng.random(count) < 0.15, rng.integers(1, 60, count), 0),
        "hazard_key": _keys(ids, units, unit, accident, hazard_site), "control": _any(rng, _CONTROLS, count),
        "post": _any(rng, _POSTS, count), "position_accuracy_m": 20.0,
    }
    writer.kind("risk_source", points(units.x[unit], units.y[unit]), columns)
    return count


def _any(rng: np.random.Generator, labels: tuple[str, ...], count: int) -> pa.Array:
    return coded(rng.integers(0, len(labels), count), labels)


def _units(rng: np.random.Generator, units: Enterprises, total: int) -> Ints:
    """Enterprise of every row: at least one row for each reporting unit, more for larger ones."""
    reporting = np.flatnonzero(units.reports)
    size = _ROWS[np.searchsorted(_SIZES, units.staff[reporting], side="right")]
    weight = size * rng.lognormal(0.0, 0.35, len(reporting))
    extra = largest_remainder(weight, max(total - len(reporting), 0))
    return np.repeat(reporting, 1 + extra)[:total]


def _accidents(rng: np.random.Generator, shipped: Shipped, industry: Ints) -> Ints:
    """Accident type of every row by the industry's table."""
    tables = shipped.marginals["accident_types"]
    result = np.zeros(len(industry), np.int64)
    for code, section in enumerate(SECTIONS):
        rows = np.flatnonzero(industry == code)
        table = tables.get(section, tables["default"])
        weights = np.array(list(table.values()), np.float64)
        drawn = rng.choice(len(table), len(rows), p=weights / weights.sum())
        result[rows] = np.array([ACCIDENT_TYPES.index(name) for name in table])[drawn]
    return result


def _drawn(rng: np.random.Generator, table: dict[str, float], count: int) -> Floats:
    """Values of a table of shares whose names are numbers."""
    weights = np.array(list(table.values()), np.float64)
    return np.array([float(name) for name in table])[rng.choice(len(table), count, p=weights / weights.sum())]


def _assessed(rng: np.random.Generator, shipped: Shipped, count: int) -> tuple[Ints, dict[str, Any]]:
    """Method and factors of every row, and the familiar grade that follows from them."""
    marginals = shipped.marginals
    method = rng.choice(3, count, p=[1 - marginals["ls"]["share"] - marginals["bare"]["share"], marginals["ls"]["share"],
                                     marginals["bare"]["share"]])
    l, e, c, s = (np.full(count, np.nan) for _ in range(4))
    lec, ls, bare = (method == code for code in range(3))
    l[lec], e[lec], c[lec] = _lec(rng, marginals["lec"], int(lec.sum()))
    l[ls], s[ls] = _drawn(rng, marginals["ls"]["l"], int(ls.sum())), _drawn(rng, marginals["ls"]["s"], int(ls.sum()))
    d, r = l * e * c, l * s
    grade = np.select(
        [lec & (d > 320), lec & (d > 160), lec & (d > 70), lec, ls & (r >= 20), ls & (r >= 15), ls & (r >= 9)],
        [0, 1, 2, 3, 0, 1, 2], 3,
    )
    shares = np.array(list(marginals["bare"]["grade"].values()))
    grade[bare] = rng.choice(4, int(bare.sum()), p=shares / shares.sum())
    return method, {"l": l, "e": e, "c": c, "s": s, "grade": coded(grade, GRADES)}


def _lec(rng: np.random.Generator, table: dict[str, Any], count: int) -> tuple[Floats, Floats, Floats]:
    """L, E and C of LEC rows; L depends on C."""
    c, e = _drawn(rng, table["c"], count), _drawn(rng, table["e"], count)
    classes, l = np.array(table["l"], np.float64), np.zeros(count)
    for name, shares in table["l_given_c"].items():
        rows = np.flatnonzero(c == float(name))
        l[rows] = classes[rng.choice(len(classes), len(rows), p=np.array(shares) / sum(shares))]
    return l, e, c


def _keys(ids: pa.Array, units: Enterprises, unit: Ints, accident: Ints, hazard_site: Ints) -> NDArray[np.object_]:
    """What a row describes: the fire of the unit's premises, the first hazardous unit of its site, or something of its own."""
    fire = accident == ACCIDENT_TYPES.index("火灾")
    violent = np.isin(accident, [ACCIDENT_TYPES.index(name) for name in ("火灾", "容器爆炸", "其他爆炸", "中毒和窒息")])
    first = {int(site): row for row, site in reversed(list(enumerate(hazard_site.tolist())))}
    keys = np.asarray(joined("risk:", ids).to_numpy(zero_copy_only=False), object)
    owners = np.asarray(units.id.take(pa.array(unit)).to_numpy(zero_copy_only=False), object)
    keys[fire] = owners[fire] + ":fire"
    for row in np.flatnonzero(violent & np.isin(unit, list(first))).tolist():
        keys[row] = f"unit:U{first[int(unit[row])] + 1:05d}"
    return keys
