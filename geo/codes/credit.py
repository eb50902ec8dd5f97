"""Unified social credit codes (统一社会信用代码, GB 32100-2015), checked a million at a time."""

from __future__ import annotations

from collections.abc import Sequence
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

#: Alphabet of GB 32100-2015: digits and capitals without I, O, S, V, Z.
ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"

#: Weights 3^(i−1) mod 31 of the first 17 characters (GB 32100-2015, 附录 A).
_WEIGHTS = np.array([3**place % 31 for place in range(17)], np.int32)

_VALUE = np.full(128, -1, np.int8)
_VALUE[[ord(letter) for letter in ALPHABET]] = np.arange(31)

#: What each fault number of :func:`credit_code_faults` means.
CREDIT_FAULTS = MappingProxyType({
    1: ("长度不是 18 位", "is not 18 characters long"),
    2: ("含有代码不允许的字符", "has a character that the code does not allow"),
    3: ("校验位不符", "has a wrong check digit"),
    4: ("是 15 位的旧注册号", "is an old registration number of 15 digits"),
    5: ("是 9 位的组织机构代码", "is an organisation code of 9 characters"),
})


def credit_code_faults(codes: Sequence[str] | NDArray[np.object_]) -> NDArray[np.int8]:
    """What is wrong with each code: 0 for nothing, else a key of :data:`CREDIT_FAULTS`.

    The check digit is ``C18 = 31 − Σ Ci·3^(i−1) mod 31`` (GB 32100-2015, 附录 A), 0 where that is 31.

    Parameters
    ----------
    codes : (n,) sequence of str
        Without blanks, letters in capitals.

    Examples
    --------
    >>> credit_code_faults(["91110000600037341L", "911100006000373411", "9111000060003734", "110000001234567"]).tolist()
    [0, 3, 1, 4]
    """
    texts = np.asarray(codes, "U19").reshape(-1)
    if not texts.size:
        return np.empty(0, np.int8)
    points = np.ascontiguousarray(texts).view(np.uint32).reshape(len(texts), -1)
    length = (points != 0).sum(axis=1)
    faults = np.where(length == 18, 0, 1).astype(np.int8)
    full = np.flatnonzero(length == 18)
    values = np.where(points[full, :18] < 128, _VALUE[np.minimum(points[full, :18], 127)], -1)
    strange = (values < 0).any(axis=1) | (values[:, :8] > 9).any(axis=1) & ~_lettered_register(values)
    wrong = (31 - values[:, :17].astype(np.int32) @ _WEIGHTS % 31) % 31 != values[:, 17]
    faults[full] = np.where(strange, 2, np.where(wrong, 3, 0))
    faults[(length == 15) & np.char.isdigit(texts)] = 4
    faults[length == 9] = 5
    return faults


def _lettered_register(values: NDArray[np.int8]) -> NDArray[np.bool_]:
    """Whether only the first two characters are letters: registers as A1, N1, Y1 are in use; the division is always digits."""
    return np.asarray((values[:, 2:8] >= 0).all(axis=1) & (values[:, 2:8] <= 9).all(axis=1), bool)
