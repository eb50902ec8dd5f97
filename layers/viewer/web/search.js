/** Draw an area, ask what is in it, hand it out as a file. */

import { post } from "./api.js";
import { fill, h } from "./dom.js";
import { figure, index, people, whole } from "./format.js";
import { block, failure, featureName, loading, metric, scale, stacked, themeShares } from "./parts.js";

const DRAWN = { color: "#0b1f33", weight: 3, dashArray: "8 5", fillColor: "#0b1f33", fillOpacity: 0.1 };
const LISTED = 100;

/** Drawing tools and the panel 区域查询. */
export class Search {
  /**
   * @param {L.Map} map with Geoman
   * @param {HTMLElement} pane
   * @param {{polygon: HTMLElement, rectangle: HTMLElement, clear: HTMLElement}} buttons
   * @param {object} settings of the page
   * @param {object} host of the panel
   */
  constructor(map, pane, buttons, settings, host) {
    Object.assign(this, { map, pane, buttons, settings, host, drawnAt: 0 });
    map.pm.setLang("zh");
    map.pm.setGlobalOptions({ snappable: false, allowSelfIntersection: false, pathOptions: DRAWN, templineStyle: { color: DRAWN.color }, hintlineStyle: { color: DRAWN.color, dashArray: "5 5" } });
    buttons.polygon.addEventListener("click", () => this.draw("Polygon"));
    buttons.rectangle.addEventListener("click", () => this.draw("Rectangle"));
    buttons.clear.addEventListener("click", () => this.clear());
    map.on("pm:create", ({ layer }) => this.created(layer));
    map.on("pm:drawstart pm:drawend", () => this.pressed());
    this.clear();
  }

  /** True while drawing, and just after the last click of it. */
  busy() {
    return this.map.pm.globalDrawModeEnabled() || performance.now() - this.drawnAt < 400;
  }

  draw(shape) {
    const on = this.map.pm.globalDrawModeEnabled() && this.shape === shape;
    this.map.pm.disableDraw();
    if (!on) {
      this.shape = shape;
      this.map.pm.enableDraw(shape);
    }
    this.pressed();
  }

  /** Stop drawing without a result. */
  cancel() {
    this.map.pm.disableDraw();
    this.pressed();
  }

  pressed() {
    const shape = this.map.pm.globalDrawModeEnabled() ? this.shape : null;
    this.buttons.polygon.setAttribute("aria-pressed", String(shape === "Polygon"));
    this.buttons.rectangle.setAttribute("aria-pressed", String(shape === "Rectangle"));
  }

  created(layer) {
    this.drawnAt = performance.now();
    this.map.pm.disableDraw();
    this.layer?.remove();
    this.host.select({});
    this.layer = layer;
    layer.options.bubblingMouseEvents = true;
    layer.pm.enable({ allowSelfIntersection: false, snappable: false });
    layer.on("pm:edit", () => this.ask());
    layer.on("pm:markerdragend", () => { this.drawnAt = performance.now(); });
    this.buttons.clear.disabled = false;
    this.ask();
  }

  clear() {
    this.stop?.abort();
    this.layer?.remove();
    this.layer = null;
    this.buttons.clear.disabled = true;
    const start = (shape, text) => h("button.plain", { type: "button", on: { click: () => this.draw(shape) } }, text);
    fill(this.pane, h("div.state", {},
      h("b", {}, "画一个范围"), h("p", {}, "查询范围内的要素数量、人口与风险，并导出清单。"),
      h("div.buttons", {}, start("Polygon", "画多边形"), start("Rectangle", "画矩形")),
      h("p.hint", {}, "多边形：逐点单击，点回第一个点结束；Esc 取消。画好后可拖动顶点修改。")));
  }

  polygon() {
    const { geometry } = this.layer.toGeoJSON(6);
    return { type: geometry.type, coordinates: geometry.coordinates };
  }

  async ask() {
    this.stop?.abort();
    const stop = new AbortController();
    this.stop = stop;
    this.host.show("search");
    fill(this.pane, loading("正在查询范围内的要素…"));
    try {
      const answer = await (await post("search", { polygon: this.polygon() }, stop.signal)).json();
      fill(this.pane, this.result(answer));
    } catch (error) {
      if (error.name !== "AbortError") fill(this.pane, failure(error, () => this.ask()));
    }
  }

