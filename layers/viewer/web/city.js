/** The city at a glance and the ranking of its streets. */

import { get } from "./api.js";
import { fill, h } from "./dom.js";
import { figure, index, people, percent, returnPeriod, whole } from "./format.js";
import { badge, block, failure, loading, metric, stacked, themeShares } from "./parts.js";

const MOST = 20;

/** The panel 概况排行. */
export class City {
  constructor(pane, settings, host) {
    Object.assign(this, { pane, settings, host, theme: "", order: "severity" });
    this.head = h("div");
    this.list = h("div", { "aria-live": "polite" });
    fill(pane, this.head, this.controls(), this.list);
    fill(this.head, loading());
  }

  /** Draw the city's totals. */
  draw(manifest) {
    const { totals = {}, streets, cells } = manifest;
    const themes = this.settings.legend.themes
      .map(({ code, zh }) => ({ theme: code, zh, pll: totals[code] || 0, share: totals.pll ? (totals[code] || 0) / totals.pll : 0 }));
    fill(this.head,
      h("header.subject", {}, h("div", {}, h("h2", {}, `${manifest.city?.name || ""}概况`), h("p", {}, `数据截至 ${manifest.as_of || "–"}`))),
      h("dl.metrics", {},
        metric("全市潜在生命损失 PLL", figure(totals.pll), "人/年", returnPeriod(totals.pll)),
        metric("常住人口", people(totals.residents), "人")),
      this.levels("街道等级", streets, "个"), this.levels("网格等级", cells, "格"),
      block("风险构成", themeShares(this.settings, themes)));
  }

  levels(title, counts, unit) {
    const rows = this.settings.legend.street.map((entry) => ({ ...entry, n: counts?.[`level_${entry.code}`] || 0 }));
    const all = rows.reduce((sum, row) => sum + row.n, 0);
    if (!all) return null;
    return h("section.block", {}, h("h3", {}, title, h("small", {}, `共 ${whole(all)} ${unit}`)),
      stacked(rows.map((row) => ({ zh: row.zh, share: row.n / all, className: `level-${row.code}` })), title),
      h("ul.level-counts", {}, rows.map((row) => h("li", {},
        h(`i.swatch.level-${row.code}`), h("span", {}, row.zh), h("b", {}, whole(row.n)), h("small", {}, percent(row.n / all))))));
  }

  controls() {
    const option = ([value, text]) => h("option", { value }, text);
    const theme = h("select", { id: "ranking-theme", "aria-label": "主题" },
      [["", "全部主题"], ...this.settings.legend.themes.map(({ code, zh }) => [code, zh])].map(option));
    const order = h("select", { id: "ranking-order", "aria-label": "排序", on: { change: () => this.rank({ order: order.value }) } },
      [["severity", "按等级"], ["density", "按密度"], ["pll", "按总量"], ["kappa", "按人均 κ"]].map(option));
    theme.addEventListener("change", () => { // no theme has a level or a rate per head of its own
      for (const whole of [0, 3]) order.options[whole].disabled = Boolean(theme.value);
      if (theme.value && ["severity", "kappa"].includes(order.value)) order.value = "density";
      this.rank({ theme: theme.value, order: order.value });
    });
    return h("div.rank-head", {}, h("h3", {}, "街道排行"), h("div", {}, theme, order));
  }

  /** Ask for the ranking and draw it. */
  async rank(change = {}) {
    Object.assign(this, change);
    this.stop?.abort();
    const stop = new AbortController();
    this.stop = stop;
    if (!this.list.firstChild) fill(this.list, loading());
    try {
      const answer = await get("risk/ranking", { level: "street", theme: this.theme, limit: MOST, order: this.order }, stop.signal);
      fill(this.list, this.table(answer));
    } catch (error) {
      if (error.name !== "AbortError") fill(this.list, failure(error, () => this.rank()));
    }
  }

  /** The theme that was asked for, or the largest, with its share of the street. */
  themeNote(row) {
    const chosen = this.settings.legend.themes.find(({ code }) => code === this.theme);
    const zh = chosen?.zh || row.main_theme_zh;
    return zh ? `${zh} ${percent(row.theme_share)}` : "";
  }

  table(answer) {
    const density = ["密度", (row) => figure(row.density, 2)];
    const column = { severity: density, density, pll: ["PLL", (row) => figure(row.pll, 2)], kappa: ["κ", (row) => figure(row.kappa, 2)] }[this.order];
    return h("table.ranking", {},
      h("thead", {}, h("tr", {}, ["", "街道", "等级", "指数", column[0]].map((text) => h("th", { scope: "col" }, text)))),
      h("tbody", {}, answer.items.map((row) => h("tr", { on: { click: () => this.host.openArea(row.code) } },
        h("td.rank", {}, row.rank),
        h("td", {}, h("button.link", { type: "button", on: { click: (event) => { event.stopPropagation(); this.host.openArea(row.code); } } }, row.name),
          h("small", {}, [row.district, this.themeNote(row)].filter(Boolean).join(" · "))),
        h("td", {}, badge(this.settings.legend.street[row.level - 1], { hatched: row.hatched })),
        h("td.number", {}, index(row.index)), h("td.number", {}, column[1](row))))),
      h("caption", {}, `前 ${whole(answer.items.length)} 名${answer.of ? `，共 ${whole(answer.of)} 个` : ""}；密度单位 人/(km²·年)，PLL 单位 人/年`));
  }
}
