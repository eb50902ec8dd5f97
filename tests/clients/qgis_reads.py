"""Run by Debian's Python with QGIS: open our address as QGIS does and print what it found as JSON."""

import json
import os
import sys

LAYERS = ("enterprise", "venue", "pipeline", "cells", "areas-street")


def main(base, west, south, east, north, picture):
    """Features of some collections, and a picture of the cells' vector tiles."""
    os.environ["QT_QPA_PLATFORM"] = "offscreen"
    from qgis.core import QgsApplication, QgsVectorTileLayer

    app = QgsApplication([], False)
    app.initQgis()
    layers = {name: features(base, name) for name in LAYERS}
    url = f"{base}/api/collections/cells/tiles/WebMercatorQuad/%7Bz%7D/%7By%7D/%7Bx%7D"
    tiles = QgsVectorTileLayer(f"type=xyz&url={url}&zmin=5&zmax=14", "cells")
    errors, image = drawn(tiles, [float(side) for side in (west, south, east, north)])
    image.save(picture)
    colours = {image.pixelColor(x, y).name() for x in range(0, 400, 5) for y in range(0, 400, 5)}
    found = {"layers": layers, "tiles": {"valid": tiles.isValid(), "errors": errors, "colours": len(colours)}}
    print(json.dumps(found), flush=True)
    os._exit(0)  # QGIS without a desktop may crash while it tidies up, after everything is said


def features(base, name):
    """What QGIS reads of one collection."""
    from qgis.core import QgsVectorLayer

    layer = QgsVectorLayer(f"url='{base}/api' typename='{name}'", name, "OAPIF")
    read = [feature.id() for feature in layer.getFeatures()] if layer.isValid() else []
    return {"valid": layer.isValid(), "count": layer.featureCount(), "read": len(read), "crs": layer.crs().authid(),
            "fields": [field.name() for field in layer.fields()]}


def drawn(layer, extent):
    """Number of errors, and the image of a layer."""
    from qgis.core import QgsCoordinateReferenceSystem, QgsMapRendererSequentialJob, QgsMapSettings, QgsRectangle
    from qgis.PyQt.QtCore import QSize
    from qgis.PyQt.QtGui import QColor

    settings = QgsMapSettings()
    settings.setLayers([layer])
    settings.setDestinationCrs(QgsCoordinateReferenceSystem("EPSG:3857"))
    settings.setExtent(QgsRectangle(*extent))
    settings.setOutputSize(QSize(400, 400))
    settings.setBackgroundColor(QColor("white"))
    job = QgsMapRendererSequentialJob(settings)
    job.start()
    job.waitForFinished()
    return len(job.errors()), job.renderedImage()


if __name__ == "__main__":
    main(*sys.argv[1:])
