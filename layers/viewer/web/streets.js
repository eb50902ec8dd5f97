/** Streets and districts: land, four colours, borders, names, and the one that is selected. */

import { everything } from "./api.js";
import { h } from "./dom.js";
import { index } from "./format.js";
import { levelFill } from "./patterns.js";

const BORDER = { color: "#5c6b7a", weight: 0.7, opacity: 0.75 };
const DISTRICT = { color: "#263748", weight: 1.6, opacity: 0.85, fill: false, interactive: false };

/** Streets and districts on the map. */
export class Streets {
  /**
   * @param {L.Map} map
   * @param {L.Canvas} canvas shared interactive renderer
   * @param {object} settings of the page
   */
  constructor(map, canvas, settings) {
    this.map = map;
    this.canvas = canvas;
    this.levels = settings.legend.street;
    this.shaded = true;
    this.marks = false;
    this.opacity = 0.8;
    /** (code, name) → {colour, tip}: another subject than risk; null for risk. */
    this.tint = null;
    this.byCode = new Map();
    this.labels = L.layerGroup().addTo(map);
    this.marker = L.layerGroup().addTo(map);
    map.createPane("land").style.zIndex = 200;
    map.createPane("names").style.zIndex = 640;
    map.on("zoomend moveend", () => this.drawNames());
  }

  /** Ask for the areas and draw them. */
  async load() {
    const [streets, districts] = await Promise.all([
      everything("collections/areas/items", { level: "street", limit: 1000 }),
      everything("collections/areas/items", { level: "district", limit: 1000 }),
    ]);
    this.features = streets;
    this.districts = districts.sort((a, b) => (b.properties.residents || 0) - (a.properties.residents || 0));
    for (const feature of [...streets, ...districts]) this.byCode.set(feature.properties.code, feature);
    const ground = L.canvas({ pane: "land", padding: 0.3 });
    L.geoJSON(districts.length ? districts : streets, {
      renderer: ground, pane: "land", interactive: false, style: { stroke: false, fillColor: "#fbfcfd", fillOpacity: 1 },
    }).addTo(this.map);
    this.layer = L.geoJSON(streets, { renderer: this.canvas, style: (feature) => this.style(feature) }).addTo(this.map);
    this.layer.bindTooltip((layer) => this.tip(layer.feature.properties), { sticky: true, direction: "top", offset: [0, -6], className: "tip" });
    L.geoJSON(districts, { renderer: this.canvas, style: DISTRICT }).addTo(this.map);
    this.drawNames();
  }

  /** Bounds of all streets. */
  bounds() {
    return this.layer.getBounds();
  }

  tip(properties) {
    return this.tint ? this.tint(properties.code, properties.name).tip : tip(properties, this.levels);
  }

  /** Style of one street. */
  style({ properties }) {
    if (this.tint) return { ...BORDER, fill: true, fillColor: this.tint(properties.code, properties.name).colour, fillOpacity: this.opacity };
    const level = this.levels[(properties.risk_level || 4) - 1];
    if (!this.shaded) return { ...BORDER, fillOpacity: 0, fill: true };
    const fillColor = levelFill(level, { hatched: Boolean(properties.hatched), marks: this.marks });
    return { ...BORDER, fill: true, fillColor, fillOpacity: this.opacity };
  }

  /** Change what is drawn: shaded or borders only, patterns, opacity. */
  set(change) {
    Object.assign(this, change);
    this.layer?.setStyle((feature) => this.style(feature));
  }

  /** Mark an area (by code) or a cell (outline or bounds) as selected; null for none. */
  select({ code = null, ring = null, point = null }) {
    this.marker.clearLayers();
    const feature = code && this.byCode.get(code);
    const style = { renderer: this.canvas, interactive: false, fill: false };
    if (feature) {
      L.geoJSON(feature, { ...style, style: { color: "#fff", weight: 5.5, opacity: 0.95, fill: false } }).addTo(this.marker);
      L.geoJSON(feature, { ...style, style: { color: "#0b1f33", weight: 2.6, opacity: 1, fill: false } }).addTo(this.marker);
    }
    if (ring) {
      L.polygon(ring, { ...style, color: "#fff", weight: 5 }).addTo(this.marker);
      L.polygon(ring, { ...style, color: "#0b1f33", weight: 2.4 }).addTo(this.marker);
    }
    if (point) {
      L.circleMarker(point, { ...style, radius: 9, color: "#fff", weight: 5 }).addTo(this.marker);
      L.circleMarker(point, { ...style, radius: 9, color: "#0b1f33", weight: 2.4 }).addTo(this.marker);
    }
  }

  /** Names of districts from afar, of streets from near, those that fit. */
  drawNames() {
    if (!this.features) return;
    this.labels.clearLayers();
    const near = this.map.getZoom() >= 11.5;
    const bounds = this.map.getBounds();
    const taken = [];
    for (const { properties } of near ? this.features : this.districts) {
      const at = labelPoint(properties);
      if (!at || !bounds.contains(at)) continue;
      const box = this.labelBox(at, properties.name || "");
      if (taken.some((other) => other.intersects(box))) continue;
      taken.push(box);
      this.labels.addLayer(name(at, properties.name || "", near));
    }
  }

  labelBox(at, text) {
    const centre = this.map.latLngToContainerPoint(at);
    const half = L.point(7 * text.length + 4, 11);
    return L.bounds(centre.subtract(half), centre.add(half));
  }
}

function labelPoint({ lon, lat }) {
  return Number.isFinite(lon) && Number.isFinite(lat) ? L.latLng(lat, lon) : null;
}

function name(at, text, near) {
  const html = h(near ? "span.name.near" : "span.name", {}, text);
  return L.marker(at, {
    pane: "names", interactive: false, keyboard: false, icon: L.divIcon({ html, className: "name-anchor", iconSize: [0, 0] }),
  });
}

function tip(properties, levels) {
  const level = levels[(properties.risk_level || 4) - 1];
  return h("div", {},
    h("b", {}, properties.name || properties.code),
    h("span", {}, ` ${properties.parent_name || ""}`),
    h("div", {}, h(`span.chip.level-${level.code}`, {}, level.zh), ` 指数 ${index(properties.index)}`));
}
