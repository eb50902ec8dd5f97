/** Talking to the API (or to files in its place): addresses relative to the page, errors as Problem. */

import { FOLDER, fromFiles } from "./files.js";

/** What the server (or the network) says went wrong, and what to do about it. */
export class Problem extends Error {
  constructor({ title, detail, remedy, status }) {
    super(title);
    this.title = title;
    this.detail = detail || "";
    this.remedy = remedy || "";
    this.status = status || 0;
  }
}

/** Address of an API path with parameters; empty ones are left out. */
export function address(path, parameters = {}) {
  const url = new URL(`api/${path}`, document.baseURI);
  for (const [name, value] of Object.entries(parameters)) {
    if (value !== null && value !== undefined && value !== "") url.searchParams.set(name, String(value));
  }
  return url;
}

/** GET as JSON. */
export async function get(path, parameters = {}, signal = undefined) {
  if (FOLDER) return (await answered(() => fromFiles(path, parameters, signal))) ?? { items: [], features: [] };
  const response = await request(address(path, parameters), { signal, headers: { Accept: "application/json" } });
  return response.json();
}

/** POST a JSON body; the raw response. */
export function post(path, body, signal = undefined) {
  return request(address(path), {
    method: "POST", signal, body: JSON.stringify(body), headers: { "Content-Type": "application/json" },
  });
}

/** All pages of a collection, up to `most` features. */
export async function everything(path, parameters, most = 5000) {
  if (FOLDER) return (await get(path, parameters)).features;
  const features = [];
  let url = address(path, parameters);
  while (url && features.length < most) {
    const page = await (await request(url, {})).json();
    features.push(...page.features);
    const next = (page.links || []).find((link) => link.rel === "next");
    url = next && page.features.length ? new URL(next.href, url) : null;
  }
  return features;
}

async function request(url, options) {
  const response = await answered(() => fetch(url, { credentials: "same-origin", ...options }));
  if (!response.ok) throw await problemOf(response);
  return response;
}

async function answered(ask) {
  try {
    return await ask();
  } catch (error) {
    if (error.name === "AbortError") throw error;
    if (error.missing) throw new Problem({ title: "静态站点中没有这项内容", remedy: "请在服务版页面中查看，或重新发布静态站点。", status: 404 });
    throw new Problem({ title: "无法连接服务器", detail: "请求没有得到答复。", remedy: "请检查网络，稍后重试；若仍失败，请联系运维人员。" });
  }
}

async function problemOf(response) {
  let body = {};
  try {
    body = await response.json();
  } catch {
    body = {};
  }
  return new Problem({
    title: body.title || `请求失败（${response.status}）`, detail: body.detail,
    remedy: body.remedy || (response.status >= 500 ? "请稍后重试；若仍失败，请联系运维人员。" : ""), status: response.status,
  });
}
