"""First-order responses: how the deaths of a class follow a choice that is not a factor on frequency.

Deaths of a footprint are taken to follow its lethal area, weighted by the mean share of people outdoors and indoors; so a
response needs only the kernel's own table, no second run. See ``docs/decisions`` for how far that holds.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr, ndtri

from riskmodel.fields import Fields, KernelBank
from riskmodel.parameters import Parameters
from riskmodel.scenarios import FN_N, Kernel, ScenarioSet
from riskmodel.uncertainty.classes import HEAT, Classes, factors_of

Array = NDArray[np.float64]


def shifted(probability: Array, shift: float) -> Array:
    """P(death) after moving the intercept of its probit by `shift`: ``Φ(Φ⁻¹(P) + shift)``; certain stays certain.

    Examples
    --------
    >>> shifted(np.array([0.0, 0.5, 1.0]), -0.85).round(3).tolist()
    [0.0, 0.198, 1.0]
    """
    return np.asarray(ndtr(ndtri(probability) + shift))


def shifted_kernel(kernel: Kernel, shift: float, stretch: float = 1.0) -> Kernel:
    """The kernel with another heat probit outdoors, and `stretch` times as far.

    Examples
    --------
    >>> kernel = shifted_kernel(Kernel(100.0, np.full(257, 0.5), np.zeros(257)), -0.85, stretch=1.2)
    >>> kernel.radius, kernel.outdoors[0].round(3).item()
    (120.0, 0.198)
    """
    return replace(kernel, radius=kernel.radius * stretch, outdoors=shifted(kernel.outdoors, shift) if shift else kernel.outdoors)


def heat_response(scenarios: ScenarioSet, fields: Fields, classes: Classes, people: tuple[float, float],
                  parameters: Parameters) -> Array:
    """Deaths of every class under each heat probit over those under the first, shape (classes, probits).

    Parameters
    ----------
    people : mean people outdoors and indoors

    Examples
    --------
    >>> from riskmodel.example import parameters, scored, town
    >>> from riskmodel.uncertainty import classify
    >>> run = scored()
    >>> classes = classify(town(), run.scenarios, parameters())
    >>> found = heat_response(run.scenarios, run.fields, classes, (0.1, 0.9), parameters())
    >>> found[classes.names.index("pipeline_gas")].round(2).tolist()
    [1.0, 0.96, 0.92]
    """
    shifts = parameters.array("uncertainty.heat.shift")
    result = np.ones((len(classes.names), len(shifts)))
    bank = KernelBank.of(scenarios.kernels)
    if not len(bank.radius):
        return result
    indoors = bank.inside.mean(axis=1) * people[1]
    areas = np.stack([shifted(bank.out, s).mean(axis=1) * people[0] + indoors for s in shifts], axis=1)
    ratio = np.divide(areas, areas[:, :1], out=np.ones_like(areas), where=areas[:, :1] > 0)
    reach = scenarios.points.kernel >= 0
    for c, factors in enumerate(factors_of(parameters).values()):
        if HEAT in factors:
            at, on = reach & (classes.points == c), classes.lines == c
            kernel = np.concatenate([scenarios.points.kernel[at], scenarios.lines.kernel[on]])
            weight = np.concatenate([fields.point_s[at], fields.line_s[on]]).astype(np.float64)
            if weight.sum() > 0:
                result[c] = weight @ ratio[kernel] / weight.sum()
    return result


def tail_response(scenarios: ScenarioSet, classes: Classes) -> Array:
    """−d ln E[N] / dα of every class, the mean over its power-law tails by deaths per year.

    Examples
    --------
    >>> from riskmodel.example import parameters, scored, town
    >>> from riskmodel.uncertainty import classify
    >>> classes = classify(town(), scored().scenarios, parameters())
    >>> tail_response(scored().scenarios, classes)[classes.names.index("fire_dwelling")].round(2).item()
    0.2
    """
    bend = np.array([_bend(survival) for survival in scenarios.tails])
    points = scenarios.points
    rows = points.tail >= 0
    deaths = points.frequency[rows] * points.deaths_local[rows]
    n = len(classes.names)
    weight = np.bincount(classes.points[rows], deaths, minlength=n).astype(np.float64)
    total = np.bincount(classes.points[rows], deaths * bend[points.tail[rows]], minlength=n).astype(np.float64)
    for c, item in zip(classes.background, scenarios.background, strict=True):
        if item.tail >= 0:
            made = float(item.mitigated.sum()) * item.deaths
            weight[c] += made
            total[c] += made * bend[item.tail]
    return np.asarray(np.divide(total, weight, out=np.zeros(n), where=weight > 0))


def _bend(survival: Array) -> float:
    """−d ln E[N] / dα of ``P(N ≥ n) = n^−α`` up to the largest n of the table that it reaches."""
    if survival[0] < 1.0 or survival[1] <= 0.0 or survival[1] >= 1.0:
        return 0.0
    alpha = -np.log2(survival[1])
    n = np.arange(1, FN_N[int(np.flatnonzero(survival > 0)[-1])] + 1, dtype=np.float64)
    share = n**-alpha
    return float((np.log(n) * share).sum() / share.sum())
