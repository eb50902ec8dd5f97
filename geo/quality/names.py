"""Names and addresses made comparable: one way of writing, without legal form and region, and what tells neighbours apart."""

from __future__ import annotations

import re
from collections import Counter

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from geo.quality.rules import Names

#: Brackets, blanks, dashes and stops that people set or leave out.
_PUNCTUATION = r"[\s()\[\]{}<>《》〈〉【】“”‘’\"'`·•・:：;；,，.。、|/\\_—–-]+"

_NUMERALS = dict(zip("〇零一二三四五六七八九", "00123456789", strict=True))


def written(texts: pa.Array) -> pa.Array:
    """Texts in one way of writing: NFKC, lower case, no punctuation, Chinese numerals as digits.

    Examples
    --------
    >>> written(pa.array(["首钢（第三）分厂 Ａ-1"])).to_pylist()
    ['首钢第3分厂a1']
    """
    plain = pc.utf8_lower(pc.utf8_normalize(texts, form="NFKC"))
    plain = pc.replace_substring_regex(plain, pattern=_PUNCTUATION, replacement="")
    for numeral, digit in _NUMERALS.items():
        plain = pc.replace_substring(plain, pattern=numeral, replacement=digit)
    return plain


def stems(texts: pa.Array, names: Names) -> pa.Array:
    """Names without region in front and legal form behind; a name that is nothing else stays as it is.

    Examples
    --------
    >>> from geo.quality.rules import load_rules
    >>> stems(pa.array(["北京市东风标准件厂（有限公司）", "北京公司"]), load_rules().names).to_pylist()
    ['东风标准件厂', '北京公司']
    """
    plain = written(texts)
    front = "|".join(re.escape(prefix.lower()) for prefix in sorted(names.prefixes, key=len, reverse=True))
    behind = "|".join(re.escape(ending.lower()) for ending in sorted(names.endings, key=len, reverse=True))
    cut = pc.replace_substring_regex(plain, pattern=f"^({front})", replacement="") if front else plain
    cut = pc.replace_substring_regex(cut, pattern=f"({behind})+$", replacement="") if behind else cut
    return pc.if_else(pc.less(pc.utf8_length(cut), 2), plain, cut)


def signatures(plain: pa.Array, compass: str) -> pa.Array:
    """Digits and directions of texts in order: where these differ, two names are two things.

    Examples
    --------
    >>> signatures(pa.array(["第3小学东校区", "第5小学东校区"]), "东南西北").to_pylist()
    ['3东', '5东']
    """
    return pc.replace_substring_regex(plain, pattern=f"[^0-9{compass}]", replacement="")


def rare_pairs(plain: pa.Array) -> NDArray[np.int64]:
    """Two rarest pairs of neighbouring characters of each text, among those that occur at least twice in all texts.

    Two spellings of a name nearly always share such a pair, and hardly anything else nearby does.

    Returns
    -------
    (n, 2) int64
        Hashes; −1 where there is none.
    """
    count = len(plain)
    result = np.full((count, 2), -1, np.int64)
    letters = np.frombuffer("\n".join([*pc.fill_null(plain, "").to_pylist(), ""]).encode("utf-32-le"), np.uint32).astype(np.int64)
    if count == 0 or letters.size < 2:
        return result
    ends = np.flatnonzero(letters == 10)
    starts = np.concatenate([[0], ends[:-1] + 1])
    digit = (letters >= 48) & (letters < 58)
    pair = (letters[:-1] * 1_000_003 + letters[1:] * 7919) % (1 << 20)
    usable = ~digit[:-1] & ~digit[1:] & (letters[:-1] != 10)
    frequency = np.bincount(pair[usable], minlength=1 << 20)
    nothing = np.int64(1) << 60
    rank = np.where(usable & (frequency[pair] > 1), frequency[pair] << 20 | pair, nothing)
    full = np.flatnonzero(ends > starts)
    where = starts[full]
    # the segment of a text runs to its line end; that last place is never usable
    bounds = np.minimum(where, rank.size - 1)
    first = np.minimum.reduceat(rank, bounds)
    owner = np.repeat(np.arange(full.size), np.diff(np.append(bounds, rank.size)))
    second = np.minimum.reduceat(np.where(rank == first[owner], nothing, rank), bounds)
    for column, best in enumerate((first, second)):
        result[full, column] = np.where(best < nothing, best & ((1 << 20) - 1), -1)
    return result


def told_apart(one: str, other: str, distinguishing: str) -> bool:
    """Whether two names differ in a sign that tells things apart: 初中部 and 高中部 are two.

    Examples
    --------
    >>> told_apart("丽泽中学初中部", "丽泽中学高中部", "初高"), told_apart("西城经济大学", "西城区经济大学", "初高")
    (True, False)
    """
    here, there = Counter(one), Counter(other)
    return any(sign in distinguishing for sign in ((here - there) + (there - here)))
