/** What is known of one place: its cell, its street, a feature there, and why they have their colour. */

import { get } from "./api.js";
import { fill, h } from "./dom.js";
import { figure, index, people, percent, returnPeriod, whole } from "./format.js";
import { badge, block, failure, featureName, loading, metric, rules, scale, shareRow, stacked, themeColour, themeShares } from "./parts.js";

/** Sources listed before the rest. */
const SOURCES = 12;

/** Of a feature that could be a source and of which nothing was computed. */
const NOT_COMPUTED = "没有单独计算风险：计入了下属或相连的危险源、风险源与背景，或者资料不足。不等于低风险。";

/** The panel 地点详情. */
export class Place {
  /**
   * @param {HTMLElement} pane
   * @param {object} settings of the page
   * @param {{show: Function, select: Function, zoomTo: Function, remember: Function, mode: Function}} host of the panel
   */
  constructor(pane, settings, host) {
    Object.assign(this, { pane, settings, host });
    this.clear();
  }

  /** Nothing is selected. */
  clear() {
    this.place = null;
    fill(this.pane, h("div.state", {},
      h("b", {}, "点击地图任意位置"),
      h("p", {}, "查看该处网格与街道的等级、指数、触发规则，以及风险来自哪里。"),
      h("p.hint", {}, "键盘：先将焦点移到地图，方向键移动，回车查询地图中心。")));
  }

  /** Ask what is at a point; `feature` is one that was clicked there. */
  at(lon, lat, { feature = null, active = null } = {}) {
    const mode = this.host.mode(); // what was shown when it was asked for: the map may move before the answer comes
    return this.open(async (signal) => {
      const answer = await get("risk/at", { lon: lon.toFixed(6), lat: lat.toFixed(6) }, signal);
      const first = active || (feature ? "feature" : mode === "cell" && answer.cell ? "cell" : "street");
      return { lon, lat, cell: answer.cell, street: answer.street, feature, active: first };
    }, () => this.at(lon, lat, { feature, active }));
  }

  /** Ask about an area by code. */
  area(code) {
    return this.open(async (signal) => {
      const street = await get(`risk/areas/${encodeURIComponent(code)}`, {}, signal);
      return { lon: street.lon, lat: street.lat, cell: null, street, feature: null, active: "street", whole: true };
    }, () => this.area(code));
  }

  /** Ask about a cell by name. */
  cell(id) {
    return this.open(async (signal) => {
      const cell = await get(`risk/cells/${encodeURIComponent(id)}`, {}, signal);
      return { lon: cell.lon, lat: cell.lat, cell, street: null, feature: null, active: "cell" };
    }, () => this.cell(id));
  }

  async open(ask, again) {
    this.stop?.abort();
    const stop = new AbortController();
    this.stop = stop;
    this.host.show("place");
    fill(this.pane, loading("正在查询该处风险…"));
    try {
      const place = await ask(stop.signal);
      if (stop.signal.aborted) return;
      if (!place[place.active]) place.active = ["feature", "street", "cell"].find((name) => place[name]) || "none";
      this.place = place;
      this.explained = new Map();
      this.draw();
    } catch (error) {
      if (error.name === "AbortError") return;
      this.host.select({});
      fill(this.pane, failure(error, again));
    }
  }

  draw() {
    const { place } = this;
    this.mark();
    if (place.active === "none") {
      fill(this.pane, h("div.state", {}, h("b", {}, "该处不在评估范围内"), h("p", {}, "请点击城市范围以内的位置。")));
      return;
    }
    const names = [["cell", "网格"], ["street", place.street?.level === "district" ? "区" : "街道"], ["feature", "要素"]]
      .filter(([name]) => place[name]);
    const tabs = h("div.segments.sub", { role: "tablist", "aria-label": "查看对象" }, names.map(([name, zh]) =>
      h("button", {
        type: "button", role: "tab", "aria-selected": String(name === place.active), "data-subject": name,
        on: { click: () => this.turn(name) },
      }, zh)));
    const body = place.active === "feature" ? this.feature(place.feature) : this.subject(place.active, place[place.active]);
    fill(this.pane, names.length > 1 ? tabs : null, body);
    this.pane.scrollTop = 0;
  }

