// PDQ (Facebook, 2019): 256 bits of coarse shapes, as the reference implementation makes
// them, rounding to 32-bit floats where it does, so that the server reads the same bits.
// It knows grey levels and nothing of files, canvases or pages.

export const GRID = 64; // the picture is blurred and sampled down to this
const KEPT = 16; // and of its frequencies these stay, the constant one left out
const PASSES = 2; // two box filters make a tent
const LEAST_SIDE = 5; // pixels; the reference hashes nothing smaller
const f32 = Math.fround;

/** Cosines of frequencies 1 to 16 over 64 samples (DCT-II, scaled), row by row. */
const COSINES = (() => {
  const rows = new Float32Array(KEPT * GRID);
  const scale = f32(Math.sqrt(2 / GRID));
  for (let i = 0; i < KEPT; i++) {
    for (let j = 0; j < GRID; j++) {
      rows[i * GRID + j] = scale * Math.cos((Math.PI / 2 / GRID) * (i + 1) * (2 * j + 1));
    }
  }
  return rows;
})();

/** Luminance of each grey level, with the rounding that red = green = blue gets. */
const LUMA = Float32Array.from({ length: 256 }, (_, v) => v * 0.299 + v * 0.587 + v * 0.114);

/**
 * PDQ of a grey picture and of its transpose.
 *
 * @param {Uint8Array} grey levels, row by row
 * @returns {{value: string, transposed: string, quality: number}} 64 hex digits each;
 *   quality is 0 to 100
 */
export function pdq(grey, width, height) {
  if (width < LEAST_SIDE || height < LEAST_SIDE) {
    return { value: "0".repeat(64), transposed: "0".repeat(64), quality: 0 };
  }
  const grid = sample(blur(grey, width, height), width, height);
  const waves = frequencies(grid);
  const turned = waves.map((_, at) => waves[(at % KEPT) * KEPT + Math.floor(at / KEPT)]);
  return { value: toHex(waves), transposed: toHex(turned), quality: qualityOf(grid) };
}

/** PDQ and quality of a picture that was blurred and sampled to GRID x GRID already. */
export function codeOf(grid) {
  return { value: toHex(frequencies(grid)), quality: qualityOf(grid) };
}

function blur(grey, width, height) {
  const windows = [width, height].map((side) => Math.floor((side + 2 * GRID - 1) / (2 * GRID)));
  const levels = new Float32Array(width * height);
  const spare = new Float32Array(width * height);
  for (let at = 0; at < levels.length; at++) levels[at] = LUMA[grey[at]];
  for (let pass = 0; pass < PASSES; pass++) {
    averageRows(levels, spare, width, height, windows[0]);
    averageColumns(spare, levels, width, height, windows[1]);
  }
  return levels;
}

/** How far a window of that size reaches to either side: even ones reach further ahead. */
function reach(size) {
  const ahead = ((size + 2) >> 1) - 1;
  return { ahead, behind: size - 1 - ahead };
}

function averageRows(from, to, width, height, size) {
  const { ahead, behind } = reach(size);
  for (let start = 0; start < width * height; start += width) {
    let sum = 0;
    let count = 0;
    for (let x = -ahead; x < width; x++) {
      const enters = x + ahead;
      const leaves = x - behind - 1;
      if (enters < width) { sum = f32(sum + from[start + enters]); count++; }
      if (leaves >= 0) { sum = f32(sum - from[start + leaves]); count--; }
      if (x >= 0) to[start + x] = sum / count;
    }
  }
}

/** The same along columns, all of them side by side: memory is read in its own order. */
function averageColumns(from, to, width, height, size) {
  const { ahead, behind } = reach(size);
  const sums = new Float32Array(width);
  let count = 0;
  for (let y = -ahead; y < height; y++) {
    const enters = y + ahead;
    const leaves = y - behind - 1;
    if (enters < height) {
      count++;
      for (let x = 0, at = enters * width; x < width; x++, at++) sums[x] += from[at];
    }
    if (leaves >= 0) {
      count--;
      for (let x = 0, at = leaves * width; x < width; x++, at++) sums[x] -= from[at];
    }
    if (y >= 0) for (let x = 0, at = y * width; x < width; x++, at++) to[at] = sums[x] / count;
  }
}

/** The level at the centre of each cell of a 64 x 64 grid. */
function sample(levels, width, height) {
  const grid = new Float32Array(GRID * GRID);
  for (let i = 0; i < GRID; i++) {
    const row = Math.floor(((i + 0.5) * height) / GRID) * width;
    for (let j = 0; j < GRID; j++) {
      grid[i * GRID + j] = levels[row + Math.floor(((j + 0.5) * width) / GRID)];
    }
  }
  return grid;
}

/** Sums steps between neighbours in whole hundredths, so that noise counts for nothing. */
function qualityOf(grid) {
  const step = (a, b) => Math.abs(Math.trunc(f32(f32(f32(a - b) * 100) / 255)));
  let steps = 0;
  for (let i = 0; i < GRID; i++) {
    for (let j = 0; j < GRID; j++) {
      const at = i * GRID + j;
      if (i + 1 < GRID) steps += step(grid[at], grid[at + GRID]);
      if (j + 1 < GRID) steps += step(grid[at], grid[at + 1]);
    }
  }
  return Math.min(100, Math.floor(steps / 90));
}

/** The lowest 16 x 16 frequencies of the grid: cosines, grid, cosines transposed. */
function frequencies(grid) {
  const halfway = new Float32Array(KEPT * GRID);
  for (let i = 0; i < KEPT; i++) {
    for (let j = 0; j < GRID; j++) {
      let sum = 0;
      for (let k = 0; k < GRID; k++) {
        sum = f32(sum + f32(COSINES[i * GRID + k] * grid[k * GRID + j]));
      }
      halfway[i * GRID + j] = sum;
    }
  }
  const waves = new Float32Array(KEPT * KEPT);
  for (let i = 0; i < KEPT; i++) {
    for (let j = 0; j < KEPT; j++) {
      let sum = 0;
      for (let k = 0; k < GRID; k++) {
        sum = f32(sum + f32(halfway[i * GRID + k] * COSINES[j * GRID + k]));
      }
      waves[i * KEPT + j] = sum;
    }
  }
  return waves;
}

/** One bit for each frequency above the (lower) median, the last frequency first. */
function toHex(waves) {
  const median = waves.slice().sort()[waves.length / 2 - 1];
  let hex = "";
  for (let at = waves.length - 4; at >= 0; at -= 4) {
    let digit = 0;
    for (let bit = 0; bit < 4; bit++) digit |= (waves[at + bit] > median) << bit;
    hex += digit.toString(16);
  }
  return hex;
}

/** How many bits of two values differ. */
export function bitsApart(a, b) {
  let count = 0;
  for (let at = 0; at < a.length; at++) {
    const differ = parseInt(a[at], 16) ^ parseInt(b[at], 16);
    count += (differ & 1) + ((differ >> 1) & 1) + ((differ >> 2) & 1) + (differ >> 3);
  }
  return count;
}
