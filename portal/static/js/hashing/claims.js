// What the page sends of the chosen files: codes, no names, no pixels, and little of it.

import { MOST_CLAIM_BYTES, MOST_FRAMES } from "./limits.js";

const RECORD = 88; // characters of one region: 66 bytes in base64
const STEPS = 60; // from all that a file has down to next to nothing

/**
 * The text of the field `claims`, read by portal/intake/claims.py. Where there is much to
 * send, all give up the same share of their frames and regions, so that the request stays
 * small.
 *
 * @param {{kind: string, sha256: string | null, pdq: object[], frames: object[],
 *   shape?: number[], regions?: string}[]} items
 */
export function writeClaims(items) {
  for (let step = STEPS; ; step--) {
    const text = JSON.stringify(items.map((item) => claim(item, step / STEPS)));
    if (step === 1 || encodeURIComponent(text).length <= MOST_CLAIM_BYTES) return text;
  }
}

function claim({ kind, sha256, pdq, frames, shape, regions }, share) {
  const told = { name: null, sha256, pdq, kind, frames: evenly(frames, Math.ceil(MOST_FRAMES * share)) };
  if (!regions) return told;
  const count = Math.ceil((regions.length / RECORD) * share);
  return { ...told, shape, regions: regions.slice(0, count * RECORD) }; // the best are first
}

function evenly(frames, most) {
  const count = Math.min(most, frames.length);
  return Array.from({ length: count }, (_, at) => frames[Math.floor((at * frames.length) / count)]);
}

/** The items of an earlier text, or none: a page that came back with it shows them again. */
export function readClaims(text) {
  try {
    const items = JSON.parse(text || "[]");
    return items.filter(({ pdq, frames }) => Array.isArray(pdq) && Array.isArray(frames));
  } catch {
    return [];
  }
}
