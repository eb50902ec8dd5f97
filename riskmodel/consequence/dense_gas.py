"""Dense gases near the source (chlorine, LPG, cold clouds of ammonia): Britter and McQuaid, handed on to the passive models.

R. E. Britter and J. McQuaid, *Workbook on the Dispersion of Dense Gases*, HSE Contract Research Report 17/1988: distances to
given dilutions as functions of one number each for steady plumes and for instantaneous clouds; the curves as straight pieces
of CCPS, *Guidelines for Consequence Analysis of Chemical Releases*, 1999, section 2.1.3, and US EPA, *User's Guide to TSCREEN*
(EPA-454/B-94-023). Where density no longer matters (Richardson number below :data:`RICHARDSON`), at the latest where the curves
end (dilution to 0.2 % for plumes, 0.1 % for clouds), a Gaussian plume or puff of the same width and concentration goes on from
virtual distances of its own for width and height: mass, width and concentration are continuous.

The curves give short peaks over smooth ground, several times the half-hour mean over a town: right for a flammable cloud, far
too much for a poison that acts by dose. So follow the curves to their end (``richardson=None``) for flash fires, and hand over at
a Richardson number of 1 for poisons.

Valid for flat open ground, winds from 0.5 m/s, dilutions as tabulated; concentrations are right to a factor of about two. A gas
that is not heavier than air is refused (:class:`geo.errors.NotModelled`); one so small or wind so strong that density does not
matter is Gaussian from the start.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from geo.errors import NotModelled
from riskmodel.consequence import probit
from riskmodel.consequence.checks import within
from riskmodel.consequence.release import ATMOSPHERE, GRAVITY

Array = NDArray[np.float64]

#: Molar gas constant, J/(mol K); molar mass, kg/mol, and heat capacity, J/(kg K), of air.
GAS_CONSTANT, AIR_MOLAR_MASS, AIR_HEAT = 8.314, 0.02897, 1005.0

#: Below these a plume or a cloud is passive (Britter and McQuaid 1988, sections 3.2 and 4.2).
DENSE_PLUME, DENSE_PUFF = 0.15, 0.20

#: Richardson number ``g' h / u*²`` below which a poison's cloud is passive, and the friction velocity over the wind at 10 m
#: (US EPA, TSCREEN user's guide 1994: u* = 0.06 u_10).
RICHARDSON, FRICTION = 1.0, 0.06

_LEAST_WIND = 0.5
_LAST_ALPHA = 1.3  # the curves end at 1; their last pieces are carried on by a third of a decade, no further

# Cm/C0 of each curve, and its straight pieces in α as (upper end of the piece, slope, intercept of β).
_PLUME_CURVES: tuple[tuple[float, tuple[tuple[float, float, float], ...]], ...] = (
    (0.10, ((-0.55, 0.0, 1.75), (-0.14, 0.24, 1.88), (_LAST_ALPHA, -0.50, 1.78))),
    (0.05, ((-0.68, 0.0, 1.92), (-0.29, 0.36, 2.16), (-0.18, 0.0, 2.06), (_LAST_ALPHA, -0.56, 1.96))),
    (0.02, ((-0.69, 0.0, 2.08), (-0.31, 0.45, 2.39), (-0.16, 0.0, 2.25), (_LAST_ALPHA, -0.54, 2.16))),
    (0.01, ((-0.70, 0.0, 2.25), (-0.29, 0.49, 2.59), (-0.20, 0.0, 2.45), (_LAST_ALPHA, -0.52, 2.35))),
    (0.005, ((-0.67, 0.0, 2.40), (-0.28, 0.59, 2.80), (-0.15, 0.0, 2.63), (_LAST_ALPHA, -0.49, 2.56))),
    (0.002, ((-0.69, 0.0, 2.60), (-0.25, 0.39, 2.87), (-0.13, 0.0, 2.77), (_LAST_ALPHA, -0.50, 2.71))),
)
_PUFF_CURVES: tuple[tuple[float, tuple[tuple[float, float, float], ...]], ...] = (
    (0.10, ((-0.44, 0.0, 0.70), (0.43, 0.26, 0.81), (_LAST_ALPHA, 0.0, 0.93))),
    (0.05, ((-0.56, 0.0, 0.85), (0.31, 0.26, 1.00), (_LAST_ALPHA, -0.12, 1.12))),
    (0.02, ((-0.66, 0.0, 0.95), (0.32, 0.36, 1.19), (_LAST_ALPHA, -0.26, 1.38))),
    (0.01, ((-0.71, 0.0, 1.15), (0.37, 0.34, 1.39), (_LAST_ALPHA, -0.38, 1.66))),
    (0.005, ((-0.52, 0.0, 1.48), (0.24, 0.26, 1.62), (_LAST_ALPHA, -0.30, 1.75))),
    (0.002, ((0.27, 0.0, 1.83), (_LAST_ALPHA, -0.32, 1.92))),
    (0.001, ((-0.10, 0.0, 2.075), (_LAST_ALPHA, -0.27, 2.05))),
)
# Near field, C = a / (a + x²) with x in units of the scale, and where it ends at the latest.
_NEAR_PLUME, _NEAR_PUFF = (306.0, 30.0), (3.24, np.inf)


@dataclass(frozen=True)
class Gas:
    """The cloud as it leaves the source, before the wind dilutes it.

    Attributes
    ----------
    density : float
        Of the cloud, kg/m³ (gas, and air that was mixed in to dry it).
    concentration : float
        Hazardous gas in it, kg/m³.
    temperature : float
        K.
    ambient : float
        Temperature of the air, K.

    Examples
    --------
    >>> chlorine = Gas.vapour(0.0709, 239.15)
    >>> round(chlorine.density, 2), chlorine.concentration == chlorine.density, chlorine.ambient
    (3.61, True, 293.15)
    """

    density: float
    concentration: float
    temperature: float
    ambient: float = 293.15

    @classmethod
    def vapour(cls, molar_mass: float, temperature: float, *, ambient: float = 293.15) -> Gas:
        """Pure vapour at `temperature` K (boiling pool, gas leak).

        Examples
        --------
        >>> round(Gas.vapour(0.0709, 239.15).density, 2)
        3.61
        """
        within("molar_mass", molar_mass, 0.001, 0.5, "kg/mol")
        within("temperature", temperature, 10.0, 3000.0, "K")
        density = ATMOSPHERE * molar_mass / (GAS_CONSTANT * temperature)
        return cls(density, density, temperature, ambient)

    @classmethod
    def flashed(cls, molar_mass: float, boiling: float, vaporisation: float, flash: float, *, ambient: float = 293.15) -> Gas:
        """Spray of a superheated liquid with just the air that evaporates its droplets, adiabatic, at the boiling point.

        Air per kg of spray: ``(1 − x) h_v / (c_air (T_a − T_b))`` with the flashed share x. This is how ammonia, lighter than
        air as a vapour, forms a cloud that is heavier (Britter and McQuaid 1988, section 5.3).

        Parameters
        ----------
        molar_mass : float
            kg/mol.
        boiling, ambient : float
            K.
        vaporisation : float
            J/kg.
        flash : float
            Share that flashes, 0 to 1.

        Examples
        --------
        >>> cloud = Gas.flashed(0.01703, 239.85, 1.37e6, 0.18)
        >>> cloud.density > 1.2 > Gas.vapour(0.01703, 239.85).density
        True
        """
        within("boiling", boiling, 10.0, 3000.0, "K")
        within("vaporisation", vaporisation, 1e4, 1e7, "J/kg")
        within("flash", flash, 0.0, 1.0)
        if ambient - boiling < 1:
            return cls.vapour(molar_mass, boiling, ambient=ambient)
        air = (1 - flash) * vaporisation / (AIR_HEAT * (ambient - boiling))
        volume = (1 / molar_mass + air / AIR_MOLAR_MASS) * GAS_CONSTANT * boiling / ATMOSPHERE
        return cls((1 + air) / volume, 1 / volume, boiling, ambient)

    @property
    def reduced_gravity(self) -> float:
        """``g' = g (ρ − ρ_air) / ρ_air``, m/s²; negative for a gas lighter than air."""
        air = ATMOSPHERE * AIR_MOLAR_MASS / (GAS_CONSTANT * self.ambient)
        return GRAVITY * (self.density - air) / air

    def fraction(self, ratio: ArrayLike) -> Array:
        """Share by volume of the first cloud, where the curves (isothermal) give `ratio`: ``r / (r + (1 − r) T_0/T_a)``.

        The mass concentration needs no such correction: what warmth adds to the volume it takes from the density.

        Examples
        --------
        >>> round(float(Gas.vapour(0.01604, 111.15, ambient=298.0).fraction(0.019)), 3)
        0.049
        """
        r = np.asarray(ratio, np.float64)
        return np.asarray(r / (r + (1 - r) * self.temperature / self.ambient))


