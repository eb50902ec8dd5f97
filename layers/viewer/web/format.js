/** Numbers as an officer reads them. */

const WHOLE = new Intl.NumberFormat("zh-CN", { maximumFractionDigits: 0 });
const SUPERSCRIPT = { "-": "⁻", 0: "⁰", 1: "¹", 2: "²", 3: "³", 4: "⁴", 5: "⁵", 6: "⁶", 7: "⁷", 8: "⁸", 9: "⁹" };

const missing = (value) => value === null || value === undefined || Number.isNaN(value);

/** 12,345 */
export function whole(value) {
  return missing(value) ? "–" : WHOLE.format(value);
}

/** People: 12,345 or 2,189 万 */
export function people(value) {
  if (missing(value)) return "–";
  return value >= 1e6 ? `${WHOLE.format(value / 1e4)} 万` : WHOLE.format(value);
}

/** Three significant digits; powers of ten outside 0.001 … 100,000. */
export function figure(value, digits = 3) {
  if (missing(value)) return "–";
  if (value === 0) return "0";
  const size = Math.abs(value);
  if (size >= 1e5) return WHOLE.format(value);
  if (size >= 1e-3) return String(Number(value.toPrecision(digits)));
  const [mantissa, exponent] = value.toExponential(digits - 2).split("e");
  return `${mantissa}×10${[...String(Number(exponent))].map((sign) => SUPERSCRIPT[sign]).join("")}`;
}

/** 12.3 % — small shares are never shown as zero. */
export function percent(share) {
  if (missing(share)) return "–";
  if (share > 0 && share < 0.001) return "<0.1%";
  return `${(share * 100).toFixed(share >= 0.9995 ? 0 : 1)}%`;
}

/** The same of counted rows: not quite all is never shown as all. */
export function counted(share) {
  return share >= 0.9995 && share < 1 ? ">99.9%" : percent(share);
}

/** Index 0–100 with one digit. */
export function index(value) {
  return missing(value) ? "–" : value.toFixed(1);
}

/** What an expected number of deaths per year means in words. */
export function returnPeriod(pll) {
  if (missing(pll) || pll <= 0) return "";
  if (pll >= 1) return `相当于约 ${figure(365.25 / pll, 2)} 天 1 人`;
  return `相当于约 ${WHOLE.format(Number((1 / pll).toPrecision(2)))} 年 1 人`;
}

/** 2026-11-22 03:45 from an ISO date, as written there (the server's zone). */
export function time(text) {
  return text ? String(text).replace("T", " ").slice(0, 16) : "–";
}
