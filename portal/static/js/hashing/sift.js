// Lowe's features ("Distinctive image features from scale-invariant keypoints", 2004) of a
// grey picture, in the conventions of the server's own finder (detector/derivation), so that
// what one side finds, the other finds again. It knows numbers and nothing of canvases.

const LAYERS = 3; // of an octave, in which features are looked for
const SIGMA = 1.6; // of the first layer
const CAMERA = 0.5; // the blur that every picture is taken to have
const BORDER = 5; // pixels of each octave without features
const CONTRAST = 0.002; // a twentieth of the usual: a sky has some, too, beside foliage
const CURVED = 25; // times as much along an edge as across it: then it is an edge
const STEPS = 5; // towards the true place of a feature
const ANGLES = 36; // bins of the histogram that gives a feature its angle
const WIDE = 4; // a side of a descriptor, in cells
const BINS = 8; // angles of each cell
const PADDED = WIDE + 2;
const TURN = 360;
const RADIAN = Math.PI / 180;

/**
 * @typedef {{levels: Float32Array, width: number, height: number}} Plane
 * @typedef {{x: number, y: number, size: number, angle: number, response: number,
 *   octave: number, layer: number, column: number, row: number, scale: number}} Feature
 *   the first five in pixels and degrees of the picture, the rest in its octave.
 */

/** Finds the features of a picture and keeps what it takes to describe them. */
export class Finder {
  #layers = []; // of each octave the planes 1 to LAYERS

  /**
   * @param {Uint8Array} grey
   * @param {() => Promise<void>} pause lets the page breathe
   * @returns {Promise<Feature[]>}
   */
  async find(grey, width, height, pause) {
    const features = new Map(); // two seeds may lead to the same place
    let base = blurred(doubled(grey, width, height), Math.sqrt(SIGMA ** 2 - (2 * CAMERA) ** 2));
    while (Math.min(base.width, base.height) > 2 * BORDER) {
      const planes = [base];
      for (let layer = 1; layer < LAYERS + 3; layer++) {
        await pause();
        planes.push(blurred(planes[layer - 1], added(layer)));
      }
      const octave = this.#layers.push(planes) - 1;
      await this.#search(octave, planes, features, pause);
      base = halved(planes[LAYERS]);
      planes.length = LAYERS + 1; // the others are not asked again
    }
    return [...features.values()];
  }

  /** 128 numbers of at most 255 each. */
  describe({ octave, layer, column, row, scale, angle }) {
    return descriptor(this.#layers[octave][layer], column, row, (TURN - angle) % TURN, scale);
  }

  async #search(octave, planes, features, pause) {
    const between = planes.slice(1).map((plane, at) => difference(plane, planes[at]));
    const { width, height } = planes[0];
    for (let layer = 1; layer <= LAYERS; layer++) {
      for (let y = BORDER; y < height - BORDER; y++) {
        for (let x = BORDER; x < width - BORDER; x++) {
          if (!isExtreme(between, layer, y * width + x, width)) continue;
          const place = settled(between, layer, x, y, width, height);
          if (!place) continue;
          for (const feature of turned(planes[place.layer], octave, place)) {
            features.set([feature.x, feature.y, feature.size, feature.angle].join(), feature);
          }
        }
        if (y % 32 === 0) await pause();
      }
    }
  }
}

/** How much blur makes a layer of the one before it. */
function added(layer) {
  const before = SIGMA * 2 ** ((layer - 1) / LAYERS);
  return before * Math.sqrt(2 ** (2 / LAYERS) - 1);
}

