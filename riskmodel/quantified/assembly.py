"""From units, frequencies and footprints to scenarios: equal footprints are made once."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import ArrayLike, NDArray

from geo.errors import UnknownIdentifier
from riskmodel.parameters import Parameters
from riskmodel.quantified.footprints import Effect, Fuel, Physics, cleared
from riskmodel.quantified.units import KIND, Units
from riskmodel.scenarios import ScenarioBuilder, Scope, Theme

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


@dataclass(frozen=True)
class Branch:
    """One leaf of an event tree for some units, as it was added: what domino effects start from.

    Attributes
    ----------
    row : (n,) int64
        Rows of the units in the frame ``hazard_source``.
    x, y, frequency, lasting : (n,) float64
        Place, events per year, and how long a fire burns at most, s.
    kernel : (n,) int32

    Examples
    --------
    >>> from riskmodel.example import vessels
    >>> branch = vessels().branches[0]
    >>> branch.label, branch.row.tolist(), [f"{f:.1e}" for f in branch.frequency]
    ('储罐破裂·火球', [0, 1], ['2.4e-07', '2.4e-07'])
    """

    label: str
    theme: Theme
    scope: Scope
    row: NDArray[np.int64]
    x: Array
    y: Array
    frequency: Array
    lasting: Array
    kernel: NDArray[np.int32]


@dataclass
class Assembly:
    """Builder, parameters, all scored units, and the footprints made so far.

    Examples
    --------
    >>> from riskmodel.example import unit
    >>> from riskmodel.quantified.footprints import charge_effect
    >>> assembly, store = unit()
    >>> kernel = assembly.footprints("charge", [1000.0, 1010.0], charge_effect)
    >>> assembly.add(store, "爆炸", 1e-6, kernel[:1])
    >>> kernel.tolist(), assembly.builder.finish().points.frequency.tolist()
    ([0, 0], [1e-06])
    """

    builder: ScenarioBuilder
    parameters: Parameters
    units: Units
    physics: Physics = field(init=False)
    branches: list[Branch] = field(default_factory=list)
    effects: dict[int, Effect] = field(default_factory=dict)  #: what a kernel's event does to equipment
    _known: dict[tuple[str, float, float], int] = field(default_factory=dict)
    _fuels: dict[str, Fuel] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.physics = Physics.of(self.parameters)

    def number(self, name: str) -> float:
        """A number of the table ``quantified``.

        Examples
        --------
        >>> from riskmodel.example import unit
        >>> assembly, store = unit()
        >>> assembly.number("tanker.oil_mass")
        22000.0
        """
        return self.parameters.number(f"quantified.{name}")

    def by_type(self, name: str, units: Units) -> Array:
        """The number of each unit's type in a table of ``quantified``; NaN where it has none.

        Examples
        --------
        >>> from riskmodel.example import unit
        >>> assembly, station = unit(unit_type="cng_station", substance="methane")
        >>> assembly.by_type("bank.pressure", station).tolist(), assembly.by_type("bank.pressure", unit()[1]).tolist()
        ([25.0], [nan])
        """
        table = self.parameters.table(f"quantified.{name}")
        return np.array([float(table.get(unit_type, np.nan)) for unit_type in units.unit_type])

    def fuel(self, name: str) -> Fuel:
        """A flammable substance.

        Examples
        --------
        >>> from riskmodel.example import unit
        >>> assembly, station = unit(unit_type="filling_station", substance="gasoline")
        >>> assembly.fuel("gasoline").density
        740.0
        """
        if name not in self._fuels:
            self._fuels[name] = Fuel.of(self.parameters, name)
        return self._fuels[name]

    def footprints(
        self, name: str, sizes: ArrayLike, make: Callable[[float], Effect], clear: ArrayLike = 0.0,
        group: Callable[[ArrayLike], Array] = size_class,
    ) -> NDArray[np.int32]:
        """Kernel index per size; sizes of one class share a kernel, size 0 has none (−1).

        Parameters
        ----------
        name : str
            What burns, explodes or drifts; sizes are compared within a name.
        sizes : array_like
            Mass, rate or radius.
        make : callable
            Effect of a size.
        clear : array_like
            Nobody is indoors closer than this, m.
        group : callable
            Puts sizes into classes.
        """
        sizes, clear = np.broadcast_arrays(group(sizes), np.asarray(clear, np.float64))
        unique, where = np.unique(np.stack([sizes.ravel(), clear.ravel()], axis=1), axis=0, return_inverse=True)
        made = [self._footprint((name, float(size), float(empty)), make) for size, empty in unique]
        return np.array(made, np.int32)[where.ravel()].reshape(sizes.shape)

    def _footprint(self, key: tuple[str, float, float], make: Callable[[float], Effect]) -> int:
        if key not in self._known:
            self._known[key] = self.register(make(key[1]), key[2]) if key[1] > 0 else -1
        return self._known[key]

    def register(self, effect: Effect, clear: float = 0.0) -> int:
        """Register one footprint; returns its kernel index.

        Examples
        --------
        >>> from riskmodel.example import unit
        >>> from riskmodel.quantified.footprints import charge_effect
        >>> assembly, store = unit()
        >>> assembly.register(charge_effect(1000.0)), assembly.effects[0].hazard
        (0, 'blast')
        """
        index = self.builder.kernel(cleared(effect.kernel, clear))
        self.effects[index] = effect
        return index

    def clear(self, units: Units) -> Array:
        """Distance from each unit within which nobody is indoors, m; 0 for types that the table does not name.

        Examples
        --------
        >>> from riskmodel.example import unit
        >>> assembly, store = unit()
        >>> assembly.clear(store).tolist()
        [0.0]
        """
        return np.nan_to_num(self.by_type("site.clear", units))

    def add(self, units: Units, label: str, frequency: ArrayLike, kernel: ArrayLike, theme: Theme = Theme.HAZCHEM,
            lasting: ArrayLike = np.inf) -> None:
        """Add one leaf of the event tree for every unit; `frequency` before the management factor, `lasting` of its fire in s.

        What is no hazardous chemical (dust, tailings) has no location criterion: scope SEMI whatever the row says.
        """
        f = np.broadcast_to(np.asarray(frequency, np.float64), len(units)) * units.factor
        kernels = np.broadcast_to(np.asarray(kernel, np.int32), len(units))
        burns = np.broadcast_to(np.asarray(lasting, np.float64), len(units))
        for name in np.unique(units.scope.astype(str)):
            if name not in _SCOPES:
                raise UnknownIdentifier(f"判据范围“{name}”不是 hc 或 an", f"scope {name!r} is neither hc nor an", scope=name)
            chosen = (units.scope == name) & (f > 0) & (kernels >= 0)
            if chosen.any():
                scope = _SCOPES[name] if theme == Theme.HAZCHEM else Scope.SEMI
                branch = Branch(label, theme, scope, units.row[chosen], units.x[chosen], units.y[chosen], f[chosen],
                                burns[chosen], kernels[chosen])
                self.branches.append(branch)
                self.builder.add_points(KIND, label, theme, branch.scope, row=branch.row, x=branch.x, y=branch.y,
                                        frequency=branch.frequency, kernel=branch.kernel)
