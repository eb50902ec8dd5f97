/** Data quality: streets coloured by score with a legend of its own, and for a place its table and its findings. */

import { address, get } from "./api.js";
import { byId, fill, h } from "./dom.js";
import { counted, whole } from "./format.js";
import { block, failure, loading, metric } from "./parts.js";

/** Findings and streets listed at first. */
const LISTED = 20;
const WORST = 8;

const PARTS = { fill: "填报率", valid: "有效", fresh: "时效内", single: "不重复", placed: "位置可信" };

/** The switch 数据质量, its colours and its panel. */
export class Quality {
  /**
   * @param {HTMLElement} pane of the panel 地点详情
   * @param {object} settings of the page
   * @param {{show: Function, select: Function, openArea: Function, openFeature: Function, shade: Function, say: Function}} host
   */
  constructor(pane, settings, host) {
    Object.assign(this, { pane, settings, host, on: false, kind: "", shown: null, scores: new Map(), classes: [] });
    this.tick = byId("quality");
    this.choice = byId("quality-kind");
    this.tick.addEventListener("change", () => this.toggle(this.tick.checked));
    this.choice.addEventListener("change", async () => {
      this.kind = this.choice.value;
      await this.refresh();
      if (this.on && this.pane.querySelector("article.quality")) this.area(this.shown);
    });
    for (const input of document.querySelectorAll("input[name=shade]")) {
      input.addEventListener("change", () => { if (this.on) this.toggle(false); });
    }
  }

  /** Switch on or off. */
  async toggle(on) {
    this.on = on;
    this.tick.checked = on;
    this.choice.hidden = !on;
    byId("quality-legend").hidden = !on;
    if (!on) {
      this.host.shade();
      return;
    }
    const before = this.stop;
    await this.refresh();
    if (this.on && this.stop === before) this.area(null);  // somebody may have clicked a street meanwhile
  }

  /** Ask for the scores of all streets and colour them. */
  async refresh() {
    try {
      const answer = await get("quality", { level: "street", kind: this.kind });
      this.scores = new Map(answer.areas.map((street) => [street.code, street]));
      this.classes = answer.classes;
      this.legend();
      this.host.shade();
    } catch (error) {
      this.toggle(false);
      this.host.say([error.title, error.detail].filter(Boolean).join("："));
    }
  }

  /** Colour and words of a street, for the map. */
  tint(code, name) {
    const figures = this.scores.get(code);
    const known = figures?.class ? this.classes[figures.class - 1] : null;
    return {
      colour: known?.colour ?? "#ffffff",
      tip: h("div", {}, h("b", {}, name || code),
        h("div", {}, known ? [chip(known), ` 得分 ${points(figures.score)}　完整率 ${counted(figures.completeness)}`] : "没有数据")),
    };
  }

  legend() {
    const kind = this.kind ? this.settings.kinds[this.kind]?.zh : "全部要素";
    fill(byId("quality-legend"),
      h("h2", {}, "数据质量得分", h("small", {}, ` ${kind}`)),
      h("ul.classes", {}, this.classes.map((entry, i) => h("li", {},
        h("i", { vars: { "--c": entry.colour } }), h("b", {}, entry.zh),
        h("span", {}, i ? `${entry.from} – ${this.classes[i - 1].from}` : `≥ ${entry.from}`)))),
      h("p.unit", {}, "颜色越深，质量越差；白色没有数据。不是风险等级"));
    if (this.choice.options.length > 1) return;
    this.host.kinds().forEach(([name, zh]) => this.choice.append(h("option", { value: name }, zh)));
  }

  /** The street at a point. */
  at(lon, lat) {
    return this.open(async (signal) => {
      const { street } = await get("risk/at", { lon: lon.toFixed(6), lat: lat.toFixed(6) }, signal);
      return street ? this.ask(street, signal) : null;
    }, () => this.at(lon, lat));
  }

  /** A street by code; without one the whole city. */
  area(code) {
    return this.open(async (signal) => this.ask(code ? await get(`risk/areas/${encodeURIComponent(code)}`, {}, signal) : null, signal),
      () => this.area(code));
  }

  async ask(street, signal) {
    const about = { area: street?.code, kind: this.kind };
    const [summary, findings] = await Promise.all([
      get("quality", about, signal), get("quality/findings", { ...about, limit: LISTED }, signal)]);
    return { street, about, summary, findings };
  }

  async open(ask, again) {
    this.stop?.abort();
    const stop = new AbortController();
    this.stop = stop;
    this.host.show("place");
    fill(this.pane, loading("正在读取数据质量…"));
    try {
      const found = await ask(stop.signal);
      if (stop.signal.aborted) return;
      this.shown = found?.street?.code ?? null;
      this.host.select({ code: this.shown });
      fill(this.pane, found ? this.draw(found) : h("div.state", {}, h("b", {}, "该处不在评估范围内")));
      this.pane.scrollTop = 0;
    } catch (error) {
      if (error.name !== "AbortError") fill(this.pane, failure(error, again));
    }
  }

