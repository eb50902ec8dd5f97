"""Reading and checking the parameter tables."""

from __future__ import annotations

import hashlib
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from importlib import resources
from typing import Any

import numpy as np
from numpy.typing import NDArray

from geo.errors import BadParameter, UnknownIdentifier

#: How sure a value is: read in a source, computed here, known from memory (sure, unsure), or decided for this product.
CERTAINTIES = ("read", "computed", "own-sure", "own-unsure", "product")


@dataclass(frozen=True)
class Value:
    """One parameter: a number, a list or a table of numbers or texts, with where it comes from.

    Attributes
    ----------
    value : number, str, list or dict
    unit : str
    source : str
        Standard and clause, publication, or the reason of a product decision.
    certainty : str
        One of :data:`CERTAINTIES`.
    range : tuple of float or None
        Allowed bounds of every number in the value.
    error_factor : float or None
        95th over 50th percentile, where known.

    Examples
    --------
    >>> from riskmodel.example import parameters
    >>> limit = parameters().entry("levels.street.kappa")
    >>> limit.value, limit.certainty in CERTAINTIES
    (3.0, True)
    """

    value: Any
    unit: str
    source: str
    certainty: str
    range: tuple[float, float] | None = None
    error_factor: float | None = None


@dataclass(frozen=True)
class Parameters:
    """All parameter tables, addressed as ``table.group.name``.

    Examples
    --------
    >>> load_parameters().number("levels.street.kappa_norm")
    5e-06
    """

    values: Mapping[str, Value]
    digest: str  #: SHA-256 over the files, part of every run's identity

    def entry(self, name: str) -> Value:
        """The whole entry; raises UnknownIdentifier if there is none.

        Examples
        --------
        >>> load_parameters().entry("levels.street.kappa_norm").unit
        'deaths/(head yr)'
        """
        try:
            return self.values[name]
        except KeyError:
            raise UnknownIdentifier(f"模型参数“{name}”不存在", f"there is no model parameter {name!r}", name=name) from None

    def number(self, name: str) -> float:
        """A single number."""
        return float(self.entry(name).value)

    def array(self, name: str) -> NDArray[np.float64]:
        """A list of numbers as an array.

        Examples
        --------
        >>> load_parameters().array("people.slots.hours").tolist()
        [52.5, 22.5, 63.0, 30.0]
        """
        return np.asarray(self.entry(name).value, np.float64)

    def table(self, name: str) -> dict[str, Any]:
        """A table of named numbers or lists.

        Examples
        --------
        >>> load_parameters().table("levels.criteria.in_service")["一类"]
        3e-06
        """
        return dict(self.entry(name).value)

    def replace(self, **changes: Any) -> Parameters:
        """A copy with some values replaced; names with ``__`` for the dots. The digest changes with them.

        Examples
        --------
        >>> tables = load_parameters()
        >>> strict = tables.replace(levels__street__kappa=2.0)
        >>> strict.number("levels.street.kappa"), strict.digest == tables.digest
        (2.0, False)
        """
        values = dict(self.values)
        for key, new in changes.items():
            name = key.replace("__", ".")
            old = self.entry(name)
            values[name] = Value(new, old.unit, old.source, old.certainty, old.range, old.error_factor)
        digest = hashlib.sha256((self.digest + repr(sorted(changes.items()))).encode()).hexdigest()
        return Parameters(values, digest)


def load_parameters() -> Parameters:
    """Read all tables that ship with the model.

    Raises
    ------
    BadParameter
        If an entry lacks unit, source or certainty, or leaves its range.

    Examples
    --------
    >>> tables = load_parameters()
    >>> tables.array("people.slots.hours").sum().item(), len(tables.digest)
    (168.0, 64)
    """
    values: dict[str, Value] = {}
    digest = hashlib.sha256()
    for path in sorted(resources.files("riskmodel.parameters").iterdir(), key=lambda item: item.name):
        if not path.name.endswith(".toml"):
            continue
        raw = path.read_bytes()
        digest.update(path.name.encode() + b"\0" + raw)
        for name, entry in _entries(path.name.removesuffix(".toml"), tomllib.loads(raw.decode())):
            values[name] = _checked(name, entry)
    return Parameters(values, digest.hexdigest())


def _entries(prefix: str, node: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    for key, child in node.items():
        name = f"{prefix}.{key}"
        if not isinstance(child, dict):
            raise BadParameter(f"参数 {name} 缺少 value/unit/source/certainty", f"parameter {name} is not an entry", name=name)
        if "value" in child:
            yield name, child
        else:
            yield from _entries(name, child)


def _numbers(value: Any) -> Iterator[float]:
    if isinstance(value, bool | str):
        return
    if isinstance(value, int | float):
        yield float(value)
    elif isinstance(value, dict):
        for child in value.values():
            yield from _numbers(child)
    else:
        for child in value:
            yield from _numbers(child)


def _checked(name: str, entry: dict[str, Any]) -> Value:
    missing = [key for key in ("unit", "source", "certainty") if key not in entry]
    unknown = sorted(set(entry) - {"value", "unit", "source", "certainty", "range", "error_factor"})
    if missing or unknown:
        raise BadParameter(f"参数 {name}：缺少 {missing}，多余 {unknown}", f"parameter {name}: lacks {missing}, has {unknown}",
                           name=name)
    if entry["certainty"] not in CERTAINTIES:
        raise BadParameter(f"参数 {name} 的 certainty “{entry['certainty']}” 无效", f"parameter {name}: bad certainty",
                           name=name)
    bounds = tuple(entry["range"]) if "range" in entry else None
    if bounds is not None and any(not bounds[0] <= number <= bounds[1] for number in _numbers(entry["value"])):
        raise BadParameter(f"参数 {name} 超出范围 {bounds}", f"parameter {name} leaves its range {bounds}", name=name)
    return Value(entry["value"], entry["unit"], entry["source"], entry["certainty"], bounds, entry.get("error_factor"))
