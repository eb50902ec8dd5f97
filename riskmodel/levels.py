"""Index and levels: fixed, published rules, each applied only to what it was made for.

Level 1 重大 (red) … 4 低 (blue). The lowest number wins and every code that fired is kept. Nothing here looks at another
cell or street: no percentiles, no min–max, so a colour moves only when its own place moves.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from riskmodel.parameters import Parameters

#: Cell codes; bit i of a cell's `codes` is the i-th.
CELL_CODES: tuple[str, ...] = ("C-IR-1", "C-IR-2", "C-IR-3", "C-D-1", "C-D-2", "C-D-3", "C-V-1")
CELL_CODE_LEVEL: dict[str, int] = {
    "C-IR-1": 1, "C-IR-2": 2, "C-IR-3": 3, "C-D-1": 1, "C-D-2": 2, "C-D-3": 3, "C-V-1": 1,
}
STREET_CODE_LEVEL: dict[str, int] = {
    "S-IR-1": 1, "S-IR-2": 2, "S-FN-1": 1, "S-FN-2": 2, "S-V-1": 1, "S-V-2": 2, "S-H-2": 2, "S-H-3": 3, "S-D-1": 1,
    "S-D-2": 2, "S-D-3": 3, "S-P-3": 3,
}

CODE_ZH: dict[str, str] = {
    "C-IR-1": "场所或住宅处危险化学品个人风险超过在役标准（GB 36894）",
    "C-IR-2": "危险化学品个人风险超过新建标准或可能超过住宅在役标准，或类比风险超过在役标准",
    "C-IR-3": "类比个人风险超过新建标准，或危险化学品个人风险可能超过住宅新建标准、在无人处≥1×10⁻⁵",
    "C-D-1": "生命损失密度达到重大阈值", "C-D-2": "生命损失密度达到较大阈值", "C-D-3": "生命损失密度达到一般阈值",
    "C-V-1": "网格内有一票否决单位",
    "S-IR-1": "有场所或住宅的危险化学品个人风险超过在役标准",
    "S-IR-2": "有场所或住宅的个人风险超过新建标准，或可能超过住宅在役标准，或超过类比在役标准",
    "S-FN-1": "有装置自身社会风险曲线位于不可接受区", "S-FN-2": "有装置自身社会风险曲线距不可接受区不足一个数量级",
    "S-V-1": "一票否决：诊断红色的重大危险源，或高风险单位重大隐患逾期30天以上",
    "S-V-2": "诊断红色单位，或有未销案的重大隐患",
    "S-H-2": "有一、二级重大危险源", "S-H-3": "有三、四级重大危险源",
    "S-D-1": "生命损失密度达到重大阈值", "S-D-2": "生命损失密度达到较大阈值", "S-D-3": "生命损失密度达到一般阈值",
    "S-K": "人均风险达到常模的3倍，上调一级（不超过较大）", "S-P-3": "有Ⅲ级高后果区管段",
}


def index(density: ArrayLike, parameters: Parameters) -> NDArray[np.float64]:
    """Risk index 0–100 of a PLL density in deaths per km² and year.

    ``I = clip(100 / 6 · log10(d / 1e-5), 0, 100)``: 0 is 1e-5, 100 is 10, a doubling is 5.0 points, for cells and streets
    alike (fixed scale, product decision).

    Examples
    --------
    >>> from riskmodel.parameters import load_parameters
    >>> index([6.5e-3, 3.0], load_parameters()).round(1).tolist()
    [46.9, 91.3]
    """
    low = parameters.number("levels.index.zero")
    high = parameters.number("levels.index.hundred")
    d = np.maximum(np.asarray(density, np.float64), low)
    return np.asarray(np.clip(100.0 * np.log10(d / low) / np.log10(high / low), 0.0, 100.0))


@dataclass(frozen=True)
class CellLevels:
    """Level (int8, 0 = no colour), hatched (bool) and codes (int32 bit mask) of cells.

    Examples
    --------
    >>> one = CellLevels(np.array([2], np.int8), np.array([True]), np.array([0b1000], np.int32))
    >>> [code for bit, code in enumerate(CELL_CODES) if one.codes[0] >> bit & 1], bool(one.hatched[0])
    (['C-D-1'], True)
    """

    level: NDArray[np.int8]
    hatched: NDArray[np.bool_]
    codes: NDArray[np.int32]


def cell_codes(density: NDArray[np.float64], codes: NDArray[np.int32], parameters: Parameters) -> NDArray[np.int32]:
    """Add the density rule that holds, the most severe alone, to the codes already found (bits of C-IR-*, C-V-1).

    Examples
    --------
    >>> from riskmodel.example import parameters
    >>> found = cell_codes(np.array([1e-6, 0.5, 5.0]), np.zeros(3, np.int32), parameters())
    >>> [[code for bit, code in enumerate(CELL_CODES) if mask >> bit & 1] for mask in found]
    [[], ['C-D-2'], ['C-D-1']]
    """
    found = codes.copy()
    for bit, threshold in zip((3, 4, 5), parameters.array("levels.cell.density"), strict=True):
        lower = (density >= threshold) & ((found & 0b111000) == 0)
        found[lower] |= 1 << bit
    return found


def level_of_codes(codes: NDArray[np.int32]) -> NDArray[np.int8]:
    """The lowest level of all codes that fired, 4 without any.

    Examples
    --------
    >>> level_of_codes(np.array([0, 1 << CELL_CODES.index("C-IR-2"), 1 << CELL_CODES.index("C-V-1")], np.int32)).tolist()
    [4, 2, 1]
    """
    level = np.full(len(codes), 4, np.int8)
    for bit, code in enumerate(CELL_CODES):
        fired = (codes >> bit) & 1 == 1
        level[fired] = np.minimum(level[fired], CELL_CODE_LEVEL[code])
    return level


def cell_levels(density: NDArray[np.float64], odds: NDArray[np.floating], codes: NDArray[np.int32], fact: NDArray[np.bool_],
                elsewhere: NDArray[np.floating], parameters: Parameters) -> CellLevels:
    """Levels of occupied cells by rules C-*.

    Parameters
    ----------
    density : (n,) deaths/km²·yr
    odds : (n,) float
        P(level ≤ 1) in the draws: a model-made red without even odds is drawn as hatched orange.
    codes : (n,) int32
        Codes already found at targets and vetoes (bits of C-IR-*, C-V-1).
    fact : (n,) bool
        Where a C-V-1 holds by record.
    elsewhere : (n,) float
        Highest density of the cells of the half-shifted grid that cover this one: a colour that is found in none of them is
        hatched.

    Examples
    --------
    >>> from riskmodel.example import parameters
    >>> density, none = np.array([5.0, 5.0]), np.zeros(2, np.int32)
    >>> found = cell_levels(density, np.array([0.9, 0.3]), none, none > 0, density, parameters())
    >>> found.level.tolist(), found.hatched.tolist()
    ([1, 2], [False, True])
    """
    found = cell_codes(density, codes, parameters)
    level = level_of_codes(found)
    moved = level_of_codes(cell_codes(np.minimum(density, elsewhere), codes, parameters)) > level
    unsure = (level == 1) & ~fact & (odds < parameters.number("uncertainty.draws.even_odds"))
    level[unsure] = 2
    return CellLevels(level, unsure | moved, found)


def street_level(codes: dict[str, bool], kappa: float, parameters: Parameters) -> tuple[int, bool, list[str]]:
    """Level of a street from the codes that fired.

    Parameters
    ----------
    codes : dict of code → bool
        Every S-code that fired; the value says whether it holds at even odds (a model-made red that does not is hatched).
    kappa : float
        PLL per head against the city's norm; at 3 and more the street goes one level up, never past 2.

    Returns
    -------
    level, hatched, codes in order of severity

    Examples
    --------
    >>> from riskmodel.example import parameters
    >>> street_level({"S-H-2": True, "S-IR-1": False}, 1.2, parameters())
    (2, True, ['S-IR-1', 'S-H-2'])
    >>> street_level({"S-H-3": True}, 4.0, parameters())
    (2, False, ['S-H-3', 'S-K'])
    """
    fired = sorted(codes, key=lambda code: (STREET_CODE_LEVEL[code], code))
    level = min((STREET_CODE_LEVEL[code] for code in fired), default=4)
    hatched = False
    if level == 1 and not any(codes[code] for code in fired if STREET_CODE_LEVEL[code] == 1):
        level, hatched = 2, True
    if kappa >= parameters.number("levels.street.kappa"):
        level = level - 1 if level > 2 else level
        fired.append("S-K")
    return level, hatched, fired