  turn(name) {
    this.place.active = name;
    this.draw();
    this.pane.querySelector(`[data-subject="${name}"]`)?.focus();
  }

  mark() {
    const { place } = this;
    const { cell, street } = place;
    const point = place.active === "feature" || (place.active === "cell" && this.host.far()) ? [place.lat, place.lon] : null;
    this.host.select({
      code: place.active === "street" ? street?.code : null, ring: place.active === "cell" && cell ? ringOf(cell) : null, point,
    });
    this.host.remember(place.active === "street" ? { area: street.code } : { at: `${place.lon?.toFixed(6)},${place.lat?.toFixed(6)}` });
  }

  subject(type, data) {
    const cell = type === "cell";
    const entries = cell ? this.settings.legend.cell : this.settings.legend.street;
    const level = entries[(cell ? data.level : data.risk_level) - 1];
    const why = h("div", { "aria-live": "polite" });
    this.explain(type, data, why, entries);
    return h("article", { "data-level": String(level?.code ?? "") },
      h("header.subject", {},
        h("div", {}, h("h2", {}, cell ? cellTitle(data.id) : data.name || data.code), h("p.mono", {}, cell ? data.id : data.code),
          h("p", {}, cell ? (data.street?.name || "") : [data.parent_name, data.rank ? `　密度第 ${data.rank} / ${data.of ?? "–"}` : ""])),
        badge(level, { hatched: data.hatched, big: true })),
      data.hatched ? h("p.caution", {}, this.settings.legend.hatched.zh) : null,
      h("div.index-line", {}, h("span", {}, "风险指数"), h("b.index-number", {}, index(data.index)), scale(data.index, entries)),
      h("dl.metrics", {}, cell ? this.cellMetrics(data) : this.areaMetrics(data)),
      block("触发规则", rules(data.rules, entries)),
      why,
      cell ? null : this.peopleShares(data, entries),
      this.buttons(type, data));
  }

  cellMetrics(cell) {
    return [
      metric("潜在生命损失 PLL", figure(cell.pll), "人/年", returnPeriod(cell.pll)),
      metric("密度", figure(cell.density), "人/(km²·年)"),
      metric("常住人口", people(cell.residents), "人"),
      metric("从业人员", people(cell.workers), "人"),
    ];
  }

  areaMetrics(area) {
    return [
      metric("潜在生命损失 PLL", figure(area.pll), "人/年", returnPeriod(area.pll)),
      metric("密度", figure(area.density), "人/(km²·年)"),
      metric("人均比 κ", figure(area.kappa), "", area.kappa >= this.settings.kappa ? "不低于上调线" : "常模 = 1"),
      metric("面积", figure(area.area_km2), "km²"),
      metric("常住人口", people(area.residents), "人"),
      metric("从业人员", people(area.workers), "人"),
    ];
  }

  peopleShares(area, entries) {
    if (!area.share_people) return null;
    const rows = entries.map((entry, i) => ({ zh: entry.zh, share: area.share_people[i], className: `level-${entry.code}` }));
    const land = entries.map((entry, i) => ({ zh: entry.zh, share: area.share_area[i], className: `level-${entry.code}` }));
    const counts = Object.entries(area.counts || {}).filter(([, n]) => n > 0);
    return [
      block("人口与面积所处等级",
        h("div.pair", {}, h("span", {}, "人口"), stacked(rows, "各等级人口占比"), h("small", {}, worst(rows))),
        h("div.pair", {}, h("span", {}, "面积"), stacked(land, "各等级面积占比"), h("small", {}, worst(land)))),
      counts.length ? block("辖区内要素", h("ul.counts", {}, counts.map(([kind, n]) =>
        h("li", {}, h("span", {}, this.settings.kinds[kind]?.zh || kind), h("b", {}, whole(n)))))) : null,
    ];
  }