def is_dense_plume(rate: ArrayLike, wind: ArrayLike, gas: Gas, diameter: ArrayLike | None = None) -> NDArray[np.bool_]:
    """Whether density governs a steady release of `rate` kg/s: ``(g' q / (u³ D))^(1/3) ≥ 0.15``; D is √(q/u) if not given.

    Examples
    --------
    >>> is_dense_plume([0.01, 10.0], 4.0, Gas.vapour(0.0709, 239.15)).tolist()
    [True, True]
    >>> bool(is_dense_plume(1.0, 4.0, Gas.vapour(0.01604, 293.15)))
    False
    """
    flow, u = np.asarray(rate, np.float64) / gas.concentration, np.asarray(wind, np.float64)
    D = np.sqrt(flow / u) if diameter is None else np.asarray(diameter, np.float64)
    return np.asarray(np.cbrt(gas.reduced_gravity * flow / (u**3 * D)) >= DENSE_PLUME)


def is_dense_puff(mass: ArrayLike, wind: ArrayLike, gas: Gas, diameter: ArrayLike | None = None) -> NDArray[np.bool_]:
    """Whether density governs an instantaneous release of `mass` kg: ``√(g' V) / (u D) ≥ 0.20``; D is V^(1/3) if not given.

    Examples
    --------
    >>> bool(is_dense_puff(1000.0, 4.0, Gas.vapour(0.0709, 239.15)))
    True
    """
    volume, u = np.asarray(mass, np.float64) / gas.concentration, np.asarray(wind, np.float64)
    D = np.cbrt(volume) if diameter is None else np.asarray(diameter, np.float64)
    return np.asarray(np.sqrt(np.maximum(gas.reduced_gravity * volume, 0.0)) / (u * D) >= DENSE_PUFF)


