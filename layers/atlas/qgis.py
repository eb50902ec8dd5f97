"""QGIS styles in the four colours, to be stored inside a GeoPackage."""

from __future__ import annotations

from collections.abc import Mapping
from xml.etree import ElementTree as ET

from layers.style import LEVELS


def level_style(column: str, *, outline: str, aliases: Mapping[str, str], opacity: float = 0.7) -> str:
    """A QML document: polygons categorised on a level column, hatched where the column ``hatched`` is true.

    Parameters
    ----------
    column : str
        Holds 1 to 4.
    outline : str
        ``#RRGGBB``, or empty for none.
    aliases : mapping of column to Chinese name
        Shown in the attribute table.
    opacity : float
        0 to 1.
    """
    root = ET.Element("qgis", version="3.28.0", styleCategories="Symbology|Fields")
    renderer = ET.SubElement(root, "renderer-v2", type="categorizedSymbol", attr=column, symbollevels="0", forceraster="0",
                             enableorderby="0", referencescale="-1")
    categories = ET.SubElement(renderer, "categories")
    symbols = ET.SubElement(renderer, "symbols")
    for position, entry in enumerate(LEVELS):
        ET.SubElement(categories, "category", value=str(entry.code), symbol=str(position), render="true", type="long",
                      label=f"{entry.zh}（{entry.colour_zh}）")
        symbol = ET.SubElement(symbols, "symbol", type="fill", name=str(position), alpha=f"{opacity:g}", clip_to_extent="1",
                               force_rhr="0")
        _fill(symbol, entry.rgb, "solid", outline)
        _only_hatched(_fill(symbol, (255, 255, 255), "b_diag", ""))
    names = ET.SubElement(root, "aliases")
    for index, (field, name) in enumerate(aliases.items()):
        ET.SubElement(names, "alias", field=field, index=str(index), name=name)
    ET.SubElement(root, "layerGeometryType").text = "2"
    ET.indent(root)
    return "<!DOCTYPE qgis PUBLIC 'http://mrcc.com/qgis.dtd' 'SYSTEM'>\n" + ET.tostring(root, encoding="unicode")


def _fill(symbol: ET.Element, rgb: tuple[int, int, int], style: str, outline: str) -> ET.Element:
    layer = ET.SubElement(symbol, "layer", {"class": "SimpleFill", "enabled": "1", "pass": "0", "locked": "0"})
    edge = int(outline[1:], 16) if outline else 0
    values = {
        "color": ",".join(map(str, (*rgb, 255))), "style": style, "joinstyle": "bevel",
        "outline_color": f"{edge >> 16},{edge >> 8 & 255},{edge & 255},255", "outline_style": "solid" if outline else "no",
        "outline_width": "0.2", "outline_width_unit": "MM",
    }
    options = ET.SubElement(layer, "Option", type="Map")
    for name, value in values.items():
        ET.SubElement(options, "Option", type="QString", name=name, value=value)
    for name, value in values.items():
        ET.SubElement(layer, "prop", k=name, v=value)
    return layer


def _only_hatched(layer: ET.Element) -> None:
    """Draw a symbol layer only where the feature is marked as unstable."""
    data = ET.SubElement(ET.SubElement(layer, "data_defined_properties"), "Option", type="Map")
    ET.SubElement(data, "Option", type="QString", name="name", value="")
    properties = ET.SubElement(data, "Option", type="Map", name="properties")
    enabled = ET.SubElement(properties, "Option", type="Map", name="enabled")
    ET.SubElement(enabled, "Option", type="bool", name="active", value="true")
    ET.SubElement(enabled, "Option", type="QString", name="field", value="hatched")
    ET.SubElement(enabled, "Option", type="int", name="type", value="2")
    ET.SubElement(data, "Option", type="QString", name="type", value="collection")
