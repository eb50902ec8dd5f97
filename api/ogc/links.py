"""Links between the pages of the OGC API: absolute, as the client addressed us."""

from __future__ import annotations

from typing import TypedDict
from urllib.parse import quote, urlencode

from fastapi import Request

JSON, HTML, SCHEMA = "application/json", "text/html", "application/schema+json"
OPENAPI = "application/vnd.oai.openapi+json;version=3.0"


class Link(TypedDict, total=False):
    """One link (RFC 8288) as JSON."""

    href: str
    rel: str
    type: str
    title: str
    hreflang: str
    templated: bool


def base(request: Request) -> str:
    """Address of this server without a slash at its end."""
    return str(request.base_url).rstrip("/")


def link(request: Request, path: str, rel: str, media: str = JSON, title: str = "", **query: str | int) -> Link:
    """A link to a path of this server.

    Parameters
    ----------
    path : str
        Begins with a slash; already quoted.
    rel, media, title : str
    **query
        Parameters to put behind it.
    """
    address = base(request) + path + (f"?{urlencode(query)}" if query else "")
    found: Link = {"href": address, "rel": rel, "type": media}
    if title:
        found["title"] = title
    return found


def here(request: Request, **changed: str | int | None) -> str:
    """Address of this request with other parameters; None takes one away."""
    pairs = [(name, value) for name, value in request.query_params.multi_items() if name not in changed]
    pairs += [(name, str(value)) for name, value in changed.items() if value is not None]
    path = quote(request.scope["path"].removeprefix(request.scope.get("root_path", "")), safe="/:@!$&'()*+,;=~")
    return base(request) + path + (f"?{urlencode(pairs)}" if pairs else "")


def self_links(request: Request, chosen: str, media: dict[str, str], titles: dict[str, str] | None = None) -> list[Link]:
    """The link to this answer and to the same in every other form.

    Parameters
    ----------
    chosen : str
        Name (value of ``f``) of this one.
    media : dict
        Name → media type of all of them.
    """
    return [
        {"href": here(request) if name == chosen else here(request, f=name), "rel": "self" if name == chosen else "alternate",
         "type": kind, **({"title": titles[name]} if titles and name in titles else {})}
        for name, kind in media.items()
    ]


def header(links: list[Link]) -> str:
    """Links as the value of a ``Link`` header.

    Examples
    --------
    >>> header([{"href": "http://a/b", "rel": "next", "type": "text/csv"}])
    '<http://a/b>; rel="next"; type="text/csv"'
    """
    return ", ".join(f'<{entry["href"]}>; rel="{entry["rel"]}"; type="{entry["type"]}"' for entry in links)
