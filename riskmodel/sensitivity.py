"""What drives the result: every shared factor alone at its 5 and 95 %, everything else at its mean.

The factors are those of the draws (tables ``uncertainty.factor``, ``fire``, ``heat`` and ``anchor``), and act as there; so the
lengths of the bars say which of the stated uncertainties matters, in deaths of the city and in colours of its streets. Colours
are counted without the rule of even odds, which needs all factors at once.
"""

from __future__ import annotations

import json
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.stats import gamma

from riskmodel.inputs import ModelInputs
from riskmodel.levels import STREET_CODE_LEVEL
from riskmodel.parameters import Parameters
from riskmodel.run import RunResult
from riskmodel.societal import event_table, installation_curves, installation_events
from riskmodel.streets import AreaDraws, drawn_levels
from riskmodel.uncertainty import ClassFields, Factors, StreetDraws, class_fields, lognormal, sigma
from riskmodel.uncertainty.classes import FIRE, HEAT, factors_of
from riskmodel.uncertainty.factors import FREQUENCY, GROUPS, gamma_shape, response
from riskmodel.uncertainty.verdicts import criteria_levels

Array = NDArray[np.float64]

#: Standard normal number of the 95th percentile.
_HIGH = 1.645

#: Codes that the draws decide; all others are facts.
_DRAWN = ("S-D", "S-K", "S-IR", "S-FN")


@dataclass(frozen=True)
class Cases:
    """One case per row: nothing moved (the first), then each factor low and high.

    Attributes
    ----------
    names, sides : (n,) object
        Factor, and ``base``, ``low`` or ``high``.
    draws : StreetDraws

    Examples
    --------
    >>> from riskmodel.example import parameters, scored, town
    >>> run = scored()
    >>> found = cases(class_fields(town(), run.scenarios, run.fields, run.exposure, parameters()), parameters())
    >>> [f"{name} {side}" for name, side in zip(found.names[1:3], found.sides[1:3], strict=True)], found.draws.pll.shape
    (['leak_vessel low', 'leak_vessel high'], (73, 2))
    """

    names: NDArray[np.object_]
    sides: NDArray[np.object_]
    draws: StreetDraws


def cases(classes: ClassFields, parameters: Parameters) -> Cases:
    """Multipliers of all classes with one factor moved at a time.

    Examples
    --------
    >>> from riskmodel.example import parameters, scored, town
    >>> run = scored()
    >>> found = cases(class_fields(town(), run.scenarios, run.fields, run.exposure, parameters()), parameters())
    >>> (found.draws.pll.sum(axis=1) / found.draws.pll[0].sum()).round(2)[:3].tolist()
    [1.0, 0.95, 1.12]
    """
    table = factors_of(parameters)
    error = parameters.table("uncertainty.factor.error_factor")
    fires = [f"{part}.{name}" for name, factors in table.items() if FIRE in factors
             for part in ("fire_frequency", "fire_lethality")]
    moved = [*error, *fires, *(f"anchor.{group}" for group in GROUPS)]
    shifts = parameters.array("uncertainty.heat.shift")
    names = ["", *np.repeat(moved, 2), *(["heat_probit"] * (len(shifts) - 1))]
    sides = ["base", *(["low", "high"] * len(moved)), *(["low"] * (len(shifts) - 1))]
    n = len(names)

    def normal(name: str, mean: float) -> Array:
        z = np.full(n, mean)
        for row in np.flatnonzero(np.array(names) == name):
            z[row] = -_HIGH if sides[row] == "low" else _HIGH
        return z

    # where the multiplier exp(r s z − (r s)²/2) is 1
    z = {name: normal(name, 0.5 * float(sigma(value)) * response(name, parameters)) for name, value in error.items()}
    heat = np.zeros(n, np.int64)
    heat[n - len(shifts) + 1:] = np.arange(1, len(shifts))
    frequency, deaths = np.ones((n, len(table))), np.ones((n, len(table)))
    for c, (name, factors) in enumerate(table.items()):
        for factor in factors:
            if factor == FIRE:
                for part in ("frequency", "lethality"):
                    spread = float(sigma(parameters.number(f"uncertainty.fire.{part}")))
                    frequency[:, c] *= lognormal(normal(f"fire_{part}.{name}", 0.5 * spread), spread)
            elif factor == HEAT:
                deaths[:, c] *= classes.heat[c][heat]
            else:
                spread = float(sigma(error[factor])) * response(factor, parameters)
                (frequency if factor in FREQUENCY else deaths)[:, c] *= lognormal(z[factor], spread)
    weights = _tied(frequency * deaths, classes, parameters, np.array(names), np.array(sides))
    factors_ = Factors(0, n, tuple(table), frequency, deaths, heat, z)
    draws = StreetDraws(0, factors_, weights, np.ones((n, len(classes.codes))), weights @ classes.street.T)
    return Cases(np.array(names, object), np.array(sides, object), draws)