/** Twice as wide and high, each pixel mixed from its nearest four. */
function doubled(grey, width, height) {
  const levels = new Float32Array(4 * width * height);
  const near = (at, most) => [Math.max(0, (at - 1) >> 1), Math.min(most - 1, (at + 1) >> 1)];
  for (let y = 0, to = 0; y < 2 * height; y++) {
    const [above, below] = near(y, height).map((line) => line * width);
    const down = y % 2 ? 0.25 : 0.75; // the share of the lower of the two
    for (let x = 0; x < 2 * width; x++) {
      const [left, right] = near(x, width);
      const across = x % 2 ? 0.25 : 0.75;
      const top = grey[above + left] * (1 - across) + grey[above + right] * across;
      const bottom = grey[below + left] * (1 - across) + grey[below + right] * across;
      levels[to++] = top * (1 - down) + bottom * down;
    }
  }
  return { levels, width: 2 * width, height: 2 * height };
}

function halved({ levels, width, height }) {
  const half = { width: width >> 1, height: height >> 1 };
  const kept = new Float32Array(half.width * half.height);
  for (let y = 0, to = 0; y < half.height; y++) {
    for (let x = 0; x < half.width; x++) kept[to++] = levels[2 * y * width + 2 * x];
  }
  return { levels: kept, ...half };
}

function difference(upper, lower) {
  return upper.levels.map((level, at) => level - lower.levels[at]);
}

/** By a Gaussian of that many pixels; what lies outside mirrors the inside. */
function blurred({ levels, width, height }, sigma) {
  const shares = gaussian(sigma);
  const rows = new Float32Array(levels.length);
  for (let y = 0; y < height; y++) blurRow(levels, rows, y * width, width, shares);
  const both = new Float32Array(levels.length);
  for (let y = 0; y < height; y++) {
    const line = both.subarray(y * width, (y + 1) * width);
    for (let x = 0, at = y * width; x < width; x++, at++) line[x] = rows[at] * shares[0];
    for (let far = 1; far < shares.length; far++) {
      const share = shares[far];
      const above = mirrored(y - far, height) * width;
      const below = mirrored(y + far, height) * width;
      for (let x = 0; x < width; x++) line[x] += (rows[above + x] + rows[below + x]) * share;
    }
  }
  return { levels: both, width, height };
}

function blurRow(levels, to, start, width, shares) {
  const reach = shares.length - 1;
  const line = new Float32Array(width + 2 * reach);
  line.set(levels.subarray(start, start + width), reach);
  for (let far = 1; far <= reach; far++) {
    line[reach - far] = levels[start + mirrored(-far, width)];
    line[reach + width - 1 + far] = levels[start + mirrored(width - 1 + far, width)];
  }
  for (let x = 0, at = reach; x < width; x++, at++) {
    let sum = line[at] * shares[0];
    for (let far = 1; far <= reach; far++) sum += (line[at - far] + line[at + far]) * shares[far];
    to[start + x] = sum;
  }
}

/** From the middle outwards: the shares of a kernel that makes up one. */
function gaussian(sigma) {
  const reach = (Math.round(8 * sigma + 1) | 1) >> 1;
  const shares = Array.from({ length: reach + 1 }, (_, far) => Math.exp(-(far ** 2) / (2 * sigma ** 2)));
  const whole = 2 * shares.reduce((sum, share) => sum + share, 0) - 1;
  return Float64Array.from(shares, (share) => share / whole);
}

function mirrored(at, length) {
  while (at < 0 || at >= length) at = at < 0 ? -at : 2 * (length - 1) - at;
  return at;
}

/** Whether a place stands out from all 26 around it, in three layers. */
function isExtreme(between, layer, at, width) {
  const level = between[layer][at];
  if (level === 0) return false;
  const sign = Math.sign(level);
  const least = level * sign;
  for (let next = layer - 1; next <= layer + 1; next++) {
    const levels = between[next];
    for (let line = at - width; line <= at + width; line += width) {
      if (levels[line - 1] * sign > least || levels[line] * sign > least || levels[line + 1] * sign > least) {
        return false;
      }
    }
  }
  return true;
}

