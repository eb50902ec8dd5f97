"""Features on their way out in any format: streamed as they are made, or through a counted file that is gone when it was sent."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from fastapi import Request
from starlette.responses import Response, StreamingResponse

from api.ogc.links import Link, header
from api.spool import Spool
from geo.errors import TooLarge
from layers.collections import CRS84
from layers.collections.crs import STORAGE
from layers.formats import Format, Selection
from layers.formats.files import write_file
from layers.formats.geoparquet import geoparquet
from layers.formats.streams import csv, geojson, geojsonseq


def download(request: Request, selection: Selection, form: Format, *, mark: bool = False, attached: bool = False,
             links: list[Link] | None = None) -> Response:
    """An answer that holds a selection.

    Parameters
    ----------
    mark : bool
        CSV begins with a byte-order mark.
    attached : bool
        A browser saves it as a file.
    links : list of Link or None
        For the header ``Link``, as most formats have no place for links.

    Raises
    ------
    TooLarge
        If the format cannot hold so much.
    Busy
        If too many files are being made at this moment.
    """
    if form.most is not None and len(selection) > form.most:
        raise TooLarge(f"{form.zh} 至多 {form.most} 行，这里有 {len(selection)} 行",
                       f"{form.name} holds {form.most} rows, these are {len(selection)}",
                       remedy_zh="请缩小范围，或改用 CSV、GeoPackage。", remedy_en="Ask for less, or use CSV or GeoPackage.",
                       rows=len(selection))
    if form.made != "text" and selection.crs is CRS84:
        selection = replace(selection, crs=STORAGE)  # files carry the system in which the data are
    headers = {"cache-control": "no-store" if attached else "no-cache", "content-crs": f"<{selection.crs.uri}>", "vary": "accept"}
    if attached or form.made != "text":
        name = f"riskmap-{selection.title}-{selection.snapshot.run_id}.{form.ending}"
        headers["content-disposition"] = f'attachment; filename="{name}"'
    if links:
        headers["link"] = header(links)
    media = form.media + ("; charset=utf-8" if form.name == "csv" else "")
    if form.made == "file":
        spool: Spool = request.app.state.spool
        return StreamingResponse(spool.file(form.ending, lambda path: write_file(selection, form, path, seconds=spool.seconds)),
                                 media_type=media, headers=headers)
    return StreamingResponse(_stream(selection, form, mark), media_type=media, headers=headers)


def _stream(selection: Selection, form: Format, mark: bool) -> Iterator[bytes]:
    if form.name == "json":
        return geojson(selection)
    if form.name == "geojsonseq":
        return geojsonseq(selection)
    return csv(selection, mark=mark) if form.name == "csv" else geoparquet(selection)
