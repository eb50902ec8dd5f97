"""Criteria in the draws: individual risk at targets and dwellings, and F-N curves of installations.

Frequencies are linear. Consequence distances are not: each test point is asked again with every footprint stretched and shrunk,
and under each heat probit, and a draw reads between these. Of a curve the deaths are scaled, its frequencies multiplied by class.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from riskmodel.fields import KernelBank, take_lines, take_points
from riskmodel.parameters import Parameters
from riskmodel.scenarios import FN_N, Kernel, LineScenarios, PointScenarios, ScenarioSet, Scope
from riskmodel.societal import InstallationEvents, fn_curves
from riskmodel.targets import add_lines
from riskmodel.uncertainty.classes import HEAT, Classes, factors_of
from riskmodel.uncertainty.draws import StreetDraws
from riskmodel.uncertainty.factors import generator, lognormal, sigma
from riskmodel.uncertainty.response import shifted_kernel

Array = NDArray[np.float64]

#: Standard normal numbers at which footprints are stretched (nodes of a three-point Gauss–Hermite rule).
_NODES = np.array([-np.sqrt(3.0), 0.0, np.sqrt(3.0)])

#: Factors on the deaths of an event at which its curve is known; a draw reads between them on logarithms.
_SCALES = np.array([0.1, 0.3, 1.0, 3.0, 10.0])


def ir_multipliers(x: Array, y: Array, scope: Scope, scenarios: ScenarioSet, classes: Classes,
                   found: StreetDraws, parameters: Parameters, fences: Array) -> Array:
    """Individual risk of one scope at test points in every draw, over its mean value; shape (draws, points).

    Parameters
    ----------
    x, y : (n,) Albers metres
    fences : (points,) float64
        Radius of every point scenario's fence, m.

    Examples
    --------
    >>> from riskmodel.example import parameters, scored, town
    >>> from riskmodel.uncertainty import class_fields, draw_streets
    >>> run = scored()
    >>> classes = class_fields(town(), run.scenarios, run.fields, run.exposure, parameters())
    >>> draws = draw_streets(classes, parameters(), draws=200)
    >>> x, y = np.array([501_000.0]), np.array([4_401_200.0])
    >>> fences = np.zeros(len(run.scenarios.points.x))
    >>> found = ir_multipliers(x, y, Scope.HC, run.scenarios, classes.classes, draws, parameters(), fences)
    >>> found.shape, np.quantile(found, [0.05, 0.95]).round(1).tolist()
    ((200, 1), [0.0, 3.5])
    """
    n, wide = len(x), len(classes.names)
    base, total = np.zeros(n), np.zeros((found.factors.draws, n))
    if n == 0:
        return total
    rows = np.flatnonzero((scenarios.points.kernel >= 0) & (scenarios.points.scope == scope))
    points = take_points(scenarios.points, rows)
    chosen = np.flatnonzero(scenarios.lines.scope == scope)
    lines, line_kind = take_lines(scenarios.lines, chosen), classes.lines[chosen]
    heat, model = _models(scenarios, classes, parameters)
    values = np.empty((len(parameters.array("uncertainty.heat.shift")), len(_NODES), wide, n))
    for p, shift in enumerate(parameters.array("uncertainty.heat.shift")):
        for k, node in enumerate(_NODES):
            bank = KernelBank.of(_altered(scenarios.kernels, float(shift), float(node), heat, model, parameters))
            values[p, k] = _by_class(x, y, points, classes.points[rows], fences[rows], lines, line_kind, bank, wide)
    frequency = _frequency(classes, found, parameters, n)
    choice = np.where(found.factors.heat < len(values), found.factors.heat, 0)
    for c, name in enumerate(classes.names):
        if values[0, 1, c].max(initial=0.0) <= 0.0:
            continue
        base += values[0, 1, c]
        z = _distance_z(name, found, parameters)
        total += _between(values[:, :, c], choice, z) * frequency[name]
    return np.divide(total, base, out=np.ones_like(total), where=base > 0)


def _models(scenarios: ScenarioSet, classes: Classes, parameters: Parameters) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Which kernels are heat, and which have a consequence distance that is uncertain."""
    table = factors_of(parameters)
    is_heat = np.array([HEAT in factors for factors in table.values()])
    is_far = np.array([any(f.startswith("distance_") for f in factors) for factors in table.values()])
    heat, far = np.zeros(len(scenarios.kernels), np.bool_), np.zeros(len(scenarios.kernels), np.bool_)
    reach = scenarios.points.kernel >= 0
    for kernel, kind in ((scenarios.points.kernel[reach], classes.points[reach]), (scenarios.lines.kernel, classes.lines)):
        heat[kernel[is_heat[kind]]] = True
        far[kernel[is_far[kind]]] = True
    return heat, far


def _altered(kernels: tuple[Kernel, ...], shift: float, node: float, heat: NDArray[np.bool_], far: NDArray[np.bool_],
             parameters: Parameters) -> tuple[Kernel, ...]:
    """Kernels under another probit, their distances at a node of the distance factor (mean area kept)."""
    spread = float(sigma(parameters.table("uncertainty.factor.error_factor")["distance_heat"]))
    stretch = float(np.exp(spread * node - spread**2))
    return tuple(shifted_kernel(kernel, shift if hot else 0.0, stretch if long else 1.0)
                 for kernel, hot, long in zip(kernels, heat, far, strict=True))