def _tied(weights: Array, classes: ClassFields, parameters: Parameters, names: NDArray[np.str_],
          sides: NDArray[np.str_]) -> Array:
    """Multipliers with the sums of work accidents and fires tied to their anchors, which move in rows of their own."""
    tied = weights.copy()
    for group, members in GROUPS.items():
        mine = [classes.names.index(name) for name in members]
        mean = classes.street[:, mine].sum(axis=0)
        if mean.sum() <= 0:
            continue
        scale = mean.sum() / (weights[:, mine] @ mean)
        shape = gamma_shape(*(float(v) for v in parameters.array(f"uncertainty.anchor.{group}")))
        for side, quantile in (("low", 0.05), ("high", 0.95)):
            scale[(names == f"anchor.{group}") & (sides == side)] *= gamma.ppf(quantile, shape) / shape
        tied[:, mine] *= scale[:, None]
    return tied


def one_at_a_time(inputs: ModelInputs, result: RunResult, parameters: Parameters) -> pd.DataFrame:
    """Deaths of the city and red and orange streets with every factor at its 5 and 95 %.

    Parameters
    ----------
    result : RunResult
        Of the same inputs and parameters.

    Returns
    -------
    DataFrame
        ``factor``, ``side`` (base, low, high), ``pll`` (deaths per year), ``red``, ``orange`` (number of streets).

    Examples
    --------
    >>> from riskmodel.example import parameters, scored, town
    >>> table = one_at_a_time(town(), scored(), parameters()).set_index(["factor", "side"])
    >>> table.loc[[("", "base"), ("anchor.work", "high")], "pll"].round(4).tolist()
    [0.012, 0.0142]
    """
    classes = class_fields(inputs, result.scenarios, result.fields, result.exposure, parameters)
    found = cases(classes, parameters)
    events = installation_events(inputs, result.scenarios, event_table(inputs, result.scenarios, result.exposure))
    curves = installation_curves(inputs, events, parameters)
    calm = parameters.replace(uncertainty__own__wind=1.0)  # no own draws of the wind: a case differs by its factor alone
    criteria = criteria_levels(inputs, result.scenarios, classes, found.draws, result.targets, result.dwellings, curves, events,
                               calm)
    streets = result.areas[result.areas["level"] == "street"].set_index("code").loc[classes.codes]
    heads = (streets["residents"] + 0.5 * streets["workers"]).to_numpy(np.float64) * parameters.number("levels.street.kappa_norm")
    facts = np.array([_fact(codes) for codes in streets["codes"]], np.int8)
    drawn = AreaDraws(found.draws.pll, criteria.street, np.empty((0, len(streets))))
    levels = drawn_levels(streets, drawn, facts, heads, parameters)
    return pd.DataFrame({"factor": found.names, "side": found.sides, "pll": found.draws.pll.sum(axis=1),
                         "red": (levels == 1).sum(axis=1), "orange": (levels == 2).sum(axis=1)})


def _fact(codes: str) -> int:
    """Level by what is no draw: vetoes, major hazards, pipelines."""
    return min((STREET_CODE_LEVEL[code] for rule in json.loads(codes)
                if not (code := rule["code"]).startswith(_DRAWN)), default=4)