/** Where exactly it stands out, or null for what is faint, lies on an edge, or runs away. */
function settled(between, layer, x, y, width, height) {
  for (let step = 0; step < STEPS; step++) {
    const local = slopes(between, layer, y * width + x, width);
    const shift = solved(local);
    if (!shift.every(Number.isFinite)) return null;
    if (shift.every((by) => Math.abs(by) < 0.5)) return kept(local, shift, { layer, x, y });
    x += Math.round(shift[0]);
    y += Math.round(shift[1]);
    layer += Math.round(shift[2]);
    const isInside = layer >= 1 && layer <= LAYERS && x >= BORDER && x < width - BORDER
      && y >= BORDER && y < height - BORDER;
    if (!isInside) return null;
  }
  return null;
}

/** First and second differences at a place, across, down and through the layers; 0 to 1. */
function slopes(between, layer, at, width) {
  const [under, here, over] = [-1, 0, 1].map((by) => between[layer + by]);
  const twice = 2 * here[at];
  const slope = [here[at + 1] - here[at - 1], here[at + width] - here[at - width], over[at] - under[at]];
  const across = (levels, by) => levels[at + by + 1] - levels[at + by - 1];
  return {
    level: here[at] / 255,
    slope: slope.map((by) => by / 510),
    xx: (here[at + 1] + here[at - 1] - twice) / 255,
    yy: (here[at + width] + here[at - width] - twice) / 255,
    ss: (over[at] + under[at] - twice) / 255,
    xy: (across(here, width) - across(here, -width)) / 1020,
    xs: (across(over, 0) - across(under, 0)) / 1020,
    ys: (over[at + width] - over[at - width] - under[at + width] + under[at - width]) / 1020,
  };
}

/** Newton's step: minus the inverse of the second differences, times the first (Cramer). */
function solved({ slope: [a, b, c], xx, yy, ss, xy, xs, ys }) {
  const minors = [yy * ss - ys ** 2, xs * ys - xy * ss, xy * ys - xs * yy];
  const whole = xx * minors[0] + xy * minors[1] + xs * minors[2];
  return [
    -(minors[0] * a + minors[1] * b + minors[2] * c) / whole,
    -(minors[1] * a + (xx * ss - xs ** 2) * b + (xy * xs - xx * ys) * c) / whole,
    -(minors[2] * a + (xy * xs - xx * ys) * b + (xx * yy - xy ** 2) * c) / whole,
  ];
}

function kept({ level, slope, xx, yy, xy }, shift, { layer, x, y }) {
  const response = Math.abs(level + slope.reduce((sum, by, at) => sum + by * shift[at], 0) / 2);
  if (response * LAYERS < CONTRAST) return null;
  const bend = xx * yy - xy ** 2;
  if (bend <= 0 || (xx + yy) ** 2 * CURVED >= (CURVED + 1) ** 2 * bend) return null;
  const scale = SIGMA * 2 ** ((layer + shift[2]) / LAYERS);
  return { layer, x, y, column: x + shift[0], row: y + shift[1], scale, response };
}

/** One feature for each direction that the surroundings run in, mostly one. */
function* turned(plane, octave, { layer, x, y, column, row, scale, response }) {
  const power = histogram(plane, x, y, scale);
  const least = 0.8 * Math.max(...power);
  for (let bin = 0; bin < ANGLES; bin++) {
    const [before, here, after] = [-1, 0, 1].map((by) => power[(bin + by + ANGLES) % ANGLES]);
    if (here <= before || here <= after || here < least) continue;
    const exact = bin + (0.5 * (before - after)) / (before - 2 * here + after);
    const angle = (TURN - (exact * TURN) / ANGLES + TURN) % TURN;
    const pixel = 2 ** octave / 2; // of the octave, in the picture, which was doubled
    yield {
      x: column * pixel, y: row * pixel, size: 2 * scale * pixel, angle, response,
      octave, layer, column, row, scale,
    };
  }
}

