/** Features of a kind, asked for by the view when it is near enough; what was left out is said. */

import { get } from "./api.js";
import { h } from "./dom.js";
import { whole } from "./format.js";
import { featureName } from "./parts.js";

const MOST = 2000;

/** A point mark on a canvas in one of a few shapes. */
const Mark = L.CircleMarker.extend({
  _updatePath() {
    const renderer = this._renderer;
    if (!renderer._drawing || this._empty()) return;
    const pen = renderer._ctx;
    const { x, y } = this._point;
    const r = Math.max(Math.round(this._radius), 1);
    pen.beginPath();
    (SHAPES[this.options.shape] || SHAPES.circle)(pen, x, y, r);
    pen.closePath();
    renderer._fillStroke(pen, this);
  },
});

const SHAPES = {
  circle: (pen, x, y, r) => pen.arc(x, y, r, 0, 2 * Math.PI),
  square: (pen, x, y, r) => pen.rect(x - r, y - r, 2 * r, 2 * r),
  diamond: (pen, x, y, r) => outline(pen, [[x, y - 1.3 * r], [x + 1.3 * r, y], [x, y + 1.3 * r], [x - 1.3 * r, y]]),
  triangle: (pen, x, y, r) => outline(pen, [[x, y - 1.2 * r], [x + 1.15 * r, y + 0.9 * r], [x - 1.15 * r, y + 0.9 * r]]),
  cross(pen, x, y, r) {
    const a = 0.4 * r;
    outline(pen, [[x - a, y - r], [x + a, y - r], [x + a, y - a], [x + r, y - a], [x + r, y + a], [x + a, y + a],
      [x + a, y + r], [x - a, y + r], [x - a, y + a], [x - r, y + a], [x - r, y - a], [x - a, y - a]]);
  },
};

function outline(pen, [first, ...rest]) {
  pen.moveTo(...first);
  for (const point of rest) pen.lineTo(...point);
}

const MEDIUM = { gas: "#5F3DC4", oil: "#212529", heat: "#A61E4D" };

/** What the lines of the pipelines mean. */
function mediumKey() {
  const dash = (colour, text, dashed = false) => h("span", {}, h(dashed ? "i.line.dashed" : "i.line", { vars: { "--c": colour } }), text);
  return h("div.medium", {}, dash(MEDIUM.gas, "燃气"), dash(MEDIUM.oil, "油品"), dash(MEDIUM.heat, "热力"), dash("#495057", "示意", true));
}

/** One switchable layer of features. */
export class Overlay {
  /**
   * @param {L.Map} map
   * @param {L.Canvas} canvas shared interactive renderer
   * @param {{kind: string, zh: string, min_zoom: number, colour: string, shape: string}} entry of the settings
   * @param {object} settings of the page
   * @param {(feature: object) => void} onPick called with the feature that was clicked
   */
  constructor(map, canvas, entry, settings, onPick) {
    Object.assign(this, { map, canvas, entry, onPick, on: false });
    this.layer = L.geoJSON(null, {
      renderer: canvas, style: (feature) => this.style(feature), bubblingMouseEvents: false,
      pointToLayer: (feature, at) => new Mark(at, { renderer: canvas, radius: map.getZoom() < 14.5 ? 4.5 : 6, shape: entry.shape, bubblingMouseEvents: false }),
    }).addTo(map);
    this.layer.bindTooltip((layer) => h("b", {}, featureName(layer.feature.properties, settings) || entry.zh), { sticky: true, direction: "top", className: "tip" });
    this.layer.on("click", (event) => {
      L.DomEvent.stop(event);
      onPick({ ...event.layer.feature, kind: entry.kind, at: event.latlng });
    });
    map.on("moveend", () => this.refresh());
  }

  /** The row of the switch. */
  row() {
    this.note = h("span.cut", { role: "status" });
    this.key = this.entry.shape === "line" ? mediumKey() : null;
    if (this.key) this.key.hidden = true;
    const tick = h("input", { type: "checkbox", value: this.entry.kind, on: { change: () => this.toggle(tick.checked) } });
    return h("li", {},
      h("label.tick", {}, tick, symbol(this.entry), h("span", {}, this.entry.zh)), this.key, this.note);
  }

  /** Switch on or off. */
  toggle(on) {
    this.on = on;
    if (this.key) this.key.hidden = !on;
    this.refresh();
  }

  style({ properties }) {
    const line = this.entry.shape === "line";
    const colour = line ? MEDIUM[properties.medium] || this.entry.colour : this.entry.colour;
    if (line) {
      return { color: colour, weight: 2.6, opacity: 0.9, dashArray: properties.service === "schematic" ? "7 6" : null, fill: false };
    }
    return { color: "#fff", weight: 1.2, opacity: 1, fillColor: colour, fillOpacity: 0.92 };
  }

  /** Ask again for what is in view. */
  async refresh() {
    this.stop?.abort();
    if (!this.on || this.map.getZoom() < this.entry.min_zoom) {
      this.layer.clearLayers();
      this.say(this.on ? "放大地图后显示" : "");
      return;
    }
    this.stop = new AbortController();
    try {
      const answer = await get(`collections/${this.entry.kind}/items`, { bbox: box(this.map.getBounds()), limit: MOST }, this.stop.signal);
      this.layer.clearLayers();
      this.layer.addData(answer.features.filter((feature) => feature.geometry));
      this.layer.bringToFront();
      const all = answer.numberMatched ?? answer.features.length;
      this.say(all > answer.features.length ? `视野内 ${whole(all)} 个，仅显示 ${whole(answer.features.length)} 个，请放大` : `视野内 ${whole(all)} 个`);
    } catch (error) {
      if (error.name !== "AbortError") this.say(error.title || "加载失败");
    }
  }

  say(text) {
    if (this.note) this.note.textContent = text;
  }
}

function box(bounds) {
  return [bounds.getWest(), bounds.getSouth(), bounds.getEast(), bounds.getNorth()].map((value) => value.toFixed(6)).join(",");
}

/** Small drawing of a layer's mark, for the switch. */
export function symbol({ shape, colour }) {
  const canvas = h("canvas.symbol", { width: 32, height: 32, "aria-hidden": "true" });
  const pen = canvas.getContext("2d");
  pen.scale(2, 2);
  pen.fillStyle = pen.strokeStyle = colour;
  pen.beginPath();
  if (shape === "line") {
    pen.lineWidth = 2.6;
    pen.moveTo(1, 8);
    pen.lineTo(15, 8);
    pen.stroke();
  } else {
    SHAPES[shape](pen, 8, 8, 5);
    pen.fill();
  }
  return canvas;
}
