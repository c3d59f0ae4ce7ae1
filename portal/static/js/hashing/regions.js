// What may be cut out of a picture: its parts with their PDQ, so that a crop is found though
// the picture stays here. The twin of tracker/regions.py and tracker/signals/boxes.py, step
// for step: where one changes, so does the other (tests/browser/test_regions.py).

import { LEAST_QUALITY, SMALL } from "./limits.js";
import { GRID, codeOf } from "./pdq.js";
import { fit, round } from "./shrink.js";

const LEAST_SIDE = 48; // pixels; a mere strip has no parts
const CENTRED = [0.95, 0.9, 0.866, 0.75, 0.707, 0.6, 0.5];
const SCATTERED = [[0.95, 2], [0.866, 5], [0.78, 6], [0.707, 8]];
const STRIDE = 3; // of a few scattered ones every third is as evenly spread as all are
const ONE_SIDE = 0.15;
const TURNED = 5; // degrees, each way

/**
 * PDQ of each region of a small grey picture, as portal/cases/regions.py reads it.
 *
 * @returns {Promise<string>} base64url of 66 bytes each: number, quality, upright, mirrored.
 *   The most useful come first: where all are too much to send, the last are left out.
 */
export async function hashRegions({ grey, width, height }, { pause, progress }) {
  const regions = byUse(regionsOf(width, height));
  const turned = new Map();
  const records = [];
  for (const [at, { number, box, angle }] of regions.entries()) {
    if (!turned.has(angle)) turned.set(angle, angle ? rotate(grey, width, height, angle) : grey);
    const made = hashBox(turned.get(angle), width, height, box);
    if (made.upright.quality >= LEAST_QUALITY) records.push(pack(number, made));
    progress((at + 1) / regions.length);
    await pause();
  }
  return records.join("");
}

/** The regions of a picture of that size, numbered from 1 as the server numbers them. */
export function regionsOf(width, height) {
  if (Math.min(width, height) < LEAST_SIDE) return [];
  const parts = [...centred(), ...scattered(), ...sides(), ...squares(width / height)];
  const boxes = [
    ...alike(width, height).map((box) => ({ box, angle: 0 })),
    ...parts.map(({ box: [x, y, u, v], isMany }) =>
      ({ box: [x * width, y * height, u * width, v * height], angle: 0, isMany })),
    ...[-TURNED, TURNED].map((angle) => turnedBox(width, height, angle)),
  ];
  return boxes.map((region, at) => ({ number: at + 1, ...region }));
}

/** The few of a kind first, then the scattered ones, evenly spread however many are kept. */
function byUse(regions) {
  const few = regions.filter(({ isMany }) => !isMany);
  const many = regions.filter(({ isMany }) => isMany);
  const spread = Array.from({ length: STRIDE }, (_, first) => many.filter((__, at) => at % STRIDE === first));
  return [...few, ...spread.flat()];
}

/** Halves, quarters and the middle, as the asking side cuts its own. */
function alike(width, height) {
  const [x, y] = [width >> 1, height >> 1];
  const [dx, dy] = [Math.floor(width / 10), Math.floor(height / 10)];
  return [
    [0, 0, x, height], [x, 0, width, height], [0, 0, width, y], [0, y, width, height],
    [0, 0, x, y], [x, 0, width, y], [0, y, x, height], [x, y, width, height],
    [dx, dy, width - dx, height - dy],
  ];
}

const centred = () => CENTRED.map((side) => ({ box: placed(side, side, 0.5, 0.5) }));

function scattered() {
  return SCATTERED.flatMap(([side, count]) => {
    const places = Array.from({ length: count * count }, (_, place) =>
      [(place % count) / (count - 1), Math.floor(place / count) / (count - 1)]);
    return places
      .filter(([x, y]) => x !== 0.5 || y !== 0.5)
      .map(([x, y]) => ({ box: placed(side, side, x, y), isMany: true }));
  });
}

function sides() {
  const kept = 1 - ONE_SIDE;
  return [0, 1].flatMap((end) => [{ box: placed(kept, 1, end, 0) }, { box: placed(1, kept, 0, end) }]);
}

function squares(aspect) {
  return [0, 0.5, 1].map((end) =>
    ({ box: placed(Math.min(1, 1 / aspect), Math.min(1, aspect), end, end) }));
}

/** The largest box of the picture's shape that shows no corner once it is turned. */
function turnedBox(width, height, angle) {
  const sine = Math.abs(Math.sin(radians(angle)));
  const cosine = Math.abs(Math.cos(radians(angle)));
  const share = Math.min(
    width / (width * cosine + height * sine), height / (width * sine + height * cosine));
  const [x, y, u, v] = placed(share, share, 0.5, 0.5);
  return { box: [x * width, y * height, u * width, v * height], angle };
}

