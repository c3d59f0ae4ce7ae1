// From a file, or a frame of a video, to small grey levels and their PDQ. The pixels are
// read in strips, so that a phone holds the picture once and a page can breathe in between.

import { describe, lookedAt } from "./features.js";
import { formatOf, sizeOf } from "./header.js";
import { LEAST_QUALITY, LONGEST_SIDE, MOST_PICTURE_BYTES, MOST_PIXELS } from "./limits.js";
import { pdq } from "./pdq.js";
import { Problem } from "./problem.js";
import { hashRegions } from "./regions.js";
import { sha256 } from "./sha256.js";
import { Blocks, ColourBlocks, hashed, plan } from "./shrink.js";

const STRIP = 2 ** 19; // pixels read at once: a few milliseconds each
const PATCH = 16;
const FEATURES_GAP = 2;

/**
 * Hashes a picture; the same steps as tracker/images.py and tracker/signals take.
 *
 * @param {Blob} file
 * @param {{pause: () => Promise<void>, progress: (share: number) => void}} steps
 * @returns {Promise<{sha256: string, pdq: {value: string, quality: number}[],
 *   shape: number[], regions: string, width: number, height: number}>} `pdq` holds eight
 *   forms, the upright one first; `regions` is of regions.js, `shape` the size of the small
 *   picture that they are parts of. Raises Problem.
 */
export async function hashPicture(file, steps) {
  const bitmap = await decode(file);
  try {
    steps.progress(0.3);
    const { width, height } = bitmap;
    const blocks = new Blocks(plan(width, height, hashed(width, height)));
    const small = await smallGrey(bitmap, blocks, {
      ...steps, progress: (share) => steps.progress(0.3 + 0.3 * share),
    });
    const forms = await eightForms(small, steps);
    if (forms[0].quality < LEAST_QUALITY) throw new Problem("too_plain");
    const regions = await hashRegions(small, {
      ...steps, progress: (share) => steps.progress(0.6 + 0.35 * share),
    });
    const digest = await sha256(file, { ...steps, progress: () => {} });
    return { sha256: digest, pdq: forms, shape: [small.width, small.height], regions, width, height };
  } finally {
    bitmap.close();
  }
}

/** The upright form alone, of a frame; the bitmap is closed. */
export async function hashFrame(bitmap, steps) {
  try {
    const size = hashed(bitmap.width, bitmap.height);
    const blocks = new Blocks(plan(bitmap.width, bitmap.height, size));
    const { grey, width, height } = await smallGrey(bitmap, blocks, steps);
    const { value, quality } = pdq(grey, width, height);
    return { value, quality };
  } finally {
    bitmap.close();
  }
}

/**
 * Describes a harmless photo, so that fakes made from it can be shown to be that: its
 * features, as detector/derivation/features.py has them, and the hash of its file.
 *
 * @returns {Promise<{features: Uint8Array, count: number, sha256: string, width: number,
 *   height: number}>} Raises Problem.
 */
export async function describePicture(file, steps) {
  const bitmap = await decode(file);
  try {
    const { width, height } = bitmap;
    const planned = plan(width, height, lookedAt(width, height), FEATURES_GAP);
    const small = await smallGrey(bitmap, new ColourBlocks(planned), {
      ...steps, progress: (share) => steps.progress(0.2 * share),
    });
    const { bytes, count } = await describe(small, {
      ...steps, progress: (share) => steps.progress(0.2 + 0.75 * share),
    });
    const digest = await sha256(file, { ...steps, progress: () => {} });
    return { features: bytes, count, sha256: digest, width, height };
  } finally {
    bitmap.close();
  }
}

async function decode(file) {
  if (file.size > MOST_PICTURE_BYTES) throw new Problem("too_large");
  const bytes = new Uint8Array(await file.arrayBuffer());
  const format = formatOf(bytes.subarray(0, 256));
  refuseHuge(sizeOf(bytes, format));
  let bitmap;
  try {
    const typed = file.slice(0, file.size, `image/${format.toLowerCase()}`); // whatever its name says
    // The server knows no colour profiles either. Turning upright is the browser's default.
    bitmap = await createImageBitmap(typed, { colorSpaceConversion: "none" });
  } catch {
    throw new Problem(format === "HEIC" ? "heic" : "damaged");
  }
  refuseHuge(bitmap);
  return bitmap;
}

function refuseHuge({ width, height }) {
  if (width * height > MOST_PIXELS || Math.max(width, height) > LONGEST_SIDE) {
    throw new Problem("too_many_pixels");
  }
}

function canvas(width, height) {
  const made = typeof OffscreenCanvas === "undefined"
    ? Object.assign(document.createElement("canvas"), { width, height })
    : new OffscreenCanvas(width, height);
  // Kept in ordinary memory: reading back from a graphics card is slow, and not exact.
  const pen = made.getContext("2d", { alpha: false, willReadFrequently: true });
  if (!pen) throw new Problem("old_browser");
  pen.imageSmoothingEnabled = false;
  pen.fillStyle = "#fff"; // transparency is laid on white
  return pen;
}

/**
 * Browsers that guard against being recognised (Tor Browser) hand out noise instead of
 * pixels. Its hashes would look right and never match, so a known patch is read first.
 */
function refuseNoise() {
  const pen = canvas(PATCH, PATCH);
  const level = (x) => 8 + x * 15;
  for (let x = 0; x < PATCH; x++) {
    pen.fillStyle = `rgb(${level(x)} ${255 - level(x)} 90)`;
    pen.fillRect(x, 0, 1, PATCH);
  }
  const { data } = pen.getImageData(0, 0, PATCH, PATCH);
  for (let at = 0; at < data.length; at += 4) {
    const wanted = level((at / 4) % PATCH);
    if (Math.abs(data[at] - wanted) > 4 || Math.abs(data[at + 1] - 255 + wanted) > 4) {
      throw new Problem("canvas");
    }
  }
}

async function smallGrey(bitmap, blocks, { pause, progress }) {
  refuseNoise();
  const { fullWidth, fullHeight, down } = blocks.plan;
  const rows = down * Math.max(1, Math.floor(STRIP / fullWidth / down));
  const pen = canvas(fullWidth, Math.min(rows, fullHeight));
  for (let top = 0; top < fullHeight; top += rows) {
    const high = Math.min(rows, fullHeight - top);
    pen.fillRect(0, 0, fullWidth, high);
    pen.drawImage(bitmap, 0, top, fullWidth, high, 0, 0, fullWidth, high);
    blocks.add(pen.getImageData(0, 0, fullWidth, high).data, top, high);
    progress((top + high) / fullHeight);
    await pause();
  }
  return blocks.fitted();
}

/**
 * Each form from pixels that are really flipped, in the order of tracker/signals/pdq.py:
 * PDQ samples off centre, so a derived mirror image lies 16 bits from the real one.
 */
async function eightForms({ grey, width, height }, { pause }) {
  const mirrored = (levels) => levels.map((_, at) => levels[at + width - 1 - 2 * (at % width)]);
  const turned = grey.slice().reverse();
  const passes = [];
  for (const flip of [() => grey, () => mirrored(grey), () => mirrored(turned), () => turned]) {
    await pause();
    passes.push(pdq(flip(), width, height));
  }
  const { quality } = passes[0];
  const values = passes.flatMap(({ value, transposed }) => [value, transposed]);
  return values.map((value) => ({ value, quality }));
}
