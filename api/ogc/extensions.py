"""What other modules add to the landing page, the conformance declaration and the collections: their classes and their links."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from fastapi import Request

from api.ogc.links import Link
from layers.collections import Collection
from layers.reader import Snapshot

LandingLinks = Callable[[Request], list[Link]]
CollectionLinks = Callable[[Request, Snapshot, Collection], list[Link]]


@dataclass
class Extensions:
    """Additions to the OGC API; one for the whole program, filled when the modules with the routes are imported.

    Attributes
    ----------
    conformance : list of str
        URIs of further conformance classes.
    landing : list of callable
        Each gives links of the landing page.
    collection : list of callable
        Each gives links of a collection's description.
    """

    conformance: list[str] = field(default_factory=list)
    landing: list[LandingLinks] = field(default_factory=list)
    collection: list[CollectionLinks] = field(default_factory=list)

    def add(self, *, conformance: tuple[str, ...] = (), landing: LandingLinks | None = None,
            collection: CollectionLinks | None = None) -> None:
        """Add classes and links; adding the same twice changes nothing."""
        self.conformance += [uri for uri in conformance if uri not in self.conformance]
        if landing is not None and landing not in self.landing:
            self.landing.append(landing)
        if collection is not None and collection not in self.collection:
            self.collection.append(collection)


#: The additions of this program.
EXTENSIONS = Extensions()
