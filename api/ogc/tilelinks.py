"""Where the tiles are: links of OGC API – Tiles on the landing page and in the collections that have tiles."""

from __future__ import annotations

from fastapi import Request

from api.ogc.extensions import EXTENSIONS
from api.ogc.links import Link, link
from api.routes.tilesets import CONFORMS
from api.tilestore import vector_tiles
from layers.collections import Collection
from layers.reader import Snapshot

_REL = "http://www.opengis.net/def/rel/ogc/1.0/"


def landing_links(request: Request) -> list[Link]:
    """Rendered tiles of the whole map, and the tile matrix sets."""
    return [link(request, "/api/map/tiles", f"{_REL}tilesets-map", title="渲染瓦片"),
            link(request, "/api/tileMatrixSets", f"{_REL}tiling-schemes", title="瓦片矩阵集")]


def collection_links(request: Request, snapshot: Snapshot, collection: Collection) -> list[Link]:
    """Vector tiles of a collection, and rendered ones of the cells."""
    path = f"/api/collections/{collection.name}"
    found = []
    if collection.name in vector_tiles(snapshot).names:
        found.append(link(request, f"{path}/tiles", f"{_REL}tilesets-vector", title="矢量瓦片"))
    if collection.name == "cells":
        found.append(link(request, f"{path}/map/tiles", f"{_REL}tilesets-map", title="渲染瓦片"))
    return found


EXTENSIONS.add(conformance=CONFORMS, landing=landing_links, collection=collection_links)
