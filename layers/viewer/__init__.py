"""The map page: Folium builds it, Leaflet runs it, and no request leaves the house.

The page holds no data: it asks the API for the manifest, tiles, areas and explanations, and writes whatever it gets as
text nodes. All scripts, styles and fonts are served from :data:`STATIC`, so the content security policy needs neither
``unsafe-inline`` nor hashes. :func:`write_viewer` makes the page and its files beside the vendored assets (see
``tools/assets.py``); the serving process only hands out files and :data:`CSP_HEADER` and never imports Folium.
"""

from __future__ import annotations

from layers.viewer.static import CSP_HEADER, STATIC, build_page, page_files, write_viewer

__all__ = ["CSP_HEADER", "STATIC", "build_page", "page_files", "write_viewer"]