  async explain(type, data, target, entries) {
    const key = type === "cell" ? { cell: data.id } : { area: data.code };
    fill(target, block("为什么", loading("正在分解风险来源…")));
    try {
      const cached = this.explained.get(type) || await get("risk/explain", { ...key, limit: SOURCES }, this.stop.signal);
      this.explained.set(type, cached);
      fill(target, this.why(cached, entries));
    } catch (error) {
      if (error.name !== "AbortError") fill(target, block("为什么", failure(error, () => this.explain(type, data, target, entries))));
    }
  }

  why(answer, entries) {
    const unit = `合计 ${figure(answer.total_pll)} 人/年`;
    return [
      block(h("span", {}, "为什么", h("small", {}, unit)), themeShares(this.settings, answer.themes)),
      block("主要来源", answer.contributors.length || answer.rest?.n ? h("ol.shares.sources", {},
        answer.contributors.map((row) => this.source(row)),
        answer.rest?.share > 0 ? shareRow({ name: `其余 ${whole(answer.rest.n)} 项`, share: answer.rest.share, value: answer.rest.pll, colour: "#adb5bd" }) : null,
      ) : h("p.empty", {}, "没有计入的来源。")),
      answer.band ? this.certainty(answer.band, entries) : null,
      answer.rules?.length && !this.place[this.place.active]?.rules ? block("规则", rules(answer.rules, entries)) : null,
      answer.ir ? block("位置个人风险（户外无防护，次/年）", h("dl.metrics.three", {},
        metric("危险化学品", figure(answer.ir.hc)), metric("参照执行", figure(answer.ir.an)), metric("半定量", figure(answer.ir.semi)))) : null,
      answer.ir_contributors?.length ? block("个人风险来源", h("ol.shares.sources", {}, answer.ir_contributors.map((row) => individual(row)))) : null,
      answer.next?.length ? block("如何降级", h("ul.next", {}, answer.next.map((text) => h("li", {}, text)))) : null,
    ];
  }

  /** How sure the colour and the numbers are: what the draws over the uncertain parameters give. */
  certainty(band, entries) {
    const rows = entries.map((entry) => ({ zh: entry.zh, share: band.level[entry.code] ?? 0, className: `level-${entry.code}` }));
    const told = rows.filter((row) => row.share > 0).map((row) => `${row.zh} ${percent(row.share)}`).join(" · ");
    return block(h("span", {}, "把握程度", h("small", {}, band.stable ? "颜色稳定" : "颜色不稳定")),
      h("div.odds", {}, stacked(rows, `各等级的概率：${told}`), h("p", {}, `各等级的概率：${told}`)),
      band.pll ? h("dl.metrics", {},
        metric("PLL 的 90% 区间", `${figure(band.pll.p05)} – ${figure(band.pll.p95)}`, "人/年", `中位数 ${figure(band.pll.p50)}`),
        band.rank?.p05 ? metric("名次的 90% 区间", `${band.rank.p05} – ${band.rank.p95}`, "", `进入前十的概率 ${percent(band.rank.p_top10)}`) : null,
      ) : null);
  }

  source(row) {
    const about = [...new Set([row.theme_zh, row.label].filter((text) => text && text !== row.name))];
    const extra = about.length ? [h("small.under", {}, about.join(" · "))] : [];
    const tags = [];
    if (row.synthetic) tags.push(h("span.tag.synthetic", { title: "合成数据" }, "合成"));
    if (row.assumed?.length) tags.push(h("span.tag.assumed", { title: `假定：${this.fieldNames(row.kind, row.assumed)}` }, "假定"));
    const name = row.name || row.label || this.settings.kinds[row.kind]?.zh || row.kind;
    const placed = Number.isFinite(row.lon) && Number.isFinite(row.lat);
    return shareRow({
      name, share: row.share, value: row.pll, tags, extra, colour: themeColour(this.settings, row.theme),
      onPick: placed ? () => this.host.zoomTo([row.lat, row.lon], 15) : null,
    });
  }

