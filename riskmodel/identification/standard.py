"""The rules of GB 18218-2018 for one unit: S, R, α, β, grade."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from geo.codes import hazard_class, substance
from geo.errors import BadParameter, UnknownIdentifier
from riskmodel.parameters.load import Parameters


@dataclass(frozen=True)
class Identification:
    """Result for one unit.

    Attributes
    ----------
    s : float
        ``S = Σ q/Q`` (clause 4.2.2, eq. 1).
    r : float
        ``R = α Σ β q/Q`` (clause 4.3.2, eq. 2); 0 where S < 1, because such a unit is not graded.
    alpha : float
        Coefficient of exposed residents (table 5).
    grade : int
        1–4 for 一级 … 四级; 0: not a major hazard.

    Examples
    --------
    >>> from riskmodel.example import parameters
    >>> found = identify({"氯": 5.0}, 60, parameters())
    >>> found.s, found.alpha, found.r, found.grade
    (1.0, 1.5, 6.0, 4)
    """

    s: float
    r: float
    alpha: float
    grade: int


def identify(quantities: Mapping[str, float], residents: float, parameters: Parameters) -> Identification:
    """Identify and grade one unit.

    Parameters
    ----------
    quantities : mapping
        Design maximum in t by substance: a name, alias or CAS number of table 1, or a category symbol of table 2 (``W5.4``)
        for what table 1 does not name. A mixture in the class of its pure substance counts as that, with its whole mass.
    residents : float
        Residents (常住) within 500 m outward of the plant's boundary.
    parameters : Parameters

    Raises
    ------
    UnknownIdentifier
        If a substance is neither in table 1 nor a symbol of table 2.
    BadParameter
        If a quantity is negative or not a number.

    Examples
    --------
    >>> from riskmodel.parameters.load import load_parameters
    >>> identify({"氨": 30, "液化石油气": 80}, 60, load_parameters()).grade
    3
    """
    for name, tonnes in quantities.items():
        if not tonnes >= 0 or not np.isfinite(tonnes):
            raise BadParameter(f"“{name}”的设计最大量 {tonnes} t 无效", f"design maximum of {name!r} is {tonnes} t",
                               substance=name)
    ratios = {name: tonnes / threshold(name) for name, tonnes in quantities.items()}
    s = sum(ratios.values())
    weighted = sum(beta(name, parameters) * ratio for name, ratio in ratios.items())
    factor = float(alpha(residents, parameters))
    r = factor * weighted if is_major(s) else 0.0
    return Identification(s, r, factor, int(grade(s, r, parameters)))


def is_major(s: ArrayLike) -> NDArray[np.bool_]:
    """``S ≥ 1``, with one part in 10⁹ against rounding.

    Examples
    --------
    >>> is_major([0.999, 1.0]).tolist()
    [False, True]
    """
    return np.asarray(np.asarray(s, np.float64) >= 1.0 - 1e-9)


def key_of(name: str) -> str:
    """Name of table 1, or symbol of table 2, of a name, alias, CAS number or symbol.

    Raises
    ------
    UnknownIdentifier
        If it is in neither table.

    Examples
    --------
    >>> key_of("7782-50-5"), key_of("diesel"), key_of("W5.3")
    ('氯', 'W5.4', 'W5.3')
    """
    try:
        found = substance(name)
    except UnknownIdentifier as unknown:
        try:
            return hazard_class(name).symbol
        except UnknownIdentifier:
            raise UnknownIdentifier(
                f"“{name}”不在 GB 18218-2018 表1、表2 中：{unknown.zh}", f"{name!r} is not in GB 18218-2018 tables 1 and 2",
                remedy_zh="请写表1名称、CAS 号或表2类别符号（如 W5.3）。",
                remedy_en="Give a name or CAS number of table 1, or a category symbol of table 2 such as W5.3.", name=name,
            ) from None
    return found.name if found.number else found.symbol


def threshold(name: str) -> float:
    """Critical quantity Q in t: table 1 by name, alias or CAS number, else table 2 by category symbol.

    Examples
    --------
    >>> threshold("氯"), threshold("W5.4")
    (5.0, 5000.0)
    """
    key = key_of(name)
    try:
        return substance(key).quantity_t
    except UnknownIdentifier:
        return hazard_class(key).quantity_t


def category(name: str, parameters: Parameters) -> str:
    """Category symbol of table 2 and 4 of a substance; the symbol itself for one given by it.

    Examples
    --------
    >>> from riskmodel.parameters.load import load_parameters
    >>> category("汽油", load_parameters())
    'W5.3'
    """
    key = key_of(name)
    return str(parameters.table("identification.table1.category").get(key, key))


def beta(name: str, parameters: Parameters) -> float:
    """Correction β: table 3 by name, else table 4 by the substance's category symbol.

    Raises
    ------
    UnknownIdentifier
        If the substance has neither.

    Examples
    --------
    >>> from riskmodel.parameters.load import load_parameters
    >>> beta("氯", load_parameters()), beta("汽油", load_parameters())
    (4.0, 1.0)
    """
    key = key_of(name)
    gases = parameters.table("identification.beta.named")
    if key in gases:
        return float(gases[key])
    symbols = parameters.table("identification.beta.category")
    symbol = category(key, parameters)
    if symbol not in symbols:
        raise UnknownIdentifier(f"“{name}”没有 GB 18218-2018 表3、表4 的 β", f"{name!r} has no β in GB 18218-2018 tables 3 and 4",
                                name=name)
    return float(symbols[symbol])


def alpha(residents: ArrayLike, parameters: Parameters) -> NDArray[np.float64]:
    """Coefficient α of exposed residents (table 5); fractions of a person are rounded to the nearest whole.

    Examples
    --------
    >>> from riskmodel.parameters.load import load_parameters
    >>> alpha([0, 29, 30, 50, 99.4, 100], load_parameters()).tolist()
    [0.5, 1.0, 1.2, 1.5, 1.5, 2.0]
    """
    bounds = parameters.array("identification.alpha.people")
    values = parameters.array("identification.alpha.coefficient")
    people = np.floor(np.asarray(residents, np.float64) + 0.5)
    return np.asarray(values[(people[..., None] < bounds).sum(axis=-1)])


def grade(s: ArrayLike, r: ArrayLike, parameters: Parameters) -> NDArray[np.int8]:
    """Grade 1–4 by R (table 6, lower bounds inclusive); 0 where S < 1.

    Examples
    --------
    >>> from riskmodel.parameters.load import load_parameters
    >>> grade([1.0, 1.0, 0.9], [100.0, 9.9, 0.0], load_parameters()).tolist()
    [1, 4, 0]
    """
    bounds = parameters.array("identification.grade.r")
    level = 1 + (np.asarray(r, np.float64)[..., None] < bounds * (1 - 1e-12)).sum(axis=-1)
    return np.where(is_major(s), level, 0).astype(np.int8)
