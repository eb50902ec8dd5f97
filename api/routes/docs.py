"""The interface described: OpenAPI as JSON (FastAPI's own) and a plain page made from it, without any outside script."""

from __future__ import annotations

import base64
import hashlib
from html import escape
from typing import Any

from fastapi import APIRouter, Request
from starlette.responses import HTMLResponse

from api.answers import STRICT
from api.openapi import described
from api.problems import MEANINGS

router = APIRouter(include_in_schema=False, dependencies=STRICT)

_STYLE = (
    "body{font:16px/1.6 system-ui,'Noto Sans SC',sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem;color:#212529}"
    "code{background:#f1f3f5;padding:.1em .3em;border-radius:3px}table{border-collapse:collapse}"
    "td,th{border:1px solid #dee2e6;padding:.2em .6em;text-align:left}h2{margin-top:2rem}"
)
_STYLE_HASH = base64.b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode()
_POLICY = f"default-src 'none'; style-src 'sha256-{_STYLE_HASH}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"


@router.get("/docs")
def docs(request: Request) -> HTMLResponse:
    """All interfaces and all problem types on one page."""
    schema = described(request.app)
    parts = [
        _operation(path, method, operation)
        for path, methods in schema["paths"].items() for method, operation in methods.items()
    ]
    problems = "".join(
        f'<tr id="{row.slug}"><td><code>{row.slug}</code></td><td>{row.status}</td><td>{row.zh}</td><td>{row.en}</td></tr>'
        for row in MEANINGS.values()
    )
    html = (
        f'<!DOCTYPE html><html lang="zh-CN"><head><meta charset="utf-8"><title>接口说明</title><style>{_STYLE}</style></head>'
        "<body>"
        '<h1>区域风险一张图：接口说明</h1><p>机器可读的描述：<a href="/api/openapi.json">/api/openapi.json</a>。瓦片：'
        "<code>GET /api/map/tiles/{run}/{z}/{x}/{y}.png</code>。</p>"
        f"{''.join(parts)}<h2>错误 · problems</h2>"
        f"<table><tr><th>type</th><th>status</th><th>中文</th><th>English</th></tr>{problems}</table></body></html>"
    )
    return HTMLResponse(html, headers={"content-security-policy": _POLICY, "cache-control": "no-cache"})


def _operation(path: str, method: str, operation: dict[str, Any]) -> str:
    rows = "".join(
        f"<tr><td><code>{escape(entry['name'])}</code></td><td>{entry['in']}</td>"
        f"<td>{escape(entry.get('description', ''))}</td></tr>"
        for entry in operation.get("parameters", [])
    )
    table = f"<table><tr><th>参数</th><th>位置</th><th>说明</th></tr>{rows}</table>" if rows else ""
    return (f"<h2><code>{method.upper()} {escape(path)}</code></h2><p>{escape(operation.get('summary', ''))}</p>"
            f"<p>{escape(operation.get('description', ''))}</p>{table}")