function histogram(plane, x, y, scale) {
  const counted = new Float64Array(ANGLES);
  const spread = 2 * (1.5 * scale) ** 2;
  eachAround(plane, x, y, Math.round(4.5 * scale), (across, down, power, angle) => {
    const bin = Math.round((angle * ANGLES) / TURN) % ANGLES;
    counted[bin] += power * Math.exp(-(across ** 2 + down ** 2) / spread);
  });
  const near = (bin, by) => counted[(bin + by + ANGLES) % ANGLES] + counted[(bin - by + ANGLES) % ANGLES];
  return Array.from(counted, (here, bin) => (near(bin, 2) + 4 * near(bin, 1) + 6 * here) / 16);
}

/** Tells of each pixel around a place how strongly and whither it grows brighter. */
function eachAround({ levels, width, height }, x, y, reach, tell) {
  for (let down = Math.max(-reach, 1 - y); down <= Math.min(reach, height - 2 - y); down++) {
    for (let across = Math.max(-reach, 1 - x); across <= Math.min(reach, width - 2 - x); across++) {
      const at = (y + down) * width + x + across;
      const right = levels[at + 1] - levels[at - 1];
      const up = levels[at - width] - levels[at + width];
      const angle = Math.atan2(up, right) / RADIAN;
      tell(across, down, Math.hypot(right, up), angle < 0 ? angle + TURN : angle);
    }
  }
}

function descriptor(plane, column, row, angle, scale) {
  const cell = 3 * scale; // pixels of a cell's side
  const [cos, sin] = [Math.cos(angle * RADIAN) / cell, Math.sin(angle * RADIAN) / cell];
  const farthest = Math.round(Math.hypot(plane.width, plane.height));
  const reach = Math.min(Math.round(cell * Math.SQRT2 * (WIDE + 1) * 0.5), farthest);
  const counted = new Float64Array(PADDED * PADDED * BINS);
  eachAround(plane, Math.round(column), Math.round(row), reach, (across, down, power, towards) => {
    const turnedX = across * cos - down * sin;
    const turnedY = across * sin + down * cos;
    const [x, y] = [turnedX + WIDE / 2 - 0.5, turnedY + WIDE / 2 - 0.5];
    if (x <= -1 || x >= WIDE || y <= -1 || y >= WIDE) return;
    const weight = power * Math.exp(-(turnedX ** 2 + turnedY ** 2) / (WIDE * WIDE * 0.5));
    share(counted, x, y, ((towards - angle) * BINS) / TURN, weight);
  });
  return finished(counted);
}

/** Shares a weight among the two nearest cells across and down, and the two nearest angles. */
function share(counted, x, y, bin, weight) {
  const [x0, y0, bin0] = [Math.floor(x), Math.floor(y), Math.floor(bin)];
  for (let down = 0; down < 2; down++) {
    const ofRow = weight * (down ? y - y0 : 1 - y + y0);
    for (let across = 0; across < 2; across++) {
      const ofCell = ofRow * (across ? x - x0 : 1 - x + x0);
      const cell = ((y0 + 1 + down) * PADDED + x0 + 1 + across) * BINS;
      counted[cell + ((bin0 + 2 * BINS) % BINS)] += ofCell * (1 - bin + bin0);
      counted[cell + ((bin0 + 2 * BINS + 1) % BINS)] += ofCell * (bin - bin0);
    }
  }
}

/** Without the padding, of one length, no number far above the others: light changes. */
function finished(counted) {
  const raw = new Float64Array(WIDE * WIDE * BINS);
  for (let y = 0; y < WIDE; y++) {
    const from = ((y + 1) * PADDED + 1) * BINS;
    raw.set(counted.subarray(from, from + WIDE * BINS), y * WIDE * BINS);
  }
  const most = 0.2 * Math.hypot(...raw);
  const cut = raw.map((value) => Math.min(value, most));
  const scale = 512 / Math.max(Math.hypot(...cut), 1e-7);
  return Uint8Array.from(cut, (value) => Math.min(255, Math.round(value * scale)));
}
