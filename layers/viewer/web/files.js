/** A page without a server of its own: what the API would answer lies in files beside it, tiles in PMTiles archives. */

/** Folder of the run's files, or "" when there is an API. */
export const FOLDER = document.documentElement.dataset.files || "";

const asked = new Map();

/** The file for an API request; null when no file answers it. */
export async function fromFiles(path, parameters, signal) {
  if (path === "manifest") return json("manifest.json", signal);
  if (path === "collections/areas/items") return json(`areas-${parameters.level}.json`, signal);
  if (path === "risk/ranking") return json(`ranking/${parameters.theme || "all"}-${parameters.order}.json`, signal);
  if (path === "risk/at") return at(Number(parameters.lon), Number(parameters.lat), signal);
  if (path === "risk/explain") return json(`explain/${parameters.area}.json`, signal);
  const [, code] = path.match(/^risk\/areas\/(\d+)$/) || [];
  return code ? json(`area/${code}.json`, signal) : null;
}

/** A rendered tile as a blob; null where the map is empty. */
export async function tileFromFiles(z, x, y, signal) {
  archive ||= new window.pmtiles.PMTiles(new URL(`${FOLDER}tiles/risk.pmtiles`, document.baseURI).href);
  const found = await archive.getZxy(z, x, y, signal);
  return found ? new Blob([found.data], { type: "image/png" }) : null;
}

let archive = null;

async function json(name, signal) {
  if (!asked.has(name)) {
    const response = await fetch(new URL(FOLDER + name, document.baseURI), { signal, credentials: "same-origin" });
    if (!response.ok) throw Object.assign(new Error(`${name}: ${response.status}`), { missing: response.status === 404 });
    asked.set(name, await response.json());
  }
  return asked.get(name);
}

/** The street of a point; cells are in the picture only. */
async function at(lon, lat, signal) {
  const { features } = await json("areas-street.json", signal);
  const hit = features.find(({ geometry }) => inside(geometry, lon, lat));
  return { lon, lat, cell: null, street: hit ? await json(`area/${hit.properties.code}.json`, signal) : null };
}

/** Whether a polygon or multipolygon holds a point: crossings of a ray, holes counted like any ring. */
function inside({ type, coordinates }, lon, lat) {
  let within = false;
  for (const ring of type === "Polygon" ? coordinates : coordinates.flat()) {
    for (let i = 0, j = ring.length - 1; i < ring.length; j = i, i += 1) {
      const [[ax, ay], [bx, by]] = [ring[i], ring[j]];
      if ((ay > lat) !== (by > lat) && lon < ((bx - ax) * (lat - ay)) / (by - ay) + ax) within = !within;
    }
  }
  return within;
}
