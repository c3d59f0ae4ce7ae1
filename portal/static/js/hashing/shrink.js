// Fits a grey picture within SMALL x SMALL by averaging pixels, step by step as Pillow does
// for the server (Image.resize, BILINEAR, reducing_gap=1.5): hashes of differently shrunk
// copies drift apart, and this way they do not. It knows numbers and nothing of canvases.

import { SMALL } from "./limits.js";

const GAP = 1.5;
const ONE = 2 ** 22; // fixed-point one of the weights
const MOST_KNOWN = 256; // lines whose weights are kept: those of one picture's regions

/** Rounds as Python does: halves go to the even neighbour. */
export function round(value) {
  const whole = Math.round(value);
  return Math.abs(value % 1) === 0.5 && whole % 2 ? whole - 1 : whole;
}

/** The size that hashes are made of: a picture that fits stays as it is. */
export function hashed(fullWidth, fullHeight) {
  const scale = Math.min(1, SMALL / Math.max(fullWidth, fullHeight));
  return [fullWidth, fullHeight].map((side) => Math.max(1, round(side * scale)));
}

/**
 * How a picture of that size becomes a small one: first whole blocks of `across` x `down`
 * pixels are averaged to `blocksWide` x `blocksHigh`, then those are fitted to the small size.
 * Blocks leave at least `gap` times as much as is wanted.
 */
export function plan(fullWidth, fullHeight, [width, height], gap = GAP) {
  const across = Math.floor(fullWidth / width / gap) || 1;
  const down = Math.floor(fullHeight / height / gap) || 1;
  return {
    fullWidth, fullHeight, width, height, across, down,
    blocksWide: Math.ceil(fullWidth / across),
    blocksHigh: Math.ceil(fullHeight / down),
  };
}

const GREY = [19595, 38470, 7471]; // ITU-R 601, in the whole numbers that Pillow takes
const COLOURS = [[65536, 0, 0], [0, 65536, 0], [0, 0, 65536]];

/** Averages the blocks of the picture while its rows come in, strip after strip. */
export class Blocks {
  /** @param {number[]} shares of red, green and blue in a level, in 65536ths */
  constructor(planned, shares = GREY) {
    this.plan = planned;
    this.shares = shares;
    this.levels = new Uint8Array(planned.blocksWide * planned.blocksHigh);
  }

  /**
   * @param {Uint8ClampedArray} rgba opaque pixels of whole rows
   * @param {number} top the first of them, a multiple of `down`
   */
  add(rgba, top, rows) {
    const { fullWidth, across, down, blocksWide } = this.plan;
    const [red, green, blue] = this.shares;
    const sums = new Uint32Array(blocksWide);
    for (let y = 0, at = 0; y < rows; y += down) {
      const high = Math.min(down, rows - y);
      sums.fill(0);
      for (let row = 0; row < high; row++) {
        for (let block = 0, x = 0; block < blocksWide; block++) {
          const end = Math.min(x + across, fullWidth);
          let sum = 0;
          for (; x < end; x++, at += 4) {
            sum += (rgba[at] * red + rgba[at + 1] * green + rgba[at + 2] * blue + 0x8000) >> 16;
          }
          sums[block] += sum;
        }
      }
      this.#settle(sums, (top + y) / down, high);
    }
  }

  #settle(sums, line, high) {
    const { fullWidth, across, blocksWide } = this.plan;
    for (let block = 0; block < blocksWide; block++) {
      const count = high * Math.min(across, fullWidth - block * across);
      const rounded = sums[block] + (count >> 1);
      const level = Math.floor((rounded * Math.floor(2 ** 24 / count)) / 2 ** 24);
      this.levels[line * blocksWide + block] = level;
    }
  }

  /** The small grey picture, once all rows have come in. */
  fitted() {
    const { fullWidth, fullHeight, across, down, blocksWide, blocksHigh, width, height } = this.plan;
    const box = [0, 0, fullWidth / across, fullHeight / down]; // the last block may be a part
    return { grey: fit(this.levels, blocksWide, blocksHigh, box, width, height), width, height };
  }
}

/** The same of a picture that is shrunk in its colours, and made grey afterwards. */
export class ColourBlocks {
  constructor(planned) {
    this.plan = planned;
    this.colours = COLOURS.map((shares) => new Blocks(planned, shares));
  }

  add(rgba, top, rows) {
    for (const blocks of this.colours) blocks.add(rgba, top, rows);
  }

  fitted() {
    const [reds, greens, blues] = this.colours.map((blocks) => blocks.fitted().grey);
    const [red, green, blue] = GREY;
    const grey = reds.map((level, at) =>
      (level * red + greens[at] * green + blues[at] * blue + 0x8000) >> 16);
    return { grey, width: this.plan.width, height: this.plan.height };
  }
}

/** What lies in a box (left, top, right, bottom) of grey levels, fitted to that size. */
export function fit(levels, fullWidth, fullHeight, box, width, height) {
  const wide = weights(fullWidth, box[0], box[2], width);
  const high = weights(fullHeight, box[1], box[3], height);
  const top = high[0].first; // no row is touched that nothing is taken from
  const bottom = high[height - 1].first + high[height - 1].shares.length;
  const touched = levels.subarray(top * fullWidth, bottom * fullWidth);
  return fitColumns(fitRows(touched, fullWidth, bottom - top, wide), width, high, top);
}

/**
 * A triangle filter for each of `after` places along a line of `before` samples, of which
 * those from `left` to `right` are wanted.
 */
function weights(...line) {
  const key = line.join();
  if (!known.has(key)) {
    if (known.size === MOST_KNOWN) known.clear();
    known.set(key, madeWeights(...line));
  }
  return known.get(key);
}

const known = new Map(); // the boxes of a grid share their lines

function madeWeights(before, left, right, after) {
  const [from, to] = [Math.fround(left), Math.fround(right)]; // as Pillow takes a box
  const scale = Math.fround(to - from) / after;
  const support = Math.max(scale, 1);
  return Array.from({ length: after }, (_, place) => {
    const centre = from + (place + 0.5) * scale;
    const first = Math.max(0, Math.trunc(centre - support + 0.5));
    const end = Math.min(before, Math.trunc(centre + support + 0.5));
    const shares = Array.from({ length: end - first }, (__, at) =>
      Math.max(0, 1 - Math.abs((at + first - centre + 0.5) / support)));
    const whole = shares.reduce((sum, share) => sum + share, 0);
    return { first, shares: Int32Array.from(shares, (share) => Math.trunc(0.5 + (share / whole) * ONE)) };
  });
}

const toLevel = (sum) => sum >> 22; // shares are positive and make up one

function fitRows(levels, width, height, filters) {
  const fitted = new Uint8Array(filters.length * height);
  for (let y = 0, at = 0; y < height; y++) {
    for (const { first, shares } of filters) {
      let sum = ONE / 2;
      for (let k = 0; k < shares.length; k++) sum += levels[y * width + first + k] * shares[k];
      fitted[at++] = toLevel(sum);
    }
  }
  return fitted;
}

function fitColumns(levels, width, filters, top) {
  const fitted = new Uint8Array(width * filters.length);
  let at = 0;
  for (const { first, shares } of filters) {
    for (let x = 0; x < width; x++) {
      let sum = ONE / 2;
      for (let k = 0; k < shares.length; k++) sum += levels[(first - top + k) * width + x] * shares[k];
      fitted[at++] = toLevel(sum);
    }
  }
  return fitted;
}