  result(answer) {
    const residents = answer.people?.residents ?? answer.people;
    const kinds = Object.entries(answer.counts || {}).sort((a, b) => b[1] - a[1]);
    const total = kinds.reduce((sum, [, n]) => sum + n, 0);
    return h("article", {},
      h("header.subject", {}, h("div", {}, h("h2", {}, "查询范围"), h("p", {}, `面积 ${figure(answer.area_km2)} km²，要素 ${whole(total)} 个`))),
      answer.index !== undefined && answer.index !== null
        ? h("div.index-line", {}, h("span", {}, "风险指数"), h("b.index-number", {}, index(answer.index)), scale(answer.index, this.settings.legend.street)) : null,
      h("dl.metrics", {},
        metric("潜在生命损失 PLL", figure(answer.pll), "人/年"), metric("密度", figure(answer.density), "人/(km²·年)"),
        metric("常住人口", people(residents), "人"), metric("从业人员", people(answer.people?.workers), "人")),
      this.levels(answer.levels),
      answer.themes?.length ? block("风险构成", themeShares(this.settings, answer.themes)) : null,
      block("要素数量", total ? h("ul.counts", {}, kinds.filter(([, n]) => n > 0).map(([kind, n]) =>
        h("li", { "data-kind": kind }, h("span", {}, this.zh(kind)), h("b", {}, whole(n))))) : h("p.empty", {}, "范围内没有要素。")),
      h("div.buttons", {}, this.exporter("geojson", "导出 GeoJSON"), this.exporter("csv", "导出 CSV")),
      this.features(answer));
  }

  levels(levels) {
    if (!levels) return null;
    const entries = this.settings.legend.cell.map((entry) => ({ ...entry, ...(levels[entry.code] || { km2: 0, people: 0 }) }));
    const area = entries.reduce((sum, entry) => sum + entry.km2, 0);
    if (!area) return null;
    return block("各等级面积与人口",
      stacked(entries.map((entry) => ({ zh: entry.zh, share: entry.km2 / area, className: `level-${entry.code}` })), "各等级面积占比"),
      h("table.fields.levels", {}, h("tbody", {}, entries.map((entry) => h("tr", {},
        h("th", { scope: "row" }, h(`i.swatch.level-${entry.code}`), ` ${entry.zh}`),
        h("td.number", {}, `${figure(entry.km2)} km²`), h("td.number", {}, `${people(entry.people)} 人`))))));
  }

  features(answer) {
    const list = answer.features?.features || [];
    if (!list.length) return null;
    const note = answer.truncated || list.length > LISTED ? `仅列出前 ${whole(Math.min(LISTED, list.length))} 个，完整清单请导出` : `共 ${whole(list.length)} 个`;
    return block(h("span", {}, "要素清单", h("small", {}, note)), h("ul.found", {}, list.slice(0, LISTED).map((feature) => {
      const { properties } = feature;
      const name = featureName(properties, this.settings);
      return h("li", {},
        h("button.link", { type: "button", on: { click: () => this.host.openFeature(feature) } }, name),
        h("small", {}, this.zh(properties.kind), properties.pll ? ` · PLL ${figure(properties.pll)}` : ""));
    })));
  }

  zh(kind) {
    return this.settings.kinds[kind]?.zh || kind;
  }

  exporter(format, text) {
    const button = h("button.solid", { type: "button", "data-export": format, on: { click: () => this.save(format, button) } }, text);
    return button;
  }

  async save(format, button) {
    button.disabled = true;
    try {
      const response = await post("search", { polygon: this.polygon(), format });
      const url = URL.createObjectURL(await response.blob());
      const link = h("a", { href: url, download: `区域查询.${format}` });
      document.body.append(link);
      link.click();
      link.remove();
      setTimeout(() => URL.revokeObjectURL(url), 10000);
      this.host.say(`已导出 ${format === "csv" ? "CSV" : "GeoJSON"}`);
    } catch (error) {
      this.host.say(`${error.title || "导出失败"}　${error.remedy || ""}`);
    } finally {
      button.disabled = false;
    }
  }
}