def plume_curves(alpha: ArrayLike) -> tuple[Array, Array]:
    """Dilutions Cm/C0, shape (6,), and ``β = log10(x / √(q/u))`` at which a plume reaches them, shape (6, …).

    Parameters
    ----------
    alpha : array_like
        ``α = log10((g'² q / u⁵)^(1/5))``; below −0.7 the plume is passive; published to 1, used to 1.3.

    Examples
    --------
    >>> plume_curves(0.0)[1].tolist()
    [1.78, 1.96, 2.16, 2.35, 2.56, 2.71]
    """
    return _curves(_PLUME_CURVES, alpha)


def puff_curves(alpha: ArrayLike) -> tuple[Array, Array]:
    """Dilutions, shape (7,), and ``β = log10(x / V^(1/3))`` of an instantaneous cloud, shape (7, …).

    Parameters
    ----------
    alpha : array_like
        ``α = log10((g' V^(1/3) / u²)^(1/2))``.

    Examples
    --------
    >>> puff_curves(0.0)[1].tolist()
    [0.81, 1.0, 1.19, 1.39, 1.62, 1.83, 2.05]
    """
    return _curves(_PUFF_CURVES, alpha)


def _curves(table: tuple[tuple[float, tuple[tuple[float, float, float], ...]], ...], alpha: ArrayLike) -> tuple[Array, Array]:
    a = np.asarray(alpha, np.float64)
    if np.any(a > _LAST_ALPHA):
        raise NotModelled(
            f"重气扩散关联式只适用于 α ≤ {_LAST_ALPHA}，此处为 {float(a.max()):.2f}（泄漏量太大或风速太低）",
            f"the dense-gas curves end at α = {_LAST_ALPHA}, here {float(a.max()):.2f} (release too large or wind too weak)",
            remedy_zh="请提高最低风速或拆分泄漏量。", remedy_en="Raise the least wind speed or split the release.",
        )
    rows = []
    for _, pieces in table:
        row = np.asarray(pieces[-1][1] * a + pieces[-1][2])
        for end, slope, intercept in reversed(pieces[:-1]):
            row = np.where(a <= end, slope * a + intercept, row)
        rows.append(row)
    return np.array([ratio for ratio, _ in table]), np.stack(rows)


