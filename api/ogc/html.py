"""The OGC API for people: small pages without scripts, in Chinese; every text from data is escaped."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterable, Sequence
from html import escape
from typing import Any
from urllib.parse import quote

import numpy as np
import orjson
from fastapi import Request
from starlette.responses import HTMLResponse

from api.ogc.ask import Asked
from api.ogc.links import Link
from geo.codes import exact, industry
from geo.kinds import SECTIONS
from layers.collections import Collection
from layers.formats.jsontext import geometry_texts
from layers.style import SYNTHETIC_ZH

STYLE = (
    "body{font:15px/1.6 system-ui,'Noto Sans SC',sans-serif;margin:0;color:#212529;background:#f8f9fa}"
    "header{background:#1b3a5c;color:#fff;padding:.6rem 1rem}header a{color:#fff;margin-right:1rem}"
    "main{max-width:80rem;margin:1rem auto;padding:0 1rem 3rem}h1{font-size:1.4rem}h2{font-size:1.1rem;margin-top:1.6rem}"
    ".wide{overflow-x:auto;background:#fff;border:1px solid #dee2e6}table{border-collapse:collapse;font-size:.9em;width:100%}"
    "td,th{border-bottom:1px solid #e9ecef;padding:.25em .6em;text-align:left;vertical-align:top;white-space:nowrap}"
    "th{background:#f1f3f5}td.long{white-space:normal;min-width:16em;word-break:break-all}"
    "code{background:#f1f3f5;padding:.1em .3em}"
    ".note{background:#fff3bf;padding:.4rem 1rem}nav.pages a{margin-right:1rem}"
)
_HASH = base64.b64encode(hashlib.sha256(STYLE.encode()).digest()).decode()
POLICY = (f"default-src 'none'; style-src 'sha256-{_HASH}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'")

#: Rows of a table on a page; more are a matter of the other forms.
_SHOWN_CHARACTERS = 400


def page(request: Request, body: str, title: str) -> HTMLResponse:
    """A whole page."""
    note = f'<p class="note">{escape(SYNTHETIC_ZH)}</p>' if getattr(request.state, "synthetic", False) else ""
    html = (
        f'<!DOCTYPE html><html lang="zh-CN"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">'
        f"<title>{escape(title)} · 区域风险一张图</title><style>{STYLE}</style></head><body>"
        '<header><a href="/">风险一张图</a><a href="/api?f=html">接口</a><a href="/api/collections?f=html">图层</a>'
        f'<a href="/docs">说明</a></header><main>{note}<h1>{escape(title)}</h1>{body}</main></body></html>'
    )
    return HTMLResponse(html, headers={"content-security-policy": POLICY, "cache-control": "no-cache",
                                       "vary": "accept, accept-language"})


def anchors(links: Iterable[Link]) -> str:
    """A list of links, without the one to where the reader is already."""
    titles = {"alternate": "机器可读"}
    rows = "".join(
        f'<li><a href="{escape(entry["href"], quote=True)}">'
        f'{escape(entry.get("title") or titles.get(entry["rel"], entry["rel"]))}</a> '
        f'<code>{escape(entry["rel"])}</code> {escape(entry.get("type", ""))}</li>' for entry in links if entry["rel"] != "self"
    )
    return f"<ul>{rows}</ul>"


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table of cells that are HTML already."""
    top = "".join(f"<th>{escape(name)}</th>" for name in head)
    body = "".join("<tr>" + "".join(cells) + "</tr>" for cells in rows)
    return f'<div class="wide"><table><tr>{top}</tr>{body}</table></div>'


def cell(value: Any) -> str:
    """One value as a cell."""
    if value is None:
        return "<td></td>"
    if isinstance(value, bool):
        return f"<td>{'是' if value else '否'}</td>"
    if isinstance(value, float):
        return f"<td>{value:.6g}</td>"
    text = str(value)[:_SHOWN_CHARACTERS]
    return f'<td class="long">{escape(text)}</td>' if len(text) > 40 else f"<td>{escape(text)}</td>"


def items(collection: Collection, rows: np.ndarray, asked: Asked, head: dict[str, Any]) -> str:
    """A page of features as a table."""
    names = [name for name in collection.chosen(asked.names) if name != "id"]  # it stands first, as the link
    values = {name: array.to_pylist() for name, array in collection.take(rows, names).items()}
    ids = collection.ids(rows).to_pylist()
    lines = []
    for place, identity in enumerate(ids):
        address = f"/api/collections/{quote(collection.name)}/items/{quote(identity or '', safe='')}?f=html"
        first = f'<td><a href="{escape(address, quote=True)}">{escape(str(identity))}</a></td>'
        lines.append([first, *(cell(values[name][place]) for name in names)])
    labels = [collection.properties[name].zh or name for name in names]
    pages = "".join(f'<a href="{escape(entry["href"], quote=True)}">下一页</a>' for entry in head["links"]
                    if entry["rel"] == "next")
    shown = f"<p>共 {head['numberMatched']} 个，本页 {head['numberReturned']} 个。</p>"
    others = [entry for entry in head["links"] if entry["rel"] in ("alternate", "collection")]
    pages = f'<nav class="pages">{pages}</nav>'
    return f'{shown}{pages}{table(["编号", *labels], lines)}{pages}{anchors(others)}'


def _with_meaning(name: str, value: Any) -> Any:
    """A code of GB/T 4754 with what it stands for; everything else as it is."""
    if not isinstance(value, str) or name not in ("industry", "industry_code"):
        return value
    if name == "industry":
        return f"{value} {SECTIONS.get(value, '')}".strip()
    return f"{value} {industry(value).name}" if exact([value])[0] else value


def item(collection: Collection, row: np.ndarray, asked: Asked, links: list[Link]) -> str:
    """One feature with all its properties."""
    names = collection.chosen(asked.names)
    values = {name: array.to_pylist()[0] for name, array in collection.take(row, names).items()}
    rows = []
    for name in names:
        declared = collection.properties[name]
        label = escape(declared.zh or name) + (f"（{escape(declared.unit)}）" if declared.unit else "")
        rows.append([f"<td>{label}</td><td><code>{escape(name)}</code></td>", cell(_with_meaning(name, values[name]))])
    geometry = orjson.loads(geometry_texts(collection, row, asked.crs)[0].as_py())
    shown = escape(orjson.dumps(geometry).decode()[:2000]) if geometry else "无"
    return f"{table(['属性', '代码', '值'], rows)}<h2>几何图形</h2><p><code>{shown}</code></p>{anchors(links)}"
