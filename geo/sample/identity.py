"""Names and codes of units that do not exist: unified social credit codes with valid check digits, and plain names."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from geo.sample.write import coded, joined

#: Alphabet and weights of GB 32100-2015 (check digit modulo 31).
_ALPHABET = np.frombuffer(b"0123456789ABCDEFGHJKLMNPQRTUWXY", np.uint8)
_WEIGHTS = 3 ** np.arange(17) % 31
#: What each letter of the alphabet counts in GB 11714 (A is 10 … Z is 35, none left out there).
_ORGANISATION_VALUES = np.array([int(chr(letter), 36) for letter in _ALPHABET])
#: Weights of GB 11714-1997, the organisation code inside (check digit modulo 11).
_ORGANISATION_WEIGHTS = np.array([3, 7, 9, 10, 5, 8, 4, 2])

#: What a unit calls itself, by premises, then by section of GB/T 4754.
TRADES: dict[str, tuple[str, ...]] = {
    "shop": ("便利店", "商店", "超市", "五金店", "服装店", "药店"), "mall": ("商场", "购物中心"),
    "restaurant": ("餐馆", "小吃店", "饭店", "火锅店"), "hotel": ("酒店", "宾馆"), "guesthouse": ("旅馆", "客栈"),
    "entertainment": ("歌舞厅", "健身中心", "网吧", "影剧社"), "school": ("培训学校", "托育园"), "hospital": ("门诊部",),
    "nursing_home": ("养老院",), "factory": ("制造厂", "加工厂", "机械厂", "食品厂"),
    "warehouse": ("仓储库", "物流仓库", "配送站"), "station": ("客运站", "货运站"), "museum": ("展览馆",),
    "stadium": ("运动馆",),
    "office": ("公司", "服务部", "中心"),
}


def short_name(street: str) -> str:
    """A street's name without 街道, 地区, 镇 or 乡."""
    for ending in ("街道", "地区", "镇", "乡"):
        if street.endswith(ending) and len(street) > len(ending) + 1:
            return street.removesuffix(ending)
    return street


def credit_codes(rng: np.random.Generator, district: NDArray[np.str_]) -> pa.Array:
    """Unified social credit codes (GB 32100-2015) with made-up organisation codes and both check digits right.

    Parameters
    ----------
    rng : Generator
    district : (n,) str array
        Six-digit division codes.
    """
    count = len(district)
    values = np.zeros((count, 18), np.int64)
    values[:, 0], values[:, 1] = 9, 1
    values[:, 2:8] = np.asarray(district, "U6").view("U1").reshape(count, 6).astype(np.int64)
    organisation = np.sort(rng.choice(31**4 * 40, count, replace=False))
    for place in range(8):
        values[:, 15 - place], organisation = organisation % 31, organisation // 31
    check = (11 - (_ORGANISATION_VALUES[values[:, 8:16]] * _ORGANISATION_WEIGHTS).sum(axis=1) % 11) % 11
    values[:, 16] = np.where(check == 10, 29, check)  # 29 is the letter X in the alphabet
    values[:, 17] = (31 - (values[:, :17] * _WEIGHTS).sum(axis=1) % 31) % 31
    letters = _ALPHABET[values].astype(np.uint8)
    offsets = np.arange(count + 1, dtype=np.int32) * 18
    return pa.Array.from_buffers(pa.string(), count, [None, pa.py_buffer(offsets), pa.py_buffer(letters.tobytes())])


def names(
    rng: np.random.Generator, street_names: NDArray[np.object_], street: NDArray[np.int64], premises: NDArray[np.str_],
) -> pa.Array:
    """Names like 建国门餐馆00123号（样例）, which nobody can take for a real unit."""
    short = [short_name(name) for name in street_names]
    kinds = sorted(TRADES)
    nouns = [noun for kind in kinds for noun in TRADES[kind]]
    begin = np.cumsum([0, *(len(TRADES[kind]) for kind in kinds)])
    which = np.searchsorted(kinds, premises)
    size = np.diff(begin)
    noun = begin[:-1][which] + np.floor(rng.random(len(premises)) * size[which]).astype(np.int64)
    number = pc.utf8_lpad(pa.array(np.arange(1, len(premises) + 1)).cast(pa.string()), 6, "0")
    return joined(coded(street, short), coded(noun, nouns), number, "号（样例）")