  fieldNames(kind, fields) {
    const known = this.settings.kinds[kind]?.fields || {};
    return fields.map((field) => known[field]?.zh || field).join("、");
  }

  feature(feature) {
    const known = this.settings.kinds[feature.kind];
    const values = feature.properties;
    const title = featureName(values, this.settings) || known.zh;
    const hidden = new Set(["name", "extra", "assumed", "synthetic", "lon", "lat", "source"]);
    const rows = Object.entries(known.fields).filter(([field]) => !hidden.has(field) && present(values[field]));
    const level = values.risk_level ? this.settings.legend.street[values.risk_level - 1] : null;
    return h("article", {},
      h("header.subject", {}, h("div", {}, h("h2", {}, title), h("p", {}, known.zh)), level ? badge(level) : null),
      values.synthetic ? h("p.caution", {}, "合成数据：该要素由程序生成，并非真实单位。") : null,
      "risk_level" in values && !level ? h("p.caution", {}, NOT_COMPUTED) : null,
      h("table.fields", {}, h("tbody", {}, rows.map(([field, label]) =>
        h("tr", {}, h("th", { scope: "row" }, label.zh), h("td", {}, this.shown(values[field], field), label.unit ? ` ${label.unit}` : ""))))),
      present(values.risk_pll) ? h("dl.metrics", {}, metric("潜在生命损失 PLL", figure(values.risk_pll), "人/年")) : null);
  }

  shown(value, field) {
    if (field === "industry" && this.settings.sections[value]) return `${value} ${this.settings.sections[value]}`;
    if (typeof value === "boolean") return value ? "是" : "否";
    if (typeof value === "number") return figure(value, 6);
    if (typeof value === "object") return JSON.stringify(value);
    return this.settings.choices[value] || value;
  }

  buttons(type, data) {
    const zoom = () => (type === "cell" ? this.host.zoomTo([data.lat, data.lon], 16) : this.host.zoomToArea(data.code));
    return h("div.buttons", {},
      h("button.plain", { type: "button", on: { click: zoom } }, "缩放到此处"),
      h("button.plain", { type: "button", on: { click: () => this.host.copyLink() } }, "复制链接"),
      h("button.plain", { type: "button", on: { click: () => window.print() } }, "打印"));
  }
}

const SCOPES = { hc: "危险化学品", an: "参照执行", semi: "半定量" };

/** A source of individual risk: its share of its own scope, the three are never added. */
function individual(row) {
  return shareRow({
    name: row.name || row.label, share: row.share, value: row.ir, colour: "#495057",
    extra: [h("small.under", {}, [SCOPES[row.scope], row.label].filter(Boolean).join(" · "))],
  });
}

/** 100 米网格, from the length that every cell's name starts with. */
function cellTitle(id) {
  const [, metres] = id.match(/^(\d+)m/) || [];
  return metres ? `${metres} 米网格` : "网格";
}

function present(value) {
  return value !== null && value !== undefined && value !== "";
}

function worst(rows) {
  const row = rows.find((candidate) => candidate.share > 0);
  return row ? `${row.zh} ${percent(row.share)}` : "–";
}

/** Corners of a cell as Leaflet positions: its outline, or its bounds. */
function ringOf(cell) {
  if (cell.outline) return cell.outline.map(([lon, lat]) => [lat, lon]);
  if (!cell.bounds) return null;
  const [west, south, east, north] = cell.bounds;
  return [[south, west], [south, east], [north, east], [north, west]];
}
