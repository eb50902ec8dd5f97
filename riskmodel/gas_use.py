"""Gas explosions at the user's: restaurants on bottled LPG and households (without carbon monoxide)."""

from __future__ import annotations

import numpy as np
import pandas as pd

from riskmodel.columns import flags, numbers
from riskmodel.inputs import ModelInputs
from riskmodel.likelihood import of_enterprises
from riskmodel.parameters.load import Parameters
from riskmodel.people import Exposure
from riskmodel.precedence import Precedence
from riskmodel.scenarios import ScenarioBuilder, Scope, Theme
from riskmodel.tails import power_law_mean, power_law_survival


def add(builder: ScenarioBuilder, inputs: ModelInputs, parameters: Parameters, factors: pd.Series,
        exposure: Exposure, counted: Precedence) -> None:  # noqa: ARG001
    """Add one fatal-blast scenario per enterprise with gas bottles and the background of households.

    The frequency is that of *fatal* blasts, ``blasts · deaths / E[N | fatal]``, so that the distribution starts at one death.

    Examples
    --------
    >>> from riskmodel.example import parameters, scored, town
    >>> noodles = [{"id": "e1", "industry": "H", "staff_at_place": 6, "lpg_cylinders": True}]
    >>> builder = ScenarioBuilder(("enterprise",))
    >>> add(builder, town(enterprise=noodles), parameters(), pd.Series({"e1": 1.0}), scored().exposure, Precedence({}))
    >>> found = builder.finish()
    >>> found.labels, f"{found.points.frequency[0]:.1e}", found.background[0].label
    (('瓶装液化气爆炸',), '2.2e-05', '居民燃气爆炸')
    """
    frame = inputs.frames["enterprise"]
    alpha, most = parameters.number("gas_use.bottled.alpha"), parameters.number("gas_use.bottled.most")
    mean = float(power_law_mean(alpha, most))
    row = np.flatnonzero(flags(frame["lpg_cylinders"]))
    fatal = parameters.number("gas_use.bottled.blasts") * parameters.number("gas_use.bottled.deaths") / mean
    management = of_enterprises(factors, inputs)[row]
    builder.add_points("enterprise", "瓶装液化气爆炸", Theme.GAS_USE, Scope.NONE, row=row, x=numbers(frame["x"])[row],
                       y=numbers(frame["y"])[row], frequency=fatal * management, deaths_local=mean,
                       tail=builder.tail(power_law_survival(alpha, most)))
    alpha, most = parameters.number("gas_use.household.alpha"), parameters.number("gas_use.household.most")
    mean = float(power_law_mean(alpha, most))
    rate = parameters.number("gas_use.household.deaths") / mean
    builder.add_background("居民燃气爆炸", Theme.GAS_USE, frequency=exposure.households * rate, deaths=mean,
                           tail=builder.tail(power_law_survival(alpha, most)))
