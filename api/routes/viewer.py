"""The page at ``/``; its scripts, styles and fonts are files below ``/static`` (see :mod:`layers.viewer`)."""

from __future__ import annotations

from fastapi import APIRouter
from starlette.responses import Response

from api.answers import STRICT
from layers.viewer import CSP_HEADER, STATIC, build_page

router = APIRouter(include_in_schema=False, dependencies=STRICT)


@router.get("/")
def page() -> Response:
    """The map page."""
    built = STATIC / "index.html"
    content = built.read_bytes() if built.is_file() else build_page()
    return Response(content, media_type="text/html; charset=utf-8",
                    headers={"content-security-policy": CSP_HEADER, "cache-control": "no-cache"})
