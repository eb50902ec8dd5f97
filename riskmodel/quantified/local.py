"""Deaths among those who work in a store or a workshop: power law with a cap, at the place, no footprint."""

from __future__ import annotations

import numpy as np

from riskmodel.quantified.assembly import Assembly
from riskmodel.quantified.trees import store_fires
from riskmodel.quantified.units import KIND, Units
from riskmodel.scenarios import Scope, Theme
from riskmodel.tails import power_law_mean, register_power_tails

_LABELS = {"chemical_store": "库房火灾·作业人员", "dust_workshop": "粉尘爆炸·作业人员"}


def add_local(assembly: Assembly, units: Units, group: str, theme: Theme) -> None:
    """Add the fatal accidents of the people at work in `units`.

    ``f · q`` a year with q = P(fatal | event); ``P(N ≥ n | fatal) = n^−α`` up to a share of the staff. Units whose enterprise
    is unknown count one person.

    Examples
    --------
    >>> from riskmodel.example import unit
    >>> assembly, workshop = unit(unit_type="dust_workshop", substance="dust", quantity_t=0.1, vessels=1)
    >>> add_local(assembly, workshop, "dust_workshop", Theme.WORK_OTHER)
    >>> points = assembly.builder.finish().points
    >>> points.frequency.tolist(), points.deaths_local.round(2).tolist()
    ([0.0002], [4.28])
    """
    fatal, alpha, share = (assembly.number(f"local.{group}.{name}") for name in ("fatal", "alpha", "share"))
    events = store_fires(assembly, units) if group == "chemical_store" else np.full(len(units), assembly.number("dust.frequency"))
    frequency = events * fatal * units.factor
    cap = share * units.staff
    assembly.builder.add_points(
        KIND, _LABELS[group], theme, Scope.NONE, row=units.row, x=units.x, y=units.y, frequency=frequency,
        deaths_local=power_law_mean(alpha, cap), tail=register_power_tails(assembly.builder, alpha, cap),
    )
