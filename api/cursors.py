"""Where the next page begins, as a token: the run, the question and the place in its answer.

A page costs the same wherever it is, and all pages of a walk are of one run, also when a new one is published meanwhile.
"""

from __future__ import annotations

import base64
import hashlib
import re
from dataclasses import dataclass

from geo.errors import BadParameter

_FORM = re.compile(r"([0-9A-Za-z][0-9A-Za-z_-]{0,63})~(\d{1,10})~([0-9a-f]{24})")


@dataclass(frozen=True)
class Cursor:
    """A place in the answer to a question.

    Attributes
    ----------
    run_id : str
        Snapshot that answers.
    start : int
        Rows of the answer that came before.
    question : bytes
        Key of the question; a cursor of another one is refused.
    """

    run_id: str
    start: int
    question: bytes

    def token(self) -> str:
        """The cursor as letters and digits."""
        plain = f"{self.run_id}~{self.start}~{self.question.hex()}".encode()
        return base64.urlsafe_b64encode(_check(plain) + plain).rstrip(b"=").decode()


def read_cursor(token: str) -> Cursor:
    """The cursor of a token.

    Raises
    ------
    BadParameter
        If this server did not make it.
    """
    try:
        raw = base64.urlsafe_b64decode(token.encode("ascii") + b"=" * (-len(token) % 4))
        match = _FORM.fullmatch(raw[4:].decode("ascii"))
        if match is None or _check(raw[4:]) != raw[:4]:
            raise ValueError("not ours")
    except ValueError as error:
        raise BadParameter("cursor 不正确", "the cursor is wrong", remedy_zh="请使用答复中 rel=next 链接里的 cursor，不要改动。",
                           remedy_en="Use the cursor of the link rel=next as it is.", parameter="cursor") from error
    return Cursor(match[1], int(match[2]), bytes.fromhex(match[3]))


def _check(plain: bytes) -> bytes:
    return hashlib.blake2b(plain, digest_size=4).digest()