def _by_class(x: Array, y: Array, points: PointScenarios, kind: NDArray[np.int8], fences: Array, lines: LineScenarios,
              line_kind: NDArray[np.int8], bank: KernelBank, wide: int) -> Array:
    """Individual risk at test points, by class."""
    from riskmodel.kernels import footprint

    order = np.argsort(y, kind="stable")
    found, result = np.zeros((wide, len(x))), np.empty((wide, len(x)))
    footprint.points_at_targets(x[order], y[order], points.x, points.y, points.frequency, kind, fences, points.kernel,
                                bank.radius, bank.out, bank.rose, bank.has_rose, found)
    result[:, order] = found
    add_lines(x, y, lines, bank, result, line_kind)
    return result


def _distance_z(name: str, found: StreetDraws, parameters: Parameters) -> Array:
    for factor in factors_of(parameters)[name]:
        if factor.startswith("distance_"):
            return found.factors.z[factor]
    return np.zeros(found.factors.draws)


def _between(values: Array, choice: NDArray[np.int64], z: Array) -> Array:
    """Linear between the nodes, held beyond them: values (probits, nodes, n) → (draws, n)."""
    at = np.clip(z, _NODES[0], _NODES[-1])
    k = np.clip(np.searchsorted(_NODES, at, side="right") - 1, 0, len(_NODES) - 2)
    g = ((at - _NODES[k]) / (_NODES[k + 1] - _NODES[k]))[:, None]
    return np.asarray((1.0 - g) * values[choice, k] + g * values[choice, k + 1])


def _frequency(classes: Classes, found: StreetDraws, parameters: Parameters, n: int) -> dict[str, Array]:
    """Multiplier on the frequency of every class at every test point; for toxic clouds with the dose and a wind of its own."""
    table = factors_of(parameters)
    result: dict[str, Array] = {}
    for c, name in enumerate(classes.names):
        result[name] = found.factors.frequency[:, c][:, None]
        if "toxic_dose" in table[name]:
            spread = float(sigma(parameters.table("uncertainty.factor.error_factor")["toxic_dose"]))
            dose = lognormal(found.factors.z["toxic_dose"], spread * parameters.number("uncertainty.response.dose"))
            wind = float(sigma(parameters.number("uncertainty.own.wind")))
            own = generator(found.seed, "wind").standard_normal((found.factors.draws, n))
            result[name] = result[name] * dose[:, None] * lognormal(own, wind)
    return result


def curve_draws(events: InstallationEvents, rows: NDArray[np.int64], street: NDArray[np.int64], classes: Classes,
                found: StreetDraws) -> Array:
    """F-N curves of some installations in every draw, shape (draws, installations, len(FN_N)).

    Parameters
    ----------
    rows : (m,) installations
    street : (m,) int64
        Street of each; negative: none.

    Examples
    --------
    >>> from riskmodel.example import parameters, scored, town
    >>> from riskmodel.societal import event_table, installation_events
    >>> from riskmodel.uncertainty import class_fields, draw_streets
    >>> run = scored()
    >>> classes = class_fields(town(), run.scenarios, run.fields, run.exposure, parameters())
    >>> draws = draw_streets(classes, parameters(), draws=200)
    >>> events = installation_events(town(), run.scenarios, event_table(town(), run.scenarios, run.exposure))
    >>> found = curve_draws(events, np.array([0]), np.array([0]), classes.classes, draws)
    >>> found.shape, [f"{f:.0e}" for f in np.quantile(found[:, 0, 4], [0.05, 0.95])]
    ((200, 1, 13), ['1e-08', '5e-05'])
    """
    wide, m = len(classes.names), len(rows)
    curves = np.zeros((found.factors.draws, m, len(FN_N)))
    place = np.full(len(events.ids), -1, np.int64)
    place[rows] = np.arange(m)
    chosen = place[events.installation] >= 0
    kind = classes.points[events.scenario[chosen]].astype(np.int64)
    group = place[events.installation[chosen]] * wide + kind
    known = np.stack([fn_curves(events.rate[chosen], events.deaths[chosen] * scale, group, m * wide).reshape(m, wide, -1)
                      for scale in _SCALES])
    people = np.where(street >= 0, found.people[:, np.maximum(street, 0)], 1.0)
    for c in np.unique(kind):
        scale = found.factors.deaths[:, c, None] * people
        curves += found.factors.frequency[:, c, None, None] * _scaled(known[:, :, c], scale)
    return curves


def _scaled(known: Array, scale: Array) -> Array:
    """Curves (scales, m, n) read at deaths times `scale` (draws, m), linear in the logarithm of the scale."""
    at = np.clip(np.log(scale), np.log(_SCALES[0]), np.log(_SCALES[-1]))
    nodes = np.log(_SCALES)
    k = np.clip(np.searchsorted(nodes, at, side="right") - 1, 0, len(nodes) - 2)
    g = ((at - nodes[k]) / (nodes[k + 1] - nodes[k]))[:, :, None]
    column = np.arange(known.shape[1])
    return np.asarray((1.0 - g) * known[k, column] + g * known[k + 1, column])
