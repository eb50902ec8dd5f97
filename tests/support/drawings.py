"""Pictures made on two machines: the same words and strokes, coordinates to a fiftieth of a point.

Another processor may round the last digit of a logarithm otherwise, and matplotlib names parts by what is in them.
"""

from __future__ import annotations

import re

_NUMBER = re.compile(r"-?\d+(?:\.\d+)?")
_NAMED = re.compile(r'((?:id="|#)[mp])[0-9a-f]{10}\b')

#: Points; a line is a whole one wide.
NEAR = 0.02


def same_drawing(one: str, other: str) -> bool:
    """Whether two SVG texts differ by no more than :data:`NEAR` in any number, and in nothing else."""
    left, right = (_NAMED.sub(r"\1", text) for text in (one, other))
    if _NUMBER.sub("#", left) != _NUMBER.sub("#", right):
        return left == right
    pairs = zip(_NUMBER.findall(left), _NUMBER.findall(right), strict=True)
    return all(a == b or abs(float(a) - float(b)) <= NEAR for a, b in pairs)
