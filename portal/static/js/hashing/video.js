// Frames of a video, spread over its whole length, each hashed like a picture. Only a page
// can play a video, so this runs there; the hashing of each frame is somebody else's work.

import { LEAST_QUALITY, MOST_FRAMES } from "./limits.js";
import { bitsApart } from "./pdq.js";
import { Problem, codeOf } from "./problem.js";

const ALIKE = 8; // bits: less than saving a frame again may move it
const PATIENCE = 15_000; // milliseconds for one step of the player
const LATE = 100; // milliseconds from the found place to its frame
const ALL_PATIENCE = 180_000; // for the video: then what was found so far is enough

/**
 * At most one frame a second and MOST_FRAMES in all; plain ones and repeats are left out.
 *
 * @param {Blob} file
 * @param {(frame: ImageBitmap) => Promise<{value: string, quality: number}>} hash
 * @param {{pause: () => Promise<void>, progress: (share: number) => void}} steps
 * @returns {Promise<{frames: {value: string, quality: number}[], width: number,
 *   height: number}>} Raises Problem.
 */
export async function hashFrames(file, hash, { pause, progress }) {
  const video = document.createElement("video");
  const address = URL.createObjectURL(file);
  Object.assign(video, { muted: true, playsInline: true, preload: "auto" });
  try {
    await step(video, "loadedmetadata", () => { video.src = address; });
    const { videoWidth: width, videoHeight: height } = video;
    if (!width || !height) throw new Problem("video"); // sound alone
    const found = await look(video, spread(await lengthOf(video)), { hash, pause, progress });
    return { frames: distinct(found), width, height };
  } finally {
    video.removeAttribute("src");
    video.load(); // lets go of the file
    URL.revokeObjectURL(address);
  }
}

async function look(video, moments, { hash, pause, progress }) {
  const until = performance.now() + ALL_PATIENCE;
  const found = [];
  for (const [number, moment] of moments.entries()) {
    try {
      found.push(await frameAt(video, moment, hash));
    } catch (error) {
      if (!(found.length && codeOf(error) === "video")) throw error;
      break; // the rest is damaged: what was seen before is worth keeping
    }
    progress((number + 1) / moments.length);
    await pause();
    if (performance.now() > until) break;
  }
  return found;
}

/** The middles of as many equal parts as there are frames to take; seconds. */
export function spread(seconds) {
  const count = Math.min(MOST_FRAMES, Math.max(1, Math.ceil(seconds)));
  return Array.from({ length: count }, (_, part) => ((part + 0.5) * seconds) / count);
}

/** Without the plain ones and those like one that stands before. Raises Problem. */
export function distinct(found) {
  const frames = [];
  for (const frame of found) {
    const isNew = frames.every((kept) => bitsApart(kept.value, frame.value) > ALIKE);
    if (frame.quality >= LEAST_QUALITY && isNew) frames.push(frame);
  }
  if (!frames.length) throw new Problem("too_plain");
  return frames;
}

async function lengthOf(video) {
  if (!Number.isFinite(video.duration)) {
    // Recorded in a browser, it does not say how long it is until its end was seen.
    await step(video, "seeked", () => { video.currentTime = Number.MAX_SAFE_INTEGER; });
  }
  return Number.isFinite(video.duration) ? video.duration : 0;
}

async function frameAt(video, moment, hash) {
  const shown = new Promise((resolve) => { video.requestVideoFrameCallback?.(resolve); });
  await step(video, "seeked", () => { video.currentTime = moment; });
  // A busy device says that it has found the place before it shows the frame.
  await Promise.race([shown, new Promise((resolve) => { setTimeout(resolve, LATE); })]);
  return hash(await createImageBitmap(video, { colorSpaceConversion: "none" }));
}

/** Does something to the player and waits for its answer. */
function step(video, event, act) {
  return new Promise((resolve, reject) => {
    const fail = () => reject(new Problem("video"));
    const timer = setTimeout(fail, PATIENCE);
    const settle = (outcome) => () => {
      clearTimeout(timer);
      video.removeEventListener(event, done);
      video.removeEventListener("error", broken);
      outcome();
    };
    const done = settle(resolve);
    const broken = settle(fail);
    video.addEventListener(event, done);
    video.addEventListener("error", broken);
    act();
  });
}
