"""From units, frequencies and footprints to scenarios: equal footprints are made once."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import ArrayLike, NDArray

from geo.errors import UnknownIdentifier
from riskmodel.parameters import Parameters
from riskmodel.quantified.footprints import Fuel, Physics, cleared
from riskmodel.quantified.units import KIND, Units
from riskmodel.scenarios import Kernel, ScenarioBuilder, Scope, Theme

Array = NDArray[np.float64]

_SCOPES = {"hc": Scope.HC, "an": Scope.AN}


def significant(values: ArrayLike, digits: int = 3) -> Array:
    """Round to significant digits, so that all but equal footprints are one.

    Examples
    --------
    >>> significant([0.0, 11_957.7, 0.033333]).tolist()
    [0.0, 12000.0, 0.0333]
    """
    v = np.asarray(values, np.float64)
    with np.errstate(divide="ignore"):
        scale = np.where(v > 0, np.floor(np.log10(np.maximum(v, 1e-300))), 0.0)
    return np.where(v > 0, np.round(v / 10.0**scale, digits - 1) * 10.0**scale, 0.0)


def size_class(values: ArrayLike) -> Array:
    """Middle of the size class, 24 to a decade: 5 % at most, under 2 % of a radius that follows the cube root of a mass.

    Examples
    --------
    >>> size_class([0.0, 1.0, 1.04, 11_700.0]).round(2).tolist()
    [0.0, 1.0, 1.0, 12115.28]
    """
    v = np.asarray(values, np.float64)
    return np.where(v > 0, 10.0 ** (np.round(24 * np.log10(np.maximum(v, 1e-300))) / 24), 0.0)


@dataclass
class Assembly:
    """Builder, parameters and the footprints made so far."""

    builder: ScenarioBuilder
    parameters: Parameters
    physics: Physics = field(init=False)
    _known: dict[tuple[str, float, float], int] = field(default_factory=dict)
    _fuels: dict[str, Fuel] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.physics = Physics.of(self.parameters)

    def number(self, name: str) -> float:
        """A number of the table ``quantified``."""
        return self.parameters.number(f"quantified.{name}")

    def fuel(self, name: str) -> Fuel:
        """A flammable substance."""
        if name not in self._fuels:
            self._fuels[name] = Fuel.of(self.parameters, name)
        return self._fuels[name]

    def footprints(
        self, name: str, sizes: ArrayLike, make: Callable[[float], Kernel], clear: ArrayLike = 0.0,
        group: Callable[[ArrayLike], Array] = size_class,
    ) -> NDArray[np.int32]:
        """Kernel index per size; sizes of one class share a kernel.

        Parameters
        ----------
        name : str
            What burns, explodes or drifts; sizes are compared within a name.
        sizes : array_like
            Mass, rate or radius.
        make : callable
            Kernel of a size.
        clear : array_like
            Nobody is indoors closer than this, m.
        group : callable
            Puts sizes into classes.
        """
        sizes, clear = np.broadcast_arrays(group(sizes), np.asarray(clear, np.float64))
        unique, where = np.unique(np.stack([sizes.ravel(), clear.ravel()], axis=1), axis=0, return_inverse=True)
        made = [self._footprint((name, float(size), float(empty)), make) for size, empty in unique]
        return np.array(made, np.int32)[where.ravel()].reshape(sizes.shape)

    def _footprint(self, key: tuple[str, float, float], make: Callable[[float], Kernel]) -> int:
        if key not in self._known:
            self._known[key] = self.builder.kernel(cleared(make(key[1]), key[2])) if key[1] > 0 else -1
        return self._known[key]

    def clear(self, units: Units) -> Array:
        """Distance from each unit within which nobody is indoors, m."""
        table = self.parameters.table("quantified.site.clear")
        return np.array([float(table[name]) for name in units.unit_type])

    def add(self, units: Units, label: str, frequency: ArrayLike, kernel: ArrayLike) -> None:
        """Add one leaf of the event tree for every unit; `frequency` before the management factor."""
        f = np.broadcast_to(np.asarray(frequency, np.float64), len(units)) * units.factor
        kernels = np.broadcast_to(np.asarray(kernel, np.int32), len(units))
        for name in np.unique(units.scope.astype(str)):
            if name not in _SCOPES:
                raise UnknownIdentifier(f"判据范围“{name}”不是 hc 或 an", f"scope {name!r} is neither hc nor an", scope=name)
            chosen = (units.scope == name) & (f > 0) & (kernels >= 0)
            if chosen.any():
                self.builder.add_points(
                    KIND, label, Theme.HAZCHEM, _SCOPES[name], row=units.row[chosen], x=units.x[chosen], y=units.y[chosen],
                    frequency=f[chosen], kernel=kernels[chosen],
                )