@dataclass(frozen=True)
class Dilution:
    """Dilution Cm/C0 against distance for one or many sources: the near field, then the curves.

    Attributes
    ----------
    scale : array
        ``√(q/u)`` or ``V^(1/3)``, m.
    law : float
        Constant a of the near field ``a / (a + (x/scale)²)``.
    knots, values : (k, …) array
        Ascending distances, m, and the dilutions there; between them straight in the logarithms, constant beyond the last.

    Examples
    --------
    >>> cloud = Dilution.plume(np.array([2.0]), np.array([-0.5]))
    >>> cloud.scale.tolist(), cloud.knots.shape == cloud.values.shape, bool((np.diff(cloud.values[:, 0]) < 0).all())
    ([2.0], True, True)
    """

    scale: Array
    law: float
    knots: Array
    values: Array

    @classmethod
    def plume(cls, scale: Array, alpha: ArrayLike) -> Dilution:
        """Of a steady plume with these ``√(q/u)`` and α."""
        return cls._of(scale, plume_curves(alpha), *_NEAR_PLUME)

    @classmethod
    def puff(cls, scale: Array, alpha: ArrayLike) -> Dilution:
        """Of a cloud with these ``V^(1/3)`` and α.

        Examples
        --------
        >>> cloud = Dilution.puff(np.array([6.5]), np.array([-0.5]))
        >>> cloud.law, bool((np.diff(cloud.values[:, 0]) < 0).all())
        (3.24, True)
        """
        return cls._of(scale, puff_curves(alpha), *_NEAR_PUFF)

    @classmethod
    def _of(cls, scale: Array, curve: tuple[Array, Array], law: float, near_end: float) -> Dilution:
        ratio, beta = curve
        scaled = 10.0**beta
        first = np.minimum(0.999 * scaled[0], near_end)
        values = np.broadcast_to(ratio.reshape(-1, *[1] * (scaled.ndim - 1)), scaled.shape)
        start = np.maximum(law / (law + first**2), ratio[0])
        return cls(scale, law, np.concatenate([first[None], scaled]) * scale, np.concatenate([start[None], values]))

    def at(self, x: Array) -> Array:
        """Dilution at `x` m, broadcast against the sources; 1 at the source and upwind of it.

        Examples
        --------
        >>> curve = Dilution.plume(np.array(1.0), 0.0)
        >>> curve.at(10.0 ** np.array([1.78, 2.71])).round(6).tolist()
        [0.1, 0.002]
        """
        near = np.maximum(self.law / (self.law + np.square(np.maximum(x, 0.0) / self.scale)), self.values[0])
        lx, lk, lv = np.log(np.maximum(x, self.knots[0])), np.log(self.knots), np.log(self.values)
        result = np.broadcast_to(lv[-1], lx.shape)
        for i in range(len(lk) - 2, -1, -1):
            share = np.clip((lx - lk[i]) / (lk[i + 1] - lk[i]), 0.0, 1.0)
            result = np.where(lx < lk[i + 1], lv[i] + share * (lv[i + 1] - lv[i]), result)
        return np.asarray(np.where(x < self.knots[0], near, np.exp(result)), np.float64)


def refuse_light(gas: Gas, wind: ArrayLike) -> None:
    """Refuse what the curves do not cover.

    Raises
    ------
    NotModelled
        If the gas is not heavier than air, or the wind weaker than 0.5 m/s.

    Examples
    --------
    >>> refuse_light(Gas.vapour(0.0709, 239.15), [0.5, 4.0])
    >>> try: refuse_light(Gas.vapour(0.016, 293.15), 4.0)
    ... except NotModelled as error: print(error.remedy("en"))
    Use the Gaussian model.
    """
    if gas.reduced_gravity <= 0:
        raise NotModelled(
            f"气云密度 {gas.density:.2f} kg/m³ 不大于空气，不适用重气模型",
            f"a cloud of {gas.density:.2f} kg/m³ is not heavier than air: the dense-gas model does not apply",
            remedy_zh="请改用高斯模型。", remedy_en="Use the Gaussian model.",
        )
    if np.any(~(np.asarray(wind, np.float64) >= _LEAST_WIND)):
        raise NotModelled(
            f"风速低于 {_LEAST_WIND} m/s，重气扩散关联式不适用", f"the dense-gas curves need winds from {_LEAST_WIND} m/s",
            remedy_zh="请给出不低于 0.5 m/s 的风速。", remedy_en="Give a wind of at least 0.5 m/s.",
        )


def lethality(
    load: ArrayLike, constants: probit.Toxic,
) -> Array:
    """Probability of death outdoors of a toxic load in (kg/m³)ⁿ·s, as the clouds of this package give it.

    Examples
    --------
    >>> load = (6e-3) ** 2 * 30 * 60
    >>> round(float(lethality(load, probit.toxic_constants("ammonia"))), 3)
    0.579
    """
    dose = np.asarray(load, np.float64) * 1e6**constants.n / 60
    return probit.probability(probit.toxic(dose, constants))
