"""The page as Folium elements: a map without outside addresses, its shell of panels, and its settings as plain data."""

from __future__ import annotations

import json
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any

import branca.element
import folium
from branca.element import Element, Figure, MacroElement
from folium.template import Template

from geo.kinds import KINDS
from layers import style
from layers.viewer.settings import viewer_settings
from riskmodel.parameters.load import load_parameters

#: Folders of the vendored packages below ``static/``; versions are those of ``package.json``.
LEAFLET = "static/vendor/leaflet"
GEOMAN = "static/vendor/leaflet-geoman"
FONT = "static/vendor/noto-sans-sc"

_SHELL = Path(__file__).parent / "shell.html"


@dataclass(frozen=True)
class RenderedPage:
    """What the browser gets.

    Attributes
    ----------
    html : str
        The page; no script and no style is inline.
    script : str
        The script that Folium made: it creates the map.
    styles : str
        Colours of levels and themes as CSS variables, from :mod:`layers.style`.
    """

    html: str
    script: str
    styles: str


class Page(Figure):
    """A figure whose script goes to a file of its own, so that the page has nothing inline.

    Parameters
    ----------
    title : str
        Title of the page.
    """

    _template = Template(
        "<!DOCTYPE html>\n<html lang=\"zh-CN\">\n<head>\n<meta charset=\"utf-8\">\n<title>{{ this.title }}</title>\n"
        "{{ this.header.render(**kwargs) }}\n</head>\n<body>\n{{ this.html.render(**kwargs) }}\n</body>\n</html>\n",
    )

    def __init__(self, title: str) -> None:
        super().__init__(title=title)
        self.header._children.clear()

    def script_text(self) -> str:
        """The script of all children, after :meth:`render`."""
        return "\n".join(line.rstrip() for line in self.script.render().splitlines() if line.strip()) + "\n"


class RiskMap(folium.Map):
    """A Folium map that loads Leaflet and Geoman from this server, draws no outside tiles and needs no jQuery."""

    default_js = [("leaflet_js", f"{LEAFLET}/leaflet.js"), ("geoman_js", f"{GEOMAN}/leaflet-geoman.js")]  # noqa: RUF012
    default_css = [  # noqa: RUF012
        ("leaflet_css", f"{LEAFLET}/leaflet.css"), ("geoman_css", f"{GEOMAN}/leaflet-geoman.css"),
        ("font_css", f"{FONT}/index.css"), ("levels_css", "static/viewer/levels.css"), ("viewer_css", "static/viewer/viewer.css"),
    ]
    _template = Template("""
        {% macro header(this, kwargs) %}
        <meta name="viewport" content="width=device-width, initial-scale=1">
        <meta name="robots" content="noindex">
        <link rel="icon" href="static/viewer/icon.svg" type="image/svg+xml">
        {% endmacro %}
        {% macro script(this, kwargs) %}
        "use strict";
        var {{ this.get_name() }} = L.map({{ this.get_name()|tojson }}, {
            center: {{ this.location|tojson }}, crs: L.CRS.{{ this.crs }},
            ...{{ this.options|tojavascript }}
        });
        {% endmacro %}
    """)


class Shell(MacroElement):
    """Header, legend, switches and panels around the map, in plain HTML that reads even before any script runs.

    Parameters
    ----------
    settings : dict
        See :func:`layers.viewer.settings.viewer_settings`; written into the page as a block of JSON, which no browser runs.
    """

    def __init__(self, settings: dict[str, Any]) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self._name = "Shell"
        self.settings = settings
        self.json = json.dumps(settings, ensure_ascii=False, separators=(",", ":")).replace("<", "\\u003c")
        self.attribution = style.ATTRIBUTION
        self.rows = list(zip(settings["legend"]["cell"], settings["legend"]["street"], strict=True))
        limits = settings["criteria"]
        self.criteria = [(name, power(value), power(limits["new"][name])) for name, value in limits["in_service"].items()]
        self.hatched, self.note = settings["legend"]["hatched"]["zh"], settings["legend"]["note"]
        self.zero, self.hundred = (power(settings["index"][end]) for end in ("zero", "hundred"))
        self.kappa, self.kappa_norm = f"{settings['kappa']:g}", power(settings["kappa_norm"])
        self._template = Template("{% macro html(this, kwargs) %}" + _SHELL.read_text("utf-8") + "{% endmacro %}")


def power(value: float) -> str:
    """A number as people write it.

    Examples
    --------
    >>> power(3e-06), power(1e-05), power(10.0)
    ('3×10⁻⁶', '10⁻⁵', '10')
    """
    if 1e-3 <= value < 1e5:
        return f"{value:g}"
    mantissa, exponent = f"{value:e}".split("e")
    digits = str(int(exponent)).translate(str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹"))
    factor = f"{float(mantissa):g}"
    return f"10{digits}" if factor == "1" else f"{factor}×10{digits}"


def render_page() -> RenderedPage:
    """Build the page: the same bytes at every call.

    Branca names its elements at random; here they are counted, for the length of the call.
    """
    numbers = count(1)
    names: Any = branca.element
    random_bytes = names.urandom
    names.urandom = lambda n: next(numbers).to_bytes(n, "big")
    try:
        return _render()
    finally:
        names.urandom = random_bytes


def _render() -> RenderedPage:
    parameters = load_parameters()
    settings = viewer_settings(style.legend(parameters), KINDS, parameters)
    page = Page("区域风险一张图")
    riskmap = RiskMap(
        location=settings["view"]["centre"], zoom_start=settings["view"]["zoom"], tiles=None, zoom_control=False,
        prefer_canvas=True, attribution_control=False, zoom_snap=0.5, zoom_delta=1,
    )
    riskmap._name, riskmap._id = "map", "riskmap"
    riskmap.options.update(min_zoom=settings["view"]["min_zoom"], max_zoom=settings["view"]["max_zoom"])
    riskmap.add_child(Shell(settings))
    page.add_child(riskmap)
    scripts = "".join((
        '<script src="static/viewer/map.js"></script>',
        '<script type="module" src="static/viewer/main.js"></script>',
    ))
    page.html.add_child(Element(scripts), name="zz_scripts")
    html = page.render()
    return RenderedPage(_tidy(_scripts_last(html, scripts)), page.script_text(), _styles())


def _scripts_last(html: str, scripts: str) -> str:
    """Move our scripts behind the shell, where the map's element exists."""
    return html.replace(scripts, "").replace("</body>", f"{scripts}\n</body>")


def _tidy(html: str) -> str:
    return "\n".join(line.strip() for line in html.splitlines() if line.strip()) + "\n"


def _styles() -> str:
    lines = [":root {"]
    lines += [f"  --level-{level.code}: {level.colour};" for level in style.LEVELS]
    lines += [f"  --theme-{code}: {colour};" for (code, _), colour in zip(style.THEMES, THEME_COLOURS, strict=True)]
    return "\n".join([*lines, "}", ""])


#: One quiet colour per theme for bars, in the order of :data:`layers.style.THEMES`; none is a level's colour.
THEME_COLOURS = (
    "#8D6E63", "#5D4037", "#607D8B", "#90A4AE", "#C2185B", "#7B1FA2", "#00897B", "#37474F", "#0277BD", "#689F38",
)