  draw({ street, about, summary, findings }) {
    const { total } = summary;
    const known = total.class ? summary.classes[total.class - 1] : null;
    return h("article.quality", { "data-area": street?.code ?? "" },
      h("header.subject", {},
        h("div", {}, h("h2", {}, street ? street.name : "全市"), h("p.mono", {}, street?.code ?? ""), h("p", {}, "数据质量")),
        known ? chip(known, points(total.score)) : h("span.level.none", {}, "没有数据")),
      h("dl.metrics", {},
        metric("完整率", counted(total.completeness), "", `必填与核心字段齐全的行；填报率 ${counted(total.shares.fill)}`),
        metric("有效", counted(total.shares.valid), "", "没有自相矛盾的行"),
        metric("时效内", counted(total.shares.fresh), "", total.dated < total.rows ? `${whole(total.rows - total.dated)} 行未注明更新日期` : ""),
        metric("重复 / 位置可疑", `${whole(total.duplicated)} / ${whole(total.misplaced)}`, "行"),
        metric("含假定值", counted(total.shares.assumed), "", `合成 ${whole(total.synthetic)} 行`),
        metric("隔离", whole(total.quarantined), "行", `入库 ${whole(total.rows)} 行`)),
      block("按要素", this.table(summary.kinds)),
      street ? null : block("得分最低的街道", this.worst()),
      summary.checks.length ? block("检查项", h("ul.counts.wide", {}, summary.checks.map((check) =>
        h("li", { title: check.counts ? null : "仅提示，不计入得分" }, h("span", {}, check.zh, h("small", {}, ` ${check.check}`)), h("b", {}, whole(check.n)))))) : null,
      block(h("span", {}, "问题", h("small", {}, `共 ${whole(findings.numberMatched)} 条`)), this.findings(findings)),
      h("p.formula", {}, `得分 = 100 ×（${Object.entries(summary.weights).map(([part, weight]) => `${weight} ${PARTS[part]}`).join(" + ")}）÷（入库 + 隔离）`),
      h("div.buttons", {},
        h("a.plain", { href: address("quality/findings", { ...about, f: "csv" }).href, download: "" }, "下载问题清单"),
        street ? h("button.plain", { type: "button", on: { click: () => this.area(null) } }, "全市") : null));
  }

  table(kinds) {
    const heads = ["要素", "行数", "完整", "有效", "时效", "得分"];
    return h("table.ranking.quality-table", {},
      h("thead", {}, h("tr", {}, heads.map((text) => h("th", { scope: "col" }, text)))),
      h("tbody", {}, kinds.map((row) => h("tr", { "data-kind": row.kind },
        h("td", {}, row.kind_zh), [whole(row.rows), counted(row.completeness), counted(row.shares.valid), counted(row.shares.fresh), points(row.score)]
          .map((text) => h("td.number", {}, text))))));
  }

  worst() {
    const rows = [...this.scores.values()].filter((row) => row.score !== null).sort((a, b) => a.score - b.score).slice(0, WORST);
    return h("ul.found", {}, rows.map((row) => h("li", {},
      h("button.link", { type: "button", on: { click: () => { this.host.zoomToArea(row.code); this.area(row.code); } } }, row.name || row.code),
      h("small", {}, `${points(row.score)}　完整率 ${counted(row.completeness)}`))));
  }

  findings({ items, numberMatched }) {
    if (!items.length) return h("p.empty", {}, "没有发现问题。");
    return [
      h("ul.findings", {}, items.map((item) => h("li", { "data-check": item.check },
        h("button.link", { type: "button", on: { click: () => this.feature(item) } }, item.name || item.id),
        h("small", {}, ` ${item.kind_zh}　${item.id}`),
        h("p", {}, item.zh)))),
      numberMatched > items.length ? h("p.empty", {}, `仅列出前 ${items.length} 条，其余请下载。`) : null,
    ];
  }

  async feature(item) {
    try {
      const feature = await get(`collections/${encodeURIComponent(item.kind)}/items/${encodeURIComponent(item.id)}`);
      this.host.openFeature({ ...feature, properties: { ...feature.properties, kind: item.kind } });
    } catch (error) {
      this.host.say([error.title, error.detail].filter(Boolean).join("："));
    }
  }
}

function points(score) {
  return score === null || score === undefined ? "–" : score.toFixed(1);
}

function chip(entry, text = "") {
  return h("span.quality-chip", { vars: { "--c": entry.colour, "--on": dark(entry.colour) ? "#fff" : "#2a1238" } }, entry.zh, text ? h("b", {}, ` ${text}`) : null);
}

/** Whether a colour is too dark for dark letters. */
function dark(colour) {
  const value = parseInt(colour.slice(1), 16);
  return 0.299 * (value >> 16) + 0.587 * ((value >> 8) & 255) + 0.114 * (value & 255) < 150;
}
