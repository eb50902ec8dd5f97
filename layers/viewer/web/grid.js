/** The grid in four colours: rendered tiles of one run, drawn on canvases so that patterns can be laid over them. */

import { address } from "./api.js";
import { FOLDER, tileFromFiles } from "./files.js";
import { markTile } from "./patterns.js";

/** A Leaflet layer of the run's tiles; an empty answer (204) is an empty tile. */
export const RiskGrid = L.GridLayer.extend({
  initialize(run, levels, options) {
    L.setOptions(this, options);
    this._runId = run;
    this._legend = levels;
    this._marks = false;
    this.on("tileunload", ({ tile }) => tile.stop?.abort());
  },

  /** Lay patterns over the colours, or not. */
  setMarks(marks) {
    if (marks === this._marks) return;
    this._marks = marks;
    const map = this._map;
    if (map) this.remove().addTo(map); // redraw() would ask for tiles of a fractional zoom
  },

  createTile(coords, done) {
    const tile = document.createElement("canvas");
    tile.width = tile.height = 256;
    tile.className = "risk-tile";
    tile.stop = new AbortController();
    this._paint(tile, coords).then(
      () => done(null, tile),
      (error) => done(error.name === "AbortError" ? null : error, tile),
    );
    return tile;
  },

  async _paint(tile, { x, y, z }) {
    const image = await this._image(tile.stop.signal, z, x, y);
    if (!image) return;
    const bitmap = await createImageBitmap(image);
    const pen = tile.getContext("2d", { willReadFrequently: this._marks });
    pen.imageSmoothingEnabled = false;
    pen.drawImage(bitmap, 0, 0, 256, 256);
    bitmap.close();
    if (this._marks) markTile(pen, this._legend);
  },

  /** The tile as a blob; null where the map is empty. */
  async _image(signal, z, x, y) {
    if (FOLDER) return tileFromFiles(z, x, y, signal);
    const url = address(`map/tiles/${encodeURIComponent(this._runId)}/${z}/${x}/${y}.png`);
    const response = await fetch(url, { signal, credentials: "same-origin" });
    if (response.status === 204 || response.status === 404) return null;
    if (!response.ok) throw new Error(`tile ${z}/${x}/${y}: ${response.status}`);
    return response.blob();
  },
});
