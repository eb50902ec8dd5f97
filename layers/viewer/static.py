"""Where the page's files lie, the policy that they are served under, and how they are written."""

from __future__ import annotations

import hashlib
from pathlib import Path

from geo.errors import EnvironmentProblem

#: Built files, served below ``/static``; made by ``tools/assets.py``, never committed.
STATIC = Path(__file__).parents[1] / "static"

#: Hand-written scripts and styles of the page.
WEB = Path(__file__).parent / "web"

#: Value of the ``Content-Security-Policy`` header of the page: this server only, nothing inline, no frames of others.
CSP_HEADER = "; ".join((
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    "img-src 'self' data: blob:",
    "font-src 'self'",
    "connect-src 'self'",
    "manifest-src 'self'",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'self'",
))


def build_page() -> bytes:
    """The page's HTML, the same bytes at every call.

    Returns
    -------
    bytes
        UTF-8. It refers to files below ``static/`` only.
    """
    return page_files()["index.html"]


def page_files() -> dict[str, bytes]:
    """Everything that is made here, as path below :data:`STATIC` → content.

    Returns
    -------
    dict
        ``index.html``, the scripts and styles of :data:`WEB` below ``viewer/``, and those that Folium and the legend make.
    """
    from layers.viewer.page import render_page  # Folium takes a second to import; serving does not need it

    page = render_page()
    files = {f"viewer/{path.name}": path.read_bytes() for path in sorted(WEB.iterdir()) if path.suffix in {".js", ".css", ".svg"}}
    files["viewer/map.js"] = page.script.encode()
    files["viewer/levels.css"] = page.styles.encode()
    files["index.html"] = page.html.encode()
    return files


def write_viewer(static: Path = STATIC) -> str:
    """Write the page and its files below `static`; files with the same content are left alone.

    Returns
    -------
    str
        SHA-256 over all paths and contents.

    Raises
    ------
    EnvironmentProblem
        If the folder cannot be written.
    """
    files = page_files()
    digest = hashlib.sha256()
    try:
        for name, content in sorted(files.items()):
            digest.update(name.encode() + b"\0" + content + b"\0")
            _replace(static / name, content)
        for stray in (static / "viewer").iterdir():
            if f"viewer/{stray.name}" not in files:
                stray.unlink()
    except OSError as error:
        raise EnvironmentProblem(
            f"页面文件目录 {static} 无法写入：{error.strerror}",
            f"the page's folder {static} cannot be written: {error.strerror}",
            remedy_zh="请检查该目录的权限与磁盘空间。", remedy_en="Check the folder's permissions and the space on the disk.",
            folder=str(static),
        ) from error
    return digest.hexdigest()


def _replace(path: Path, content: bytes) -> None:
    if path.is_file() and path.read_bytes() == content:
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.draft")
    draft.write_bytes(content)
    draft.replace(path)
