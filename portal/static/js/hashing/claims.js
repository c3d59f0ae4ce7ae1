// What the page sends of the chosen files: codes, no names, no pixels, and little of it.

import { MOST_CLAIM_BYTES, MOST_FRAMES } from "./limits.js";

/**
 * The text of the field `claims`, read by portal/intake/claims.py. Many videos give up
 * frames, evenly, so that the whole request stays small.
 *
 * @param {{kind: string, sha256: string | null, pdq: object[], frames: object[]}[]} items
 */
export function writeClaims(items) {
  for (let most = MOST_FRAMES; ; most--) {
    const text = JSON.stringify(items.map((item) => claim(item, most)));
    if (most === 1 || encodeURIComponent(text).length <= MOST_CLAIM_BYTES) return text;
  }
}

function claim({ kind, sha256, pdq, frames }, most) {
  const count = Math.min(most, frames.length);
  const kept = Array.from({ length: count }, (_, at) => frames[Math.floor((at * frames.length) / count)]);
  return { name: null, sha256, pdq, kind, frames: kept };
}

/** The items of an earlier text, or none: a page that came back with it shows them again. */
export function readClaims(text) {
  try {
    const items = JSON.parse(text || "[]");
    return Array.isArray(items) ? items : [];
  } catch {
    return [];
  }
}
