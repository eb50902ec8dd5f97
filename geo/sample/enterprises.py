"""Enterprises of the ledger: how many where, in which trade, with how many people, in what premises, how well run."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from geo.kinds import INDUSTRIES, PREMISES
from geo.sample.ground import Floats, Ground, Ints, largest_remainder, random_for
from geo.sample.hazards import Sites
from geo.sample.identity import credit_codes, names
from geo.sample.shipped import Shipped
from geo.sample.write import SampleWriter, coded, numbered, points

#: Sections by position, as the columns of every industry matrix.
SECTIONS: tuple[str, ...] = tuple(INDUSTRIES)
_LARGEST = 6_000
_BIG = 50


@dataclass(frozen=True)
class Enterprises:
    """Columns of the generated enterprises; the hazardous units come first, in the order of their sites.

    Attributes
    ----------
    id : string array
    street, industry, premises : int arrays
        Positions in the streets, in :data:`SECTIONS`, in :data:`geo.kinds.PREMISES`.
    staff : (n,) int64
    area : (n,) float64
        Gross floor area, m².
    x, y : (n,) float64
        Albers metres.
    reports : (n,) bool
    """

    id: pa.Array
    street: Ints
    industry: Ints
    premises: Ints
    staff: Ints
    area: Floats
    x: Floats
    y: Floats
    reports: NDArray[np.bool_]

    def listed(self, streets: int) -> Floats:
        """Staff by street and industry."""
        flat = np.bincount(self.street * len(SECTIONS) + self.industry, self.staff, streets * len(SECTIONS))
        return flat.reshape(streets, len(SECTIONS)).astype(np.float64)


def make_enterprises(
    ground: Ground, shipped: Shipped, matrix: Floats, sites: Sites, *, count: int, seed: int,
) -> Enterprises:
    """Draw `count` enterprises, the hazardous sites among them.

    Parameters
    ----------
    matrix : (streets, sections) float64
        Jobs by street and industry.
    """
    rng = random_for(seed, "enterprises")
    table = shipped.marginals["industry"]
    industry = _industries(table, sites, count)
    street = np.empty(count, np.int64)
    street[:len(sites.x)] = sites.street
    for code in range(len(SECTIONS)):
        rows = np.flatnonzero(industry[len(sites.x):] == code) + len(sites.x)
        street[rows] = rng.choice(len(matrix), len(rows), p=matrix[:, code] / matrix[:, code].sum())
    premises = _premises(rng, shipped, industry)
    premises[:len(sites.x)] = sites.premises
    x, y = ground.scatter(rng, street, _places(ground))
    outer = rng.random(count) < np.array([1.0 - table[section]["centre"] for section in SECTIONS])[industry]
    x[outer], y[outer] = ground.scatter(rng, street[outer], ground.land)
    x[:len(sites.x)], y[:len(sites.x)] = sites.x, sites.y
    staff = _staff(rng, shipped, industry, premises, sites)
    area = _areas(rng, shipped, premises, staff)
    reports = _reporting(rng, shipped, industry, staff, count)
    return Enterprises(numbered("E", count), street, industry, premises, staff, area, x, y, reports)


def _places(ground: Ground) -> Floats:
    """Where units stand: mostly with other work, partly with homes."""
    return 0.7 * ground.work + 0.3 * ground.home


def _industries(table: dict[str, Any], sites: Sites, count: int) -> Ints:
    """Industry of every unit: the sites' own, the rest by the shares of the ledger."""
    wanted = np.array([table[section]["units"] for section in SECTIONS], np.float64)
    own = np.bincount(sites.industry, minlength=len(SECTIONS))
    left = np.maximum(wanted * count / wanted.sum() - own, 0.0)
    rest = largest_remainder(left, count - len(sites.x))
    return np.concatenate([sites.industry, np.repeat(np.arange(len(SECTIONS)), rest)])


def _premises(rng: np.random.Generator, shipped: Shipped, industry: Ints) -> Ints:
    result = np.zeros(len(industry), np.int64)
    for code, section in enumerate(SECTIONS):
        shares = shipped.marginals["premises"][section]
        rows = np.flatnonzero(industry == code)
        drawn = rng.choice(len(shares), len(rows), p=np.array(list(shares.values())) / sum(shares.values()))
        result[rows] = np.array([PREMISES.index(name) for name in shares])[drawn]
    return result


