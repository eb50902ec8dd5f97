"""Values of one kind against each other: codes, quantities, people and floor, pressure and wall."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from types import MappingProxyType

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from geo.codes import cas_is_valid, credit_code_faults, sections
from geo.quality.rows import Context, Floats, Found, Ints, Mask, Rows, flagged, judged, mask, with_value


def plausibility(rows: Rows, context: Context, owner: Ints) -> Iterator[Found]:
    """Findings of the rules that only this kind has.

    Parameters
    ----------
    owner : (n,) int64
        Row of the unit that each row names; negative for none.
    """
    own = _OF_KIND.get(rows.kind.name)
    if own is not None:
        yield from own(rows, context, owner)


def _ratio(above: Floats, below: Floats) -> Floats:
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.asarray(above / below, np.float64)


def _enterprise(rows: Rows, context: Context, _: Ints) -> Iterator[Found]:
    there = np.flatnonzero(rows.filled("credit_code"))
    if there.size:
        fault = credit_code_faults(rows.texts("credit_code", there))
        wrong = there[fault > 0]
        if wrong.size:
            yield Found("V-CREDIT", wrong, value=rows.texts("credit_code", wrong), number=fault[fault > 0].astype(np.float64))
    other = pc.binary_join_element_wise(rows.array("industry"), rows.array("industry_code"), "|")
    yield from with_value("V-INDUSTRY", judged(other, _other_section), rows, "industry_code", "industry")
    staff, area = rows.numbers("staff_at_place"), rows.numbers("floor_area_m2")
    per_head = _ratio(area, staff)
    # staff of builders work on sites, not in the office whose floor area stands here
    settled = ~mask(pc.equal(rows.array("industry"), "E")) & (area > 0)
    crowded = settled & (staff >= context.limit("m2_per_head_staff")) & (per_head < context.limit("m2_per_head_least"))
    yield from flagged("V-CROWDED", crowded, per_head)
    yield from flagged("V-EMPTY", settled & (staff > 0) & (per_head > context.limit("m2_per_head_most")), per_head)
    yield from flagged("V-STAFF", staff > context.limit("staff_most"), staff)


def _other_section(text: str) -> bool:
    """Whether ``section|code`` contradict each other (GB/T 4754-2017)."""
    section, _, code = text.partition("|")
    if not section or not code:
        return False
    found = sections([code])[0]
    return found != section or (code[0].isalpha() and code[0].upper() != section)


def _risk_source(rows: Rows, context: Context, owner: Ints) -> Iterator[Found]:
    lacking = {name: ~rows.filled(name) for name in ("l", "e", "c", "s", "grade")}
    method = rows.array("method")
    for name, factors in (("LEC", "lec"), ("LS", "ls"), ("GRADE", ("grade",))):
        wrong = mask(pc.equal(method, name)) & np.logical_or.reduce([lacking[factor] for factor in factors])
        yield from with_value("V-FACTORS", wrong, rows, "method")
    if context.units is not None:
        staff = np.where(owner >= 0, context.units.staff[np.maximum(owner, 0)], np.nan)
        exposed = rows.numbers("workers_exposed")
        places = np.flatnonzero(exposed > context.limit("exposed_ratio") * staff + context.limit("exposed_spare"))
        if places.size:
            counts = [np.array([f"{number:.0f}" for number in values[places].tolist()], object) for values in (exposed, staff)]
            yield Found("V-EXPOSED", places, value=counts[0], other=counts[1])


#: Phases that vessels hold by volume and density of the liquid.
_LIQUID = ("液体", "液化气体", "冷冻液化气体")


def _hazard_source(rows: Rows, context: Context, _: Ints) -> Iterator[Found]:
    yield from with_value("V-CAS", judged(rows.array("cas"), lambda cas: bool(cas) and not cas_is_valid(cas)), rows, "cas")
    known = rows.array("substance").dictionary_encode()
    table = [context.rules.densities.get(str(name), np.nan) for name in known.dictionary.to_pylist()]
    density = np.array([*table, np.nan])[pc.fill_null(known.indices, -1).to_numpy(zero_copy_only=False)]
    phase = rows.array("phase")
    liquid = mask(pc.is_in(phase, value_set=pa.array(_LIQUID))) | ~rows.filled("phase")
    holds = rows.numbers("vessels") * rows.numbers("vessel_m3") * density / 1000.0
    ratio = _ratio(rows.numbers("quantity_t"), holds)
    known_to_hold = liquid & (holds > 0)
    yield from flagged("V-OVERFULL", known_to_hold & (ratio > context.limit("overfull")), ratio)
    yield from flagged("V-UNDERFULL", known_to_hold & (ratio > 0) & (ratio < context.limit("underfull")), ratio)


def _pipeline(rows: Rows, context: Context, _: Ints) -> Iterator[Found]:
    diameter, wall = rows.numbers("diameter_mm"), rows.numbers("wall_mm")
    places = np.flatnonzero(2.0 * wall >= diameter)
    if places.size:
        texts = [f"2×{w:g} ≥ {d:g} mm" for w, d in zip(wall[places].tolist(), diameter[places].tolist(), strict=True)]
        yield Found("V-WALL", places, value=np.array(texts, object))
    hoop = _ratio(rows.numbers("pressure_mpa") * diameter, 2.0 * wall)
    yield from flagged("V-STRESS", (wall > 0) & (2.0 * wall < diameter) & (hoop > context.limit("hoop_mpa_most")), hoop)
    yield from _year(rows, "year", context)


def _venue(rows: Rows, context: Context, _: Ints) -> Iterator[Found]:
    density = _ratio(rows.numbers("capacity"), rows.numbers("floor_area_m2"))
    yield from flagged("V-PACKED", (rows.numbers("floor_area_m2") > 0) & (density > context.limit("people_per_m2_most")), density)
    yield from _year(rows, "year_built", context)
    types = rows.array("venue_type")
    other = np.zeros(len(rows), bool)
    for pattern, fitting in context.rules.venue_names.items():
        named = mask(pc.match_substring_regex(rows.array("name"), pattern=pattern))
        other |= named & ~mask(pc.is_in(types, value_set=pa.array(fitting)))
    yield from with_value("V-TYPE", other, rows, "venue_type")
    ground = rows.numbers("site_area_m2")
    odd = np.zeros(len(rows), bool)
    for name, (least, most) in context.rules.venue_sites.items():
        odd |= mask(pc.equal(types, name)) & ((ground < least) | (ground > most))
    yield from with_value("V-SITE", odd, rows, "venue_type", number=ground)


def _year(rows: Rows, name: str, context: Context) -> Iterator[Found]:
    late: Mask = rows.numbers(name) > context.as_of.year
    places = np.flatnonzero(late)
    if places.size:
        yield Found("V-FUTURE", places, value=rows.texts(name, places), other=name)


def _equipment(rows: Rows, context: Context, _: Ints) -> Iterator[Found]:
    age = rows.numbers("age_yr")
    yield from flagged("V-AGE", age > context.limit("age_most_yr"), age)


_OF_KIND: Mapping[str, Callable[[Rows, Context, Ints], Iterator[Found]]] = MappingProxyType({
    "enterprise": _enterprise, "risk_source": _risk_source, "hazard_source": _hazard_source, "pipeline": _pipeline,
    "venue": _venue, "equipment": _equipment,
})
