/** Pieces that several panels share: level badge, index scale, shares, rules, states. */

import { h } from "./dom.js";
import { figure, index, percent } from "./format.js";

const TYPES = ["venue_type", "unit_type", "resource_type", "site_type", "equipment_type"];

/** Name of a feature; one without a name is called by its type and number. */
export function featureName(properties, settings) {
  if (properties.name) return properties.name;
  const type = TYPES.map((field) => settings.choices[properties[field]]).find(Boolean);
  return type ? `${type}（无名称，${properties.id}）` : properties.id;
}

/** Level badge: colour, pattern, term. */
export function badge(level, { hatched = false, big = false } = {}) {
  if (!level) return h("span.level.none", {}, "不着色");
  const classes = `level level-${level.code} pattern-${level.pattern}${hatched ? " hatched" : ""}${big ? " big" : ""}`;
  const element = h("span", { title: hatched ? "颜色不稳定" : null }, h("b", {}, `${level.zh}风险`));
  element.className = classes;
  return element;
}

/** A number with its term and unit. */
export function metric(term, value, unit = "", note = "") {
  return h("div.metric", {},
    h("dt", {}, term), h("dd", {}, h("b", {}, value), unit && h("small", {}, ` ${unit}`)), note && h("p", {}, note));
}

/** The index on its scale of 0–100 with the thresholds of the unit. */
export function scale(value, entries) {
  const edges = [0, ...entries.map((entry) => entry.index_from).filter((edge) => edge > 0).sort((a, b) => a - b), 100];
  const parts = edges.slice(0, -1).map((from, i) => {
    const part = h("i", { vars: { "--from": `${from}%`, "--wide": `${edges[i + 1] - from}%` } });
    part.className = `level-${entries.length - i}`;
    return part;
  });
  const pin = h("span.pin", { vars: { "--at": `${Math.min(100, Math.max(0, value ?? 0))}%` } });
  return h("div.scale", { role: "img", "aria-label": `风险指数 ${index(value)}，满分 100` }, parts, pin);
}

/** One stacked bar of shares. */
export function stacked(rows, label) {
  return h("div.stacked", { role: "img", "aria-label": label },
    rows.filter((row) => row.share > 0).map((row) => {
      const part = h("i", { title: `${row.zh} ${percent(row.share)}`, vars: { "--wide": `${row.share * 100}%`, "--c": row.colour } });
      if (row.className) part.className = row.className;
      return part;
    }));
}

/** A row of a name, a bar and a share; `tags` stand behind the name, `extra` elements below it. */
export function shareRow({ name, share, colour, value, tags = [], extra = [], onPick = null }) {
  const label = onPick
    ? h("button.link", { type: "button", on: { click: onPick } }, name)
    : h("span", {}, name);
  return h("li.share", {},
    h("div.share-name", {}, label, tags, extra),
    h("div.share-number", {}, h("b", {}, percent(share)), value !== undefined ? h("small", {}, ` ${figure(value)}`) : null),
    h("div.share-bar", { vars: { "--wide": `${Math.min(100, share * 100)}%`, "--c": colour } }));
}

/** Colour of a theme as a CSS value; unknown themes are grey. */
export function themeColour(settings, theme) {
  return settings.legend.themes.some((known) => known.code === theme) ? `var(--theme-${theme})` : "#adb5bd";
}

/** The shares of themes as a bar and a list of those above nothing. */
export function themeShares(settings, themes) {
  const rows = [...themes].filter((row) => row.pll > 0).sort((a, b) => b.share - a.share)
    .map((row) => ({ ...row, colour: themeColour(settings, row.theme) }));
  if (!rows.length) return [h("p.empty", {}, "没有计入的风险。")];
  return [
    stacked(rows, "各主题占比"),
    h("ul.shares.compact", {}, rows.map((row) => h("li", {},
      h("i.dot", { vars: { "--c": row.colour } }), h("span", {}, row.zh), h("b", {}, percent(row.share))))),
  ];
}

/** The rules that fired, with their meaning. */
export function rules(list, levels) {
  if (!list || !list.length) return h("p.empty", {}, "没有规则触发，等级为低风险。");
  return h("ul.rules", {}, list.map((rule) => {
    const chip = h("span.chip", {}, rule.code);
    if (rule.level) chip.classList.add(`level-${levels[rule.level - 1].code}`);
    return h("li", {}, chip, h("span", {}, rule.meaning || rule.zh || "", rule.detail ? h("small", {}, `（${rule.detail}）`) : null));
  }));
}

/** A heading with its content. */
export function block(title, ...content) {
  return h("section.block", {}, h("h3", {}, title), content);
}

/** While waiting. */
export function loading(text = "正在读取…") {
  return h("div.state.loading", { role: "status" }, h("span.spinner", { "aria-hidden": "true" }), text);
}

/** What went wrong and what to do. */
export function failure(problem, again = null) {
  return h("div.state.failure", { role: "alert" },
    h("b", {}, problem.title || "页面出错"),
    problem.detail && problem.detail !== problem.title ? h("p", {}, problem.detail) : (problem.title ? null : h("p", {}, problem.message)),
    problem.remedy ? h("p.remedy", {}, `处理办法：${problem.remedy}`) : null,
    again ? h("button.plain", { type: "button", on: { click: again } }, "重试") : null);
}
