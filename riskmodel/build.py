"""All sources of risk as scenarios: who counts, how often, what follows, who helps."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from riskmodel import crowd, domino, emergency, fire, gas_use, likelihood, pipelines, precedence, quantified, semi, work
from riskmodel.inputs import ModelInputs
from riskmodel.parameters import Parameters
from riskmodel.people import Exposure, leave_out_own_staff
from riskmodel.quantified.assembly import Assembly
from riskmodel.quantified.footprints import Effect
from riskmodel.scenarios import ScenarioBuilder, ScenarioSet

#: Kinds that become scenarios, in the order of their source rows.
SOURCE_KINDS: tuple[str, ...] = ("hazard_source", "pipeline", "venue", "risk_source", "work_site", "equipment", "enterprise")


def build_scenarios(inputs: ModelInputs, parameters: Parameters, people: Exposure,
                    learned: Mapping[str, pd.Series] | None = None) -> tuple[ScenarioSet, pd.Series]:
    """All sources as scenarios, and the factor on the frequencies of each enterprise.

    Parameters
    ----------
    learned : mapping of kind to Series, optional
        Factors by id from approved learned models (:func:`riskmodel.learned.factors_by_kind`): of an enterprise in place of the
        management factor, of a pipeline in place of age, diameter and cover.

    Examples
    --------
    >>> from riskmodel.example import parameters, scored, town
    >>> scenarios, factors = build_scenarios(town(), parameters(), scored().exposure)
    >>> scenarios.refused, factors.round(3).to_dict()
    ((), {'e1': 1.42, 'e2': 1.053})
    """
    density = emergency.street_density(inputs)
    scenarios, factors, effects = gather(inputs, parameters, people, learned, density)
    return emergency.mitigate(scenarios, inputs, effects, parameters, density), factors


def gather(inputs: ModelInputs, parameters: Parameters, people: Exposure,
           learned: Mapping[str, pd.Series] | None = None,
           density: NDArray[np.float64] | None = None) -> tuple[ScenarioSet, pd.Series, Mapping[int, Effect]]:
    """Scenarios before emergency response, factors, and what the kernels of chemicals do to equipment and when they arrive.

    Examples
    --------
    >>> from riskmodel.example import parameters, scored, town
    >>> scenarios, factors, effects = gather(town(), parameters(), scored().exposure)
    >>> len(scenarios.points.x), round(max(effect.kernel.radius for effect in effects.values()), -1), factors.round(2).to_dict()
    (24, 690.0, {'e1': 1.42, 'e2': 1.05})
    """
    builder = ScenarioBuilder(SOURCE_KINDS)
    counted = precedence.resolve(builder, inputs, parameters)
    known = learned or {}
    factors = likelihood.management_factors(inputs, parameters, known.get("enterprise"))
    assembly = quantified.add(builder, inputs, parameters, factors)
    if assembly is not None:
        _escalate(assembly, inputs, parameters, density)
    pipelines.add(builder, inputs, parameters, known.get("pipeline"))
    covered = semi.add(builder, inputs, parameters, factors, people, counted)
    for module in (fire, crowd, gas_use):
        module.add(builder, inputs, parameters, factors, people, counted)
    work.add(builder, inputs, parameters, factors, people, counted, covered)
    effects = assembly.effects if assembly is not None else {}
    return leave_out_own_staff(builder.finish(), inputs), factors, effects


def _escalate(assembly: Assembly, inputs: ModelInputs, parameters: Parameters, density: NDArray[np.float64] | None) -> None:
    units = assembly.units
    if len(units):
        arrival = emergency.arrivals(inputs, units.x, units.y, parameters, density)
        domino.add(assembly, units, arrival.mean(emergency.cooling_factor(arrival.fire, parameters)))
