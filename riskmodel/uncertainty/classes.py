"""Classes of scenarios: which shared factors multiply a scenario follows from its theme, its label and its premises."""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from geo.errors import UnknownIdentifier
from riskmodel.inputs import ModelInputs
from riskmodel.parameters import Parameters
from riskmodel.scenarios import ScenarioSet, Theme

#: Names in a class's list that are not a single lognormal: fires by type, and the choice of the heat probit.
FIRE, HEAT = "fire", "heat"


@dataclass(frozen=True)
class Classes:
    """The class of every scenario of a run.

    Attributes
    ----------
    names : tuple of str
    points, lines, background : (n,) int8
        Index into `names`.

    Examples
    --------
    >>> from riskmodel.example import parameters, scored, town
    >>> found = classify(town(), scored().scenarios, parameters())
    >>> [found.names[c] for c in np.unique(found.points)]
    ['building', 'equipment', 'reported', 'fire_site', 'fire_public', 'fire_care', 'toxic']
    """

    names: tuple[str, ...]
    points: NDArray[np.int8]
    lines: NDArray[np.int8]
    background: NDArray[np.int8]


def factors_of(parameters: Parameters) -> dict[str, tuple[str, ...]]:
    """Shared factors of each class.

    Raises
    ------
    UnknownIdentifier
        If a class names a factor that the table does not have.

    Examples
    --------
    >>> from riskmodel.example import parameters
    >>> factors_of(parameters())["fire_dwelling"], factors_of(parameters())["pipeline_gas"]
    (('fire', 'mitigation'), ('pipeline_gas', 'ignition_immediate', 'foreign', 'heat', 'distance_heat', 'day_share'))
    """
    known = {FIRE, HEAT, *parameters.table("uncertainty.factor.error_factor")}
    table = {name: tuple(factors) for name, factors in parameters.table("uncertainty.class.factors").items()}
    for name, factors in table.items():
        for factor in factors:
            if factor not in known:
                raise UnknownIdentifier(f"不确定性类别“{name}”引用了不存在的因子“{factor}”",
                                        f"class {name!r} names an unknown factor {factor!r}", name=factor)
    return table


def classify(inputs: ModelInputs, scenarios: ScenarioSet, parameters: Parameters) -> Classes:
    """Put every scenario into a class.

    A scenario's theme and label decide (``uncertainty.class.label``, else ``uncertainty.class.theme``); fires of venues and
    premises go by the row of the fire table.

    Examples
    --------
    >>> from riskmodel.example import parameters, scored, town
    >>> found, run = classify(town(), scored().scenarios, parameters()), scored()
    >>> [found.names[c] for c in found.lines], [found.names[c] for c in found.background]
    (['pipeline_gas', 'pipeline_gas'], ['fire_dwelling', 'gas_use', 'unreported', 'confined'])
    """
    names = tuple(factors_of(parameters))
    by_label = _by_label(scenarios, names, parameters)
    points = by_label[scenarios.points.theme, scenarios.points.label]
    lines = by_label[scenarios.lines.theme, scenarios.lines.label] if len(scenarios.lines.rate) else np.empty(0, np.int8)
    for kind, groups in _premises(inputs, names, parameters).items():
        if kind in scenarios.kinds:
            mine = (scenarios.points.kind == scenarios.kinds.index(kind)) & (scenarios.points.theme == Theme.FIRE_VENUE)
            points[mine] = groups[scenarios.points.row[mine]]
    rules = _rules(parameters)
    background = np.array([names.index(_class_of(item.theme, item.label, rules, parameters)) for item in scenarios.background],
                          np.int8)
    return Classes(names, points, lines, background)


_Rules = list[tuple[str, re.Pattern[str], str]]


def _rules(parameters: Parameters) -> _Rules:
    return [(theme, re.compile(pattern), name) for theme, pattern, name in parameters.entry("uncertainty.class.label").value]


def _class_of(theme: Theme, label: str, rules: _Rules, parameters: Parameters) -> str:
    for wanted, pattern, name in rules:
        if wanted == theme.name and pattern.search(label):
            return name
    return str(parameters.table("uncertainty.class.theme")[theme.name])


def _by_label(scenarios: ScenarioSet, names: tuple[str, ...], parameters: Parameters) -> NDArray[np.int8]:
    """Class by theme and label, shape (themes, labels)."""
    rules = _rules(parameters)
    table = [[names.index(_class_of(theme, label, rules, parameters)) for label in scenarios.labels] for theme in Theme]
    return np.asarray(table, np.int8).reshape(len(Theme), len(scenarios.labels))


def _premises(inputs: ModelInputs, names: tuple[str, ...], parameters: Parameters) -> dict[str, NDArray[np.int8]]:
    """Fire class of every venue and enterprise by its premises."""
    groups = parameters.table("uncertainty.class.premises")
    number = {premises: names.index(name) for premises, name in groups.items()}
    usual = names.index(str(parameters.table("uncertainty.class.theme")[Theme.FIRE_VENUE.name]))
    venue = {kind: number.get(premises, usual) for kind, premises in parameters.table("fire.venue.premises").items()}
    return {"venue": _mapped(inputs.frames["venue"]["venue_type"], venue, usual),
            "enterprise": _mapped(inputs.frames["enterprise"]["premises"], number, usual)}


def _mapped(column: pd.Series, table: dict[str, int], usual: int) -> NDArray[np.int8]:
    codes, words = pd.factorize(column)
    return np.asarray(np.array([table.get(word, usual) for word in words] + [usual], np.int8)[codes], np.int8)
