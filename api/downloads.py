"""Features on their way out in any format: streamed as they are made, or through a counted file that is gone when it was sent."""

from __future__ import annotations

from fastapi import Request
from starlette.responses import Response, StreamingResponse

from api.ogc.links import Link, header
from api.spool import Spool
from layers.formats import Format, Selection
from layers.formats.files import write_file
from layers.formats.saving import fitted, streamed


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
    selection = fitted(selection, form)
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
    return StreamingResponse(streamed(selection, form, mark=mark), media_type=media, headers=headers)
