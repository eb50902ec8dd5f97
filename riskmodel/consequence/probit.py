"""Probability of death from heat, pressure and poison."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import ndtr, ndtri

from geo.errors import UnknownIdentifier

Array = NDArray[np.float64]

#: Thermal probits: intercept and slope on ln of the dose in (W/m²)^(4/3)·s, and the share of the dose that counts.
THERMAL: Mapping[str, tuple[float, float, float]] = MappingProxyType({
    "tsao_perry": (-36.38, 2.56, 1.0),  # Tsao and Perry 1979; TNO Green Book; AQ/T 3046-2013
    "tno": (-37.23, 2.56, 1.0),  # widespread in Chinese assessments
    "eisenberg": (-38.48, 2.56, 1.0),  # Eisenberg et al. 1975
    "lees": (-29.02, 1.99, 0.5),  # Lees 1994, half the dose
    "second_degree": (-43.14, 3.0188, 1.0),  # 二度烧伤
    "first_degree": (-39.83, 3.0186, 1.0),  # 一度烧伤
})


class Toxic(NamedTuple):
    """Constants of ``Pr = a + b ln(Cⁿ t)``, C in mg/m³ and t in minutes.

    Examples
    --------
    >>> Toxic(-6.35, 0.5, 2.75) == TOXIC["chlorine"], TOXIC["ammonia"].n
    (True, 2)
    """

    a: float
    b: float
    n: float


#: Purple Book (CPR 18E) table 5.2.
TOXIC: Mapping[str, Toxic] = MappingProxyType({
    "chlorine": Toxic(-6.35, 0.5, 2.75), "ammonia": Toxic(-15.6, 1, 2), "hydrogen_sulphide": Toxic(-11.5, 1, 1.9),
    "hydrogen_fluoride": Toxic(-8.4, 1, 1.5), "hydrogen_chloride": Toxic(-37.3, 3.69, 1), "ethylene_oxide": Toxic(-6.8, 1, 1),
    "acrolein": Toxic(-4.1, 1, 1), "allyl_alcohol": Toxic(-11.7, 1, 2), "methyl_isocyanate": Toxic(-1.2, 1, 0.7),
    "tetraethyl_lead": Toxic(-9.8, 1, 2), "phosgene": Toxic(-10.6, 2, 1), "carbon_monoxide": Toxic(-7.4, 1, 1),
    "hydrogen_cyanide": Toxic(-9.8, 1, 2.4), "sulphur_dioxide": Toxic(-19.2, 1, 2.4), "sulfur_dioxide": Toxic(-19.2, 1, 2.4),
    "nitrogen_dioxide": Toxic(-18.6, 1, 3.7),
    "methyl_bromide": Toxic(-7.3, 1, 1.1), "acrylonitrile": Toxic(-8.6, 1, 1.3), "bromine": Toxic(-12.4, 1, 2),
    "phosphine": Toxic(-6.8, 1, 2),
})

#: Other publications, per substance: a, b, n with C in ppm and t in minutes, and the molar mass in g/mol that turns ppm to mg/m³.
TOXIC_PPM: Mapping[tuple[str, str], tuple[Toxic, float]] = MappingProxyType({
    ("chlorine", "withers_lees"): (Toxic(-8.29, 0.92, 2), 70.9),  # Withers and Lees 1985
    ("ammonia", "ccps"): (Toxic(-35.9, 1.85, 2), 17.03),  # CCPS 1999; API RP 581
    ("hydrogen_sulphide", "ccps"): (Toxic(-31.42, 3.008, 1.43), 34.08),
})

#: Dangerous toxic loads of HSE in ppmⁿ·min: n, SLOT (a few per cent die; taken as 3 %), SLOD (half die), molar mass g/mol.
HSE_LOADS: Mapping[str, tuple[float, float, float, float]] = MappingProxyType({
    "ammonia": (2, 3.78e8, 1.03e9, 17.03), "chlorine": (2, 1.08e5, 4.84e5, 70.9), "hydrogen_sulphide": (4, 2.0e12, 1.5e13, 34.08),
    "carbon_monoxide": (1, 40_125, 57_000, 28.01), "hydrogen_fluoride": (1, 12_000, 21_000, 20.01),
    "sulphur_dioxide": (2, 4.66e6, 7.45e7, 64.07), "phosgene": (1, 108, 348, 98.92),
    "hydrogen_cyanide": (2, 1.92e5, 4.32e5, 27.03),
})

#: Names of the rules of death by pressure.
PRESSURE: tuple[str, ...] = ("rule", "lung_hse", "lung_eisenberg", "head", "collapse")

#: Litres of a mole of gas at 25 °C and 101.325 kPa: mg/m³ = ppm · M / 24.45.
_MOLE = 24.45


def probability(probit: ArrayLike) -> Array:
    """Probability of a probit value: ``½ (1 + erf((Pr − 5)/√2))``.

    Examples
    --------
    >>> probability([2.67, 5.0, 7.33]).round(2).tolist()
    [0.01, 0.5, 0.99]
    """
    return np.asarray(ndtr(np.asarray(probit, np.float64) - 5))


def probit_of(probability: ArrayLike) -> Array:
    """Probit value of a probability, the inverse of :func:`probability`.

    Examples
    --------
    >>> round(float(probit_of(0.01)), 2)
    2.67
    """
    return np.asarray(ndtri(np.asarray(probability, np.float64)) + 5)


def thermal_dose(flux: ArrayLike, seconds: ArrayLike) -> Array:
    """Thermal dose ``q^(4/3) t`` in (W/m²)^(4/3)·s.

    Examples
    --------
    >>> round(float(thermal_dose(5.0, 30.0)), 4)
    256.4964
    """
    return np.asarray(np.asarray(flux, np.float64) ** (4 / 3) * np.asarray(seconds, np.float64))


def thermal(dose: ArrayLike, constants: str = "tsao_perry") -> Array:
    """Probit of a thermal dose, by the name of its constants in :data:`THERMAL`.

    Raises
    ------
    UnknownIdentifier
        If no constants have this name.

    Examples
    --------
    >>> round(float(thermal(1e7)), 4)
    4.8823
    """
    if constants not in THERMAL:
        raise UnknownIdentifier(f"没有名为“{constants}”的热辐射概率函数", f"there is no thermal probit {constants!r}",
                                remedy_en=f"Known: {', '.join(THERMAL)}", remedy_zh=f"可用：{'、'.join(THERMAL)}")
    a, b, share = THERMAL[constants]
    with np.errstate(divide="ignore"):
        return np.asarray(a + b * np.log(share * np.asarray(dose, np.float64)))


def critical_flux(probit: float, seconds: float, constants: str = "tsao_perry") -> float:
    """Heat flux, W/m², that gives this probit after `seconds`.

    Examples
    --------
    >>> round(critical_flux(5.0, 13.9, "tno"))
    32799
    """
    a, b, share = THERMAL[constants]
    return float((np.exp((probit - a) / b) / share / seconds) ** 0.75)


def heat_outdoors(
    flux: ArrayLike, seconds: ArrayLike, *, constants: str = "tsao_perry", certain: float = 37_500.0, longest: float = 20.0,
) -> Array:
    """Probability of death of an unprotected person outdoors.

    Exposure is capped at `longest` seconds; at and above `certain` W/m² death is certain (AQ/T 3046-2013, Purple Book 5.2.3).

    Examples
    --------
    >>> heat_outdoors([9_800.0, 12_500.0, 25_000.0, 37_500.0], 60.0).round(4).tolist()
    [0.0096, 0.0654, 0.8036, 1.0]
    """
    q = np.asarray(flux, np.float64)
    P = probability(thermal(thermal_dose(q, np.minimum(np.asarray(seconds, np.float64), longest)), constants))
    return np.where(q >= certain, 1.0, P)


def heat_indoors(flux: ArrayLike, *, certain: float = 37_500.0) -> Array:
    """Probability of death indoors: 1 from `certain` W/m² (the building burns), else 0 (Purple Book 5.2.3).

    Examples
    --------
    >>> heat_indoors([37_400.0, 37_500.0]).tolist()
    [0.0, 1.0]
    """
    return np.where(np.asarray(flux, np.float64) >= certain, 1.0, 0.0)


def blast_outdoors(overpressure: ArrayLike) -> Array:
    """Probability of death outdoors in a vapour-cloud explosion: 1 from 0.3 bar, else 0; Pa (Purple Book 5.2.4).

    Examples
    --------
    >>> blast_outdoors([9e3, 2e4, 3e4]).tolist()
    [0.0, 0.0, 1.0]
    """
    return np.where(np.asarray(overpressure, np.float64) >= 3e4, 1.0, 0.0)


def blast_indoors(overpressure: ArrayLike) -> Array:
    """Probability of death indoors in a vapour-cloud explosion: 1 from 0.3 bar, 0.025 from 0.1 bar; Pa (Purple Book 5.2.4).

    Examples
    --------
    >>> blast_indoors([9e3, 2e4, 3e4]).tolist()
    [0.0, 0.025, 1.0]
    """
    p = np.asarray(overpressure, np.float64)
    return np.where(p >= 3e4, 1.0, np.where(p >= 1e4, 0.025, 0.0))


def lung_eisenberg(overpressure: ArrayLike) -> Array:
    """Probit of lung haemorrhage ``−77.1 + 6.91 ln p``, Pa (Eisenberg et al. 1975).

    Examples
    --------
    >>> round(float(lung_eisenberg(1e5)), 4)
    2.4543
    """
    return np.asarray(-77.1 + 6.91 * np.log(np.asarray(overpressure, np.float64)))


def lung_hse(overpressure: ArrayLike) -> Array:
    """Probit of lung haemorrhage ``5.13 + 1.37 ln(p / 1 bar)``, Pa (HSE).

    Examples
    --------
    >>> float(lung_hse(1e5))
    5.13
    """
    return np.asarray(5.13 + 1.37 * np.log(np.asarray(overpressure, np.float64) / 1e5))


def head_impact(overpressure: ArrayLike, impulse: ArrayLike) -> Array:
    """Probit of head impact ``5 − 8.49 ln(2430/p + 4e8/(p i))``, Pa and Pa·s (TNO Green Book).

    Examples
    --------
    >>> round(float(head_impact(1e5, 1e4)), 4)
    12.2786
    """
    p, i = np.asarray(overpressure, np.float64), np.asarray(impulse, np.float64)
    return np.asarray(5 - 8.49 * np.log(2430 / p + 4e8 / (p * i)))


def collapse(overpressure: ArrayLike, impulse: ArrayLike) -> Array:
    """Probit of structural collapse ``5 − 0.22 ln((40000/p)^7.4 + (460/i)^11.3)``, Pa and Pa·s (TNO Green Book).

    Examples
    --------
    >>> round(float(collapse(1e5, 1e4)), 4)
    6.4917
    """
    p, i = np.asarray(overpressure, np.float64), np.asarray(impulse, np.float64)
    return np.asarray(5 - 0.22 * np.log((40_000 / p) ** 7.4 + (460 / i) ** 11.3))


def blast_probability(
    overpressure: ArrayLike, impulse: ArrayLike = np.inf, constants: str = "rule", *, indoors: bool = False,
) -> Array:
    """Probability of death of an overpressure (Pa) and impulse (Pa·s) by the name of its rule in :data:`PRESSURE`.

    ``rule`` is the 0.3 and 0.1 bar rule of the Purple Book; the lung probits need no impulse, head impact and collapse do.

    Raises
    ------
    UnknownIdentifier
        If no rule has this name.

    Examples
    --------
    >>> [round(float(blast_probability(1e5, 1e4, name)), 3) for name in PRESSURE]
    [1.0, 0.552, 0.005, 1.0, 0.932]
    """
    if constants == "rule":
        return blast_indoors(overpressure) if indoors else blast_outdoors(overpressure)
    table = {"lung_hse": lambda p, _: lung_hse(p), "lung_eisenberg": lambda p, _: lung_eisenberg(p), "head": head_impact,
             "collapse": collapse}
    if constants not in table:
        raise UnknownIdentifier(f"没有名为“{constants}”的超压概率函数", f"there is no overpressure probit {constants!r}",
                                remedy_zh=f"可用：{'、'.join(PRESSURE)}", remedy_en=f"Known: {', '.join(PRESSURE)}")
    with np.errstate(divide="ignore"):
        return probability(table[constants](np.asarray(overpressure, np.float64), np.asarray(impulse, np.float64)))


def toxic_constants(substance: str, source: str = "purple_book") -> Toxic:
    """Toxic probit constants of a substance, for C in mg/m³ and t in minutes.

    Parameters
    ----------
    substance : str
    source : str
        purple_book (:data:`TOXIC`), a name of :data:`TOXIC_PPM`, or hse: a line through SLOT (3 %) and SLOD (50 %) of
        :data:`HSE_LOADS`.

    Raises
    ------
    UnknownIdentifier
        If there are none: a substance without constants is never harmless.

    Examples
    --------
    >>> toxic_constants("ammonia").n
    2
    >>> round(toxic_constants("chlorine", "withers_lees").a, 2)
    -10.25
    """
    if source == "purple_book" and substance in TOXIC:
        return TOXIC[substance]
    if (substance, source) in TOXIC_PPM:
        return _in_milligrams(*TOXIC_PPM[substance, source])
    if source == "hse" and substance in HSE_LOADS:
        n, slot, slod, molar = HSE_LOADS[substance]
        slope = float((5 - probit_of(0.03)) / np.log(slod / slot))
        return _in_milligrams(Toxic(5 - slope * float(np.log(slod)), slope, n), molar)
    known = sorted({*TOXIC, *HSE_LOADS})
    raise UnknownIdentifier(f"没有物质“{substance}”的毒性概率函数常数（{source}）",
                            f"no toxic probit constants for {substance!r} ({source})", remedy_zh=f"可用：{'、'.join(known)}",
                            remedy_en=f"Known: {', '.join(known)}")


def _in_milligrams(constants: Toxic, molar_mass: float) -> Toxic:
    shift = constants.b * constants.n * np.log(_MOLE / molar_mass)
    return Toxic(float(constants.a + shift), constants.b, constants.n)


def toxic(load: ArrayLike, constants: Toxic) -> Array:
    """Probit of a toxic load ``Cⁿ t`` in (mg/m³)ⁿ·min.

    Examples
    --------
    >>> round(float(toxic(6000.0**2 * 30, toxic_constants("ammonia"))), 3)
    5.2
    """
    with np.errstate(divide="ignore"):
        return np.asarray(constants.a + constants.b * np.log(np.asarray(load, np.float64)))


def toxic_load(concentration: ArrayLike, minutes: ArrayLike, n: float, *, longest: float = 30.0) -> Array:
    """Toxic load ``Cⁿ t`` of a constant concentration (mg/m³), exposure capped at `longest` minutes (Purple Book 5.2.2).

    Examples
    --------
    >>> float(toxic_load(100.0, 60.0, 2.0))
    300000.0
    """
    return np.asarray(np.asarray(concentration, np.float64) ** n * np.minimum(np.asarray(minutes, np.float64), longest))
