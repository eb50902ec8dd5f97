/** The page: wires map, layers, panels and tools together. */

import { get } from "./api.js";
import { City } from "./city.js";
import { byId, fill, h } from "./dom.js";
import { time } from "./format.js";
import { RiskGrid } from "./grid.js";
import { Overlay } from "./overlays.js";
import { failure } from "./parts.js";
import { Place } from "./place.js";
import { Quality } from "./quality.js";
import { Search } from "./search.js";
import { Streets } from "./streets.js";

const TABS = ["city", "place", "search"];
const POLL_MS = 60000;

const settings = JSON.parse(byId("settings").textContent);
const map = window.map_riskmap;

const host = {
  /** Show one of the panels. */
  show(name) {
    for (const tab of TABS) {
      const chosen = tab === name;
      byId(`pane-${tab}`).hidden = !chosen;
      const button = byId(`tab-${tab}`);
      button.setAttribute("aria-selected", String(chosen));
      button.tabIndex = chosen ? 0 : -1;
    }
    fold(false);
  },
  /** What a click asks about: the cell when the grid is coloured, else the street. */
  mode: () => shading(),
  /** True when a cell is too small to see. */
  far: () => map.getZoom() < 13,
  select: (what) => streets.select(what),
  zoomTo: (at, zoom) => map.setView(at, Math.max(map.getZoom(), zoom)),
  zoomToArea(code) {
    const feature = streets.byCode.get(code);
    if (feature) map.fitBounds(L.geoJSON(feature).getBounds(), { padding: [60, 60], maxZoom: 15 });
  },
  openArea(code) {
    host.zoomToArea(code);
    return place.area(code);
  },
  openFeature(feature) {
    const centre = L.geoJSON(feature).getBounds().getCenter();
    map.setView(centre, Math.max(map.getZoom(), 15));
    return place.at(centre.lng, centre.lat, { feature: { ...feature, kind: feature.properties.kind } });
  },
  remember(what) {
    const [key, value] = Object.entries(what)[0];
    history.replaceState(null, "", `#${key}=${value}`);
  },
  async copyLink() {
    try {
      await navigator.clipboard.writeText(location.href);
      host.say("链接已复制");
    } catch {
      host.say("浏览器不允许复制，请从地址栏复制链接");
    }
  },
  shade: () => shade(),
  /** Kinds of the map with their terms. */
  kinds: () => Object.entries(settings.kinds).filter(([kind]) => !["area", "background"].includes(kind)).map(([kind, { zh }]) => [kind, zh]),
  say(text) {
    const toast = byId("toast");
    fill(toast, text);
    toast.hidden = false;
    clearTimeout(host.timer);
    host.timer = setTimeout(() => { toast.hidden = true; }, 5000);
  },
};

const canvas = L.canvas({ padding: 0.2, tolerance: 3 });
const streets = new Streets(map, canvas, settings);
const city = new City(byId("pane-city"), settings, host);
const place = new Place(byId("pane-place"), settings, host);
const quality = new Quality(byId("pane-place"), settings, host);
const search = new Search(map, byId("pane-search"), {
  polygon: byId("draw-polygon"), rectangle: byId("draw-rectangle"), clear: byId("draw-clear"),
}, settings, host);
let grid = null;
let run = null;

/** Which unit is coloured now: "cell", "street", or "quality" (streets by the quality of their data). */
function shading() {
  if (quality.on) return "quality";
  const chosen = document.querySelector("input[name=shade]:checked").value;
  if (chosen !== "auto") return chosen;
  return map.getZoom() >= settings.view.cell_zoom ? "cell" : "street";
}

/** Bring layers and legend in line with the switches. */
function shade() {
  const mode = shading();
  const opacity = Number(byId("opacity").value) / 100;
  const marks = byId("patterns").checked;
  document.body.dataset.shade = mode;
  document.body.classList.toggle("marks", marks);
  streets.set({
    shaded: mode !== "cell", opacity, marks, tint: mode === "quality" ? (code, name) => quality.tint(code, name) : null,
  });
  if (!grid) return;
  grid.setOpacity(opacity);
  grid.setMarks(marks);
  if (mode === "cell") grid.addTo(map);
  else grid.remove();
}

