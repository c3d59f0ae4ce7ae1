// The features of a harmless photo in the bytes that the server keeps, the twin of
// detector/derivation/features.py: what is found in a picture, and none of its pixels.

import { round } from "./shrink.js";
import { Finder } from "./sift.js";

const AREA = 640 * 480; // pixels that features are looked for in
const LONGEST = 2047; // pixels of a side: what a place of 16 bits reaches
const LEAST_SIDE = 16;
const MOST = 1200; // features of one picture
const CELLS = 12; // a side; the best of each come first
const NORM = 512; // a descriptor's length
const PARTS = 32; // of a pixel that places and sizes are kept in
const TURN = 2 ** 16; // parts of a full turn that angles are kept in
const WIDTH = 128; // numbers of a descriptor
const MAGIC = new TextEncoder().encode("RORIsift/1\0\0");
const HEADER = 18;

/** The size that features are looked for in; a small picture stays as it is. */
export function lookedAt(width, height) {
  const scale = Math.min(Math.sqrt(AREA / (width * height)), LONGEST / Math.max(width, height), 1);
  return [width, height].map((side) => Math.max(1, round(side * scale)));
}

/**
 * @param {{grey: Uint8Array, width: number, height: number}} small of that size
 * @param {{pause: () => Promise<void>, progress: (share: number) => void}} steps
 * @returns {Promise<{bytes: Uint8Array, count: number}>}
 */
export async function describe({ grey, width, height }, { pause, progress }) {
  const finder = new Finder();
  const isTooSmall = Math.min(width, height) < LEAST_SIDE;
  const found = isTooSmall ? [] : spread(await finder.find(grey, width, height, pause), width, height);
  progress(0.6);
  const bytes = new Uint8Array(HEADER + found.length * (8 + WIDTH));
  const view = new DataView(bytes.buffer);
  bytes.set(MAGIC);
  [width, height, found.length].forEach((value, at) => view.setUint16(MAGIC.length + 2 * at, value, true));
  for (const [at, feature] of found.entries()) {
    whole(feature).forEach((value, of) => view.setUint16(HEADER + 8 * at + 2 * of, value, true));
    bytes.set(rooted(finder.describe(feature)), HEADER + 8 * found.length + WIDTH * at);
    if (at % 16 === 0) {
      progress(0.6 + (0.4 * at) / found.length);
      await pause();
    }
  }
  return { bytes, count: found.length };
}

/** At most MOST: the best of each cell of a grid, then the second of each, and so on. */
function spread(features, width, height) {
  const clipped = (share) => Math.min(CELLS - 1, Math.max(0, Math.floor(share * CELLS)));
  const cells = new Map();
  for (const feature of features) {
    const cell = clipped(feature.y / height) * CELLS + clipped(feature.x / width);
    cells.set(cell, [...(cells.get(cell) ?? []), feature]);
  }
  const ranked = [...cells.values()].flatMap((ofCell) =>
    ofCell.sort((a, b) => b.response - a.response || a.y - b.y || a.x - b.x)
      .map((feature, rank) => ({ feature, rank })));
  return ranked.sort((a, b) => a.rank - b.rank || b.feature.response - a.feature.response)
    .slice(0, MOST).map(({ feature }) => feature);
}

function whole({ x, y, size, angle }) {
  const lengths = [x, y, size].map((length) => Math.min(Math.max(round(length * PARTS), 0), TURN - 1));
  return [...lengths, round((angle * TURN) / 360) % TURN];
}

/** RootSIFT (Arandjelović and Zisserman, 2012): roots, so that no one number tells too much. */
function rooted(descriptor) {
  const total = Math.max(1, descriptor.reduce((sum, value) => sum + value, 0));
  return descriptor.map((value) => Math.min(255, round(Math.sqrt(value / total) * NORM)));
}
