"""In which form an answer goes out: the parameter ``f`` first, then the header ``Accept``, then JSON."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated

from fastapi import Query, Request
from starlette.exceptions import HTTPException

from geo.errors import BadParameter

#: The two forms of every description.
DESCRIPTIONS: Mapping[str, str] = {"json": "application/json", "html": "text/html"}

#: The parameter of descriptions.
F = Annotated[str | None, Query(description="json or html; without it the header Accept decides", pattern="^(json|html)$")]


def chosen(request: Request, f: str | None, offered: Mapping[str, str], aliases: Mapping[str, str] | None = None,
           also: Mapping[str, str] | None = None) -> str:
    """Name of the form to answer in.

    Parameters
    ----------
    request : Request
    f : str or None
        The client's choice.
    offered : mapping
        Name → media type; the first is the default.
    aliases : mapping or None
        Other names that `f` may have.
    also : mapping or None
        Further media types in ``Accept`` → name.

    Raises
    ------
    BadParameter
        If `f` is none of the offered.
    HTTPException
        406 if ``Accept`` allows none of them.

    Examples
    --------
    >>> from starlette.requests import Request
    >>> browser = Request({"type": "http", "headers": [(b"accept", b"text/html,*/*;q=0.8")]})
    >>> chosen(browser, None, DESCRIPTIONS)
    'html'
    """
    if f is not None:
        name = (aliases or {}).get(f.lower(), f.lower())
        if name not in offered:
            raise BadParameter(f"f={f[:40]} 不可用", f"f={f[:40]} is not available", remedy_zh=f"可用：{'、'.join(offered)}。",
                               remedy_en=f"Available: {', '.join(offered)}.", parameter="f")
        return name
    accept = request.headers.get("accept", "")
    if not accept.strip():
        return next(iter(offered))
    media = {kind: name for name, kind in offered.items()} | dict(also or {})
    for wanted, quality in _preferences(accept):
        if quality <= 0:
            continue
        for kind, name in media.items():
            if _fits(wanted, kind):
                return name
    raise HTTPException(406)


def _preferences(accept: str) -> list[tuple[str, float]]:
    """Media ranges, best liked first; of equal quality the more specific, then the earlier."""
    found = []
    for place, part in enumerate(accept[:2000].split(",")):
        kind, _, rest = part.strip().partition(";")
        quality = 1.0
        for parameter in rest.split(";"):
            name, _, value = parameter.strip().partition("=")
            if name.lower() == "q":
                try:
                    quality = float(value)
                except ValueError:
                    quality = 0.0
        kind = kind.strip().lower()
        if kind:
            found.append((-quality, kind.count("*"), place, kind))
    return [(kind, -quality) for quality, _, _, kind in sorted(found)]


def _fits(wanted: str, offered: str) -> bool:
    kind = offered.partition(";")[0]
    return wanted in ("*/*", kind) or (wanted.endswith("/*") and kind.startswith(wanted[:-1]))