/** Show the whole city, clear of legend and switches where there is room. */
function wholeCity(options = {}) {
  const wide = map.getSize().x >= 900;
  map.fitBounds(streets.bounds(), wide
    ? { paddingTopLeft: [236, 8], paddingBottomRight: [200, 8], ...options }
    : { padding: [10, 10], ...options });
}

/** Fold the panel away, or bring it back. */
function fold(away) {
  document.body.classList.toggle("folded", away);
  const button = byId("panel-toggle");
  button.setAttribute("aria-expanded", String(!away));
  button.setAttribute("aria-label", away ? "展开面板" : "收起面板");
  button.textContent = away ? "‹" : "›";
  setTimeout(() => map.invalidateSize({ pan: false }), 0);
}

function wirePanel() {
  TABS.forEach((tab, i) => {
    const button = byId(`tab-${tab}`);
    button.addEventListener("click", () => host.show(tab));
    button.addEventListener("keydown", ({ key }) => {
      const step = { ArrowRight: 1, ArrowLeft: -1 }[key];
      if (!step) return;
      const next = TABS[(i + step + TABS.length) % TABS.length];
      host.show(next);
      byId(`tab-${next}`).focus();
    });
  });
  byId("panel-toggle").addEventListener("click", () => fold(!document.body.classList.contains("folded")));
  const toggle = byId("switch-toggle");
  toggle.addEventListener("click", () => {
    const open = toggle.getAttribute("aria-expanded") !== "true";
    toggle.setAttribute("aria-expanded", String(open));
    byId("switch-body").hidden = !open;
  });
  if (window.innerWidth < 1200) toggle.click();
  const badge = byId("synthetic");
  const note = byId("synthetic-note");
  const unfold = (open) => {
    badge.setAttribute("aria-expanded", String(open));
    note.hidden = !open;
  };
  badge.addEventListener("click", () => unfold(note.hidden));
  document.addEventListener("pointerdown", ({ target }) => {
    document.body.classList.remove("keys");
    if (!note.contains(target) && target !== badge) unfold(false);
  });
  document.addEventListener("keydown", ({ key }) => {
    document.body.classList.add("keys");
    if (key === "Escape") unfold(false);
  });
}

/** What is at a point, of the subject that is coloured. */
function ask(lon, lat) {
  return quality.on ? quality.at(lon, lat) : place.at(lon, lat);
}

function wireMap() {
  L.control.scale({ imperial: false, position: "bottomright" }).addTo(map);
  map.createPane("grid").style.zIndex = 250;
  map.on("zoomend", shade);
  map.on("click", ({ latlng }) => {
    if (!search.busy()) ask(latlng.lng, latlng.lat);
  });
  map.getContainer().addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || event.target !== map.getContainer()) return;
    const { lng, lat } = map.getCenter();
    ask(lng, lat);
  });
  document.addEventListener("keydown", ({ key }) => {
    if (key === "Escape") search.cancel();
  });
  byId("zoom-in").addEventListener("click", () => map.zoomIn());
  byId("zoom-out").addEventListener("click", () => map.zoomOut());
  byId("zoom-city").addEventListener("click", () => wholeCity());
  for (const input of document.querySelectorAll("input[name=shade], #opacity, #patterns")) {
    input.addEventListener(input.type === "range" ? "input" : "change", shade);
  }
  byId("overlays").append(...settings.layers.map((entry) => new Overlay(map, canvas, entry, settings, (feature) => {
    if (!search.busy()) place.at(feature.at.lng, feature.at.lat, { feature });
  }).row()));
}