def _staff(rng: np.random.Generator, shipped: Shipped, industry: Ints, premises: Ints, sites: Sites) -> Ints:
    """Lognormal staff by industry, scaled so that the listed share of the industry's jobs works in the ledger's units."""
    table, count = shipped.marginals["industry"], len(industry)
    larger = np.array([shipped.marginals["size_of_premises"].get(name, 1.0) for name in PREMISES])[premises]
    scale = count / sum(entry["units"] for entry in table.values())
    staff = np.zeros(count, np.int64)
    for code, section in enumerate(SECTIONS):
        rows = np.flatnonzero(industry == code)
        if not rows.size:
            continue
        entry = table[section]
        wanted = 1000.0 * entry["jobs"] * entry["listed"] * scale
        draw = rng.lognormal(0.0, entry["sigma"], len(rows)) * larger[rows]
        for _ in range(20):  # the cap and the minimum shift the sum: scale again
            draw = np.clip(draw * wanted / draw.sum(), 1.0, _LARGEST)
        staff[rows] = np.maximum(np.round(draw), 1).astype(np.int64)
    staff[:len(sites.x)] = sites.staff
    return staff


def _areas(rng: np.random.Generator, shipped: Shipped, premises: Ints, staff: Ints) -> Floats:
    """Gross floor area: m² per head by premises, spread by a lognormal; big units need less per head."""
    per_head = np.array([shipped.marginals["m2_per_head"][name] for name in PREMISES], np.float64)[premises]
    spread = rng.lognormal(-0.125, 0.5, len(staff))
    return np.clip(np.round(per_head * staff**0.92 * spread), 15.0, 150_000.0)


def _reporting(rng: np.random.Generator, shipped: Shipped, industry: Ints, staff: Ints, count: int) -> NDArray[np.bool_]:
    """Units that report risk sources: more likely the larger, numbers by industry as stated."""
    table = shipped.marginals["industry"]
    share = count / sum(entry["units"] for entry in table.values())
    wanted = largest_remainder(
        np.array([table[section]["reporters"] for section in SECTIONS], np.float64) + 1e-9,
        max(1, round(shipped.marginals["city"]["reporting_units"] * share)),
    )
    chosen = np.zeros(count, bool)
    for code, number in enumerate(wanted.tolist()):
        rows = np.flatnonzero(industry == code)
        key = 4.0 * np.log(staff[rows]) + rng.gumbel(size=len(rows))
        chosen[rows[np.argsort(-key, kind="stable")[:number]]] = True
    return chosen


def write_enterprises(
    writer: SampleWriter, ground: Ground, shipped: Shipped, units: Enterprises, sites: Sites, *, seed: int,
) -> None:
    """Write the kind `enterprise`."""
    rng = random_for(seed, "management")
    count = len(units.staff)
    district = ground.streets["district_code"].to_numpy(str)[units.street]
    premises = np.array(PREMISES)[units.premises]
    name = names(rng, ground.streets["name"].to_numpy(object), units.street, premises)
    big = units.staff >= _BIG
    shares = shipped.marginals["management"]
    bottled = _bottled(rng, shipped, units)
    columns: dict[str, Any] = {
        "id": units.id, "name": pa.concat_arrays([sites.names(), name[len(sites.x):]]),
        "area_code": ground.codes_at(units.street), "credit_code": credit_codes(rng, district),
        "industry": coded(units.industry, SECTIONS), "staff_at_place": units.staff,
        "premises": coded(units.premises, PREMISES), "floor_area_m2": units.area, "lpg_cylinders": bottled,
        "reports": units.reports, "position_accuracy_m": 20.0,
    }
    for field in ("standardisation", "credit_list", "inspection"):
        columns[field] = _graded(rng, shares, field, big)
    for field in ("insured", "sprinklers", "alarm"):
        likely = np.where(big, shares["large"][field], shares["small"][field])
        columns[field] = rng.random(count) < likely
    columns["alarm"] = columns["alarm"] | columns["sprinklers"]
    writer.kind("enterprise", points(units.x, units.y), columns)


def _bottled(rng: np.random.Generator, shipped: Shipped, units: Enterprises) -> NDArray[np.bool_]:
    """Restaurants on bottled LPG: as many as stated, drawn at random."""
    restaurants = np.flatnonzero(units.premises == PREMISES.index("restaurant"))
    share = len(units.staff) / shipped.marginals["city"]["enterprises"]
    wanted = min(round(shipped.marginals["restaurant"]["lpg_cylinders"] * share), len(restaurants))
    result = np.zeros(len(units.staff), bool)
    result[rng.choice(restaurants, wanted, replace=False)] = True
    return result


def _graded(rng: np.random.Generator, shares: dict[str, Any], field: str, big: NDArray[np.bool_]) -> pa.Array:
    labels = list(shares["small"][field])
    result = np.zeros(len(big), np.int64)
    for size, mask in (("small", ~big), ("large", big)):
        weights = np.array([shares[size][field][label] for label in labels])
        result[mask] = rng.choice(len(labels), int(mask.sum()), p=weights / weights.sum())
    return coded(result, labels)
