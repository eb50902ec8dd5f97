"""Run by Debian's Python with QGIS: open our address as QGIS does and print what it found as JSON."""

import json
import os
import sys

os.environ["QT_QPA_PLATFORM"] = "offscreen"
from qgis.core import (  # noqa: E402
    QgsApplication,
    QgsCoordinateReferenceSystem,
    QgsMapRendererSequentialJob,
    QgsMapSettings,
    QgsRectangle,
    QgsVectorLayer,
    QgsVectorTileLayer,
)
from qgis.PyQt.QtCore import QSize  # noqa: E402
from qgis.PyQt.QtGui import QColor  # noqa: E402

base, west, south, east, north, picture = sys.argv[1], *map(float, sys.argv[2:6]), sys.argv[6]
app = QgsApplication([], False)
app.initQgis()
found = {"layers": {}}
for name in ("enterprise", "venue", "pipeline", "cells", "areas-street"):
    layer = QgsVectorLayer(f"url='{base}/api' typename='{name}'", name, "OAPIF")
    read = [feature.id() for feature in layer.getFeatures()] if layer.isValid() else []
    found["layers"][name] = {"valid": layer.isValid(), "count": layer.featureCount(), "read": len(read), "crs": layer.crs().authid(),
                             "fields": [field.name() for field in layer.fields()]}
url = f"{base}/api/collections/cells/tiles/WebMercatorQuad/%7Bz%7D/%7By%7D/%7Bx%7D"
tiles = QgsVectorTileLayer(f"type=xyz&url={url}&zmin=5&zmax=14", "cells")
settings = QgsMapSettings()
settings.setLayers([tiles])
settings.setDestinationCrs(QgsCoordinateReferenceSystem("EPSG:3857"))
settings.setExtent(QgsRectangle(west, south, east, north))
settings.setOutputSize(QSize(400, 400))
settings.setBackgroundColor(QColor("white"))
job = QgsMapRendererSequentialJob(settings)
job.start()
job.waitForFinished()
image = job.renderedImage()
image.save(picture)
colours = {image.pixelColor(x, y).name() for x in range(0, 400, 5) for y in range(0, 400, 5)}
found["tiles"] = {"valid": tiles.isValid(), "errors": len(job.errors()), "colours": len(colours)}
print(json.dumps(found))
sys.stdout.flush()
os._exit(0)  # QGIS without a desktop may crash while it tidies up, after everything is said
