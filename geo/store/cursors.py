"""Opaque cursors: where a page ended, signed, and good only for the query that gave them."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import json
from typing import Any

from geo.errors import BadParameter

_SIGNATURE = 12


def fingerprint(*parts: Any) -> str:
    """Short hash of what a query asks for."""
    return hashlib.sha256(repr(parts).encode("utf-8", "surrogatepass")).hexdigest()[:16]


def encode(key: str, query: str, last: str) -> str:
    """Cursor behind the row `last` of the query with this fingerprint."""
    body = json.dumps([query, last], ensure_ascii=False).encode()
    return base64.urlsafe_b64encode(_signature(key, body) + body).decode().rstrip("=")


def decode(key: str, query: str, cursor: str) -> str:
    """Id of the row that the cursor stands behind.

    Raises
    ------
    BadParameter
        If it was not made here, was changed, or belongs to another query.
    """
    try:
        data = base64.urlsafe_b64decode(cursor.encode("ascii") + b"=" * (-len(cursor) % 4))
        signature, body = data[:_SIGNATURE], data[_SIGNATURE:]
        if not hmac.compare_digest(signature, _signature(key, body)):
            raise ValueError("signature")
        made_for, last = json.loads(body)
    except (ValueError, TypeError, UnicodeError, binascii.Error):
        raise BadParameter("分页标记无效", "the cursor is not valid", remedy_zh="请从第一页重新查询。",
                           remedy_en="Start again with the first page.") from None
    if made_for != query:
        raise BadParameter("分页标记属于另一个查询", "the cursor belongs to another query",
                           remedy_zh="翻页时查询条件应保持不变。", remedy_en="Keep the query the same from page to page.")
    return str(last)


def _signature(key: str, body: bytes) -> bytes:
    return hmac.digest(key.encode(), body, "sha256")[:_SIGNATURE]
