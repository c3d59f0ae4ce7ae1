// What can be asked of a worker, or done by the page itself where there is none.

import { describePicture, hashFrame, hashPicture } from "./image.js";
import { sha256 } from "./sha256.js";

export const JOBS = {
  picture: hashPicture, frame: hashFrame, digest: sha256, features: describePicture,
};

/** Some browsers have workers and no canvas in them. */
export function canDraw() {
  return typeof OffscreenCanvas !== "undefined" && Boolean(new OffscreenCanvas(1, 1).getContext("2d"));
}