function wireFinder() {
  fill(byId("finder-names"), streets.features.map(({ properties }) =>
    h("option", { value: properties.name }, properties.parent_name || "")));
  const open = () => {
    const wanted = byId("finder-input").value.trim();
    if (!wanted) return;
    const names = streets.features.map(({ properties }) => properties);
    const found = names.find(({ name }) => name === wanted) || names.find(({ name }) => name?.includes(wanted));
    if (found) host.openArea(found.code);
    else host.say(`没有名称包含“${wanted}”的街道`);
  };
  byId("finder").addEventListener("submit", (event) => { event.preventDefault(); open(); });
  byId("finder-input").addEventListener("change", open);
}

/** Header, city panel, badge and attribution from the manifest. */
function introduce(manifest) {
  run = manifest.run_id;
  byId("city").textContent = manifest.city?.name || "";
  byId("run-time").textContent = time(manifest.created);
  byId("run-id").textContent = manifest.run_id;
  if (manifest.attribution?.length) byId("attribution").textContent = manifest.attribution.join("；");
  city.draw(manifest);
  if (!manifest.synthetic) return;
  byId("synthetic").hidden = false;
  const made = Object.entries(manifest.counts_synthetic || {}).filter(([, n]) => n > 0);
  fill(byId("synthetic-note"),
    h("b", {}, "含合成数据"),
    h("p", {}, manifest.synthetic_note || "部分要素由程序按公开统计生成，用于演示，并非真实单位；等级与数字不可用于执法。"),
    made.length ? h("ul.counts", {}, made.map(([kind, n]) => h("li", {},
      h("span", {}, settings.kinds[kind]?.zh || kind), h("b", {}, `${n.toLocaleString("zh-CN")} / ${(manifest.counts?.[kind] ?? n).toLocaleString("zh-CN")}`)))) : null,
    h("p", {}, "详情中：", h("span.tag.synthetic", {}, "合成"), " 为生成的要素，", h("span.tag.assumed", {}, "假定"), " 为部分字段取假定值。"));
}

/** Tell the reader when a newer run is served. */
async function watch() {
  try {
    const manifest = await get("manifest");
    if (run && manifest.run_id !== run) {
      byId("run-id").textContent = `${run}（有新结果，请刷新页面）`;
      host.say("已有新的评估结果，请刷新页面");
    }
  } catch {
    // the next poll asks again; what the reader does shows its own errors
  }
}

/** Open what the address names: #area=… or #at=lon,lat. */
function followAddress() {
  const [, key, value] = location.hash.match(/^#(area|at)=([\w.,-]+)$/) || [];
  if (key === "area") host.openArea(value);
  if (key === "at") {
    const [lon, lat] = value.split(",").map(Number);
    if (Number.isFinite(lon) && Number.isFinite(lat)) {
      map.setView([lat, lon], 14);
      place.at(lon, lat);
    }
  }
}

async function start() {
  wirePanel();
  wireMap();
  try {
    const manifest = await get("manifest");
    introduce(manifest);
    grid = new RiskGrid(manifest.run_id, settings.legend.cell, {
      pane: "grid", minZoom: settings.view.min_zoom, minNativeZoom: 5, maxNativeZoom: settings.view.native_zoom, maxZoom: settings.view.max_zoom,
      bounds: manifest.bounds ? [[manifest.bounds[1], manifest.bounds[0]], [manifest.bounds[3], manifest.bounds[2]]] : undefined,
    });
    grid.on("tileerror", () => host.say("部分网格图块加载失败，可移动地图重试"));
    shade();
    await Promise.all([streets.load(), city.rank()]);
    wholeCity({ animate: false });
    shade();
    wireFinder();
    followAddress();
    setInterval(watch, POLL_MS);
    document.body.dataset.ready = "true";
  } catch (error) {
    fill(byId("pane-city"), failure(error, () => location.reload()));
    document.body.dataset.ready = "failed";
    if (!error.title) throw error;
  }
}

start();
