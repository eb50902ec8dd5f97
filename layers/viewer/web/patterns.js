/** Patterns that tell the levels apart without colour, and the hatching of colours that are not stable. */

const SIZE = 12;

/** Draw the mark of a pattern name on a square of SIZE. */
const MARKS = {
  cross(pen) {
    line(pen, 2, 2, 10, 10);
    line(pen, 10, 2, 2, 10);
  },
  stripes(pen) {
    line(pen, 0, 3, SIZE, 3);
    line(pen, 0, 9, SIZE, 9);
  },
  dots(pen) {
    for (const [x, y] of [[3, 3], [9, 9]]) {
      pen.beginPath();
      pen.arc(x, y, 1.3, 0, 2 * Math.PI);
      pen.fill();
    }
  },
  plain() {},
};

function line(pen, x1, y1, x2, y2) {
  pen.beginPath();
  pen.moveTo(x1, y1);
  pen.lineTo(x2, y2);
  pen.stroke();
}

/** White diagonals: the colour does not survive a small change. */
function hatch(pen) {
  pen.strokeStyle = "rgba(255,255,255,.85)";
  pen.lineWidth = 2.5;
  for (const shift of [-SIZE, 0, SIZE]) line(pen, shift, SIZE, shift + SIZE, 0);
}

/**
 * Fill of a level: a colour, or a canvas pattern.
 * @param {{colour: string, pattern: string}} level entry of the legend
 * @param {{hatched: boolean, marks: boolean}} drawn what to draw over the colour
 */
export function levelFill(level, { hatched, marks }) {
  if (!hatched && !(marks && level.pattern !== "plain")) return level.colour;
  const key = `${level.code}-${hatched}-${marks}`;
  if (!fills.has(key)) {
    const square = document.createElement("canvas");
    square.width = square.height = SIZE;
    const pen = square.getContext("2d");
    pen.fillStyle = level.colour;
    pen.fillRect(0, 0, SIZE, SIZE);
    if (hatched) hatch(pen);
    if (marks) drawMark(pen, level.pattern);
    fills.set(key, pen.createPattern(square, "repeat"));
  }
  return fills.get(key);
}

const fills = new Map();

function drawMark(pen, name) {
  pen.strokeStyle = pen.fillStyle = "rgba(0,0,0,.55)";
  pen.lineWidth = 1.4;
  (MARKS[name] || MARKS.plain)(pen);
}

/** The same marks, pixel by pixel on a square small enough for a single cell of the finest tiles. */
const STEP = 6;
const TINY = {
  cross: (x, y) => x === y || x + y === STEP - 1,
  stripes: (x, y) => y === 2 || y === 5,
  dots: (x, y) => (x === 1 || x === 2) && (y === 1 || y === 2),
  plain: () => false,
};

/**
 * Draw the marks over a tile of level colours: every pixel keeps the mark of the level that its colour is nearest to.
 * @param {CanvasRenderingContext2D} pen of the tile
 * @param {Array<{colour: string, pattern: string}>} levels
 */
export function markTile(pen, levels) {
  const { width, height } = pen.canvas;
  const image = pen.getImageData(0, 0, width, height);
  const dark = levels.map((level) => TINY[level.pattern] || TINY.plain);
  const colours = levels.map((level) => rgb(level.colour));
  const data = image.data;
  for (let i = 0, pixel = 0; i < data.length; i += 4, pixel += 1) {
    if (data[i + 3] < 32) continue;
    const x = pixel % width;
    const y = (pixel - x) / width;
    if (dark[nearest(colours, data, i)](x % STEP, y % STEP)) {
      data[i] *= 0.5;
      data[i + 1] *= 0.5;
      data[i + 2] *= 0.5;
    }
  }
  pen.putImageData(image, 0, 0);
}

function nearest(colours, data, at) {
  let best = 0;
  let least = Infinity;
  colours.forEach(([r, g, b], i) => {
    const distance = (r - data[at]) ** 2 + (g - data[at + 1]) ** 2 + (b - data[at + 2]) ** 2;
    if (distance < least) [best, least] = [i, distance];
  });
  return best;
}

function rgb(colour) {
  const value = parseInt(colour.slice(1), 16);
  return [value >> 16, (value >> 8) & 255, value & 255];
}