/** A box of that size, as shares; x and y are 0 at one end and 1 at the other. */
function placed(width, height, x, y) {
  const [left, top] = [(1 - width) * x, (1 - height) * y];
  return [left, top, left + width, top + height];
}

const radians = (degrees) => degrees * (Math.PI / 180);

/** PDQ of what lies in a box, brought to SMALL pixels as if it were a picture of its own. */
export function hashBox(grey, width, height, box) {
  const [wide, high] = [box[2] - box[0], box[3] - box[1]];
  const scale = SMALL / Math.max(wide, high);
  const columns = Math.max(1, round(wide * scale));
  const rows = Math.max(1, round(high * scale));
  const levels = fit(grey, width, height, box, columns, rows);
  const down = product(sampling(rows), levels, columns);
  return {
    upright: codeOf(acrossOf(down, columns, false)),
    mirrored: codeOf(acrossOf(down, columns, true)),
  };
}

/** What takes a line of pixels to PDQ's 64 samples: for each of them the first pixel's place
 * and the shares. A box filter run twice, its window cut short at the ends, as pdq.js has it. */
function sampling(length) {
  if (!samplings.has(length)) samplings.set(length, madeSampling(length));
  return samplings.get(length);
}

const samplings = new Map();

function madeSampling(length) {
  const window = Math.floor((length + 2 * GRID - 1) / (2 * GRID));
  const ahead = ((window + 2) >> 1) - 1;
  const behind = window - 1 - ahead;
  const reach = (place) => [Math.max(0, place - behind), Math.min(length - 1, place + ahead)];
  return Array.from({ length: GRID }, (_, sample) => {
    const [start, end] = reach(Math.floor(((sample + 0.5) * length) / GRID));
    const first = reach(start)[0];
    const shares = new Float32Array(reach(end)[1] - first + 1);
    for (let place = start; place <= end; place++) {
      const [from, to] = reach(place);
      const share = 1 / (end - start + 1) / (to - from + 1);
      for (let at = from; at <= to; at++) shares[at - first] += share;
    }
    return { first, shares };
  });
}

function product(samples, levels, columns) {
  const sums = new Float32Array(GRID * columns);
  samples.forEach(({ first, shares }, row) => {
    for (let k = 0; k < shares.length; k++) {
      const [share, from] = [shares[k], (first + k) * columns];
      for (let x = 0, at = row * columns; x < columns; x++, at++) sums[at] += share * levels[from + x];
    }
  });
  return sums;
}

function acrossOf(rows, columns, isMirrored) {
  const grid = new Float32Array(GRID * GRID);
  sampling(columns).forEach(({ first, shares }, sample) => {
    const [start, step] = isMirrored ? [columns - 1 - first, -1] : [first, 1];
    for (let row = 0; row < GRID; row++) {
      let sum = 0;
      for (let k = 0, at = row * columns + start; k < shares.length; k++, at += step) sum += shares[k] * rows[at];
      grid[row * GRID + sample] = sum;
    }
  });
  return grid;
}

/** Turned counter-clockwise about its middle in its own frame, as Pillow does (BILINEAR). */
export function rotate(grey, width, height, angle) {
  const [cosine, sine] = [Math.cos(radians(angle)), Math.sin(radians(angle))];
  const made = new Uint8Array(width * height);
  for (let y = 0, at = 0; y < height; y++) {
    for (let x = 0; x < width; x++, at++) {
      const [dx, dy] = [x + 0.5 - width / 2, y + 0.5 - height / 2];
      const fromX = cosine * dx - sine * dy + width / 2;
      const fromY = sine * dx + cosine * dy + height / 2;
      const isInside = fromX >= 0 && fromX < width && fromY >= 0 && fromY < height;
      if (isInside) made[at] = between(grey, width, height, fromX - 0.5, fromY - 0.5);
    }
  }
  return made;
}

function between(grey, width, height, x, y) {
  const [left, top] = [Math.floor(x), Math.floor(y)];
  const at = (column, row) => grey[
    Math.min(Math.max(row, 0), height - 1) * width + Math.min(Math.max(column, 0), width - 1)];
  const line = (row) => at(left, row) + (at(left + 1, row) - at(left, row)) * (x - left);
  const upper = line(top);
  return upper + (line(top + 1) - upper) * (y - top);
}

function pack(number, { upright, mirrored }) {
  const bytes = `${upright.value}${mirrored.value}`.match(/../g).map((pair) => parseInt(pair, 16));
  const text = String.fromCharCode(number, upright.quality, ...bytes);
  return btoa(text).replaceAll("+", "-").replaceAll("/", "_");
}
