// The page's door to hashing: a file goes in, codes come out, and nothing leaves the device.

import { Crew } from "./crew.js";
import { formatOf } from "./header.js";
import { MOST_DIGEST_BYTES } from "./limits.js";
import { Problem } from "./problem.js";
import { hashFrames } from "./video.js";

/** Hashes files one after the other: two at once would be too much for a cheap phone. */
export class Hasher {
  #crew;
  #last = Promise.resolve();

  /** @param {string} workerAddress of worker.js */
  constructor(workerAddress) {
    this.#crew = new Crew(workerAddress);
  }

  /**
   * @param {File} file
   * @param {{progress?: (share: number) => void, signal?: AbortSignal}} [steps]
   * @returns {Promise<{kind: "picture" | "video", sha256: string | null,
   *   pdq: {value: string, quality: number}[], frames: {value: string, quality: number}[],
   *   shape?: number[], regions?: string, width: number, height: number}>} of a picture
   *   eight forms, the upright one first, and its regions; of a video frames. Raises Problem (see problem.js), or the signal's reason when aborted.
   */
  hash(file, { progress = () => {}, signal = new AbortController().signal } = {}) {
    const turn = this.#last.then(() => this.#hash(file, { progress, signal }));
    this.#last = turn.catch(() => {});
    return turn;
  }

  /**
   * The features of a harmless photo, and the hash of its file: see describePicture().
   *
   * @param {File} file
   * @param {{progress?: (share: number) => void, signal?: AbortSignal}} [steps]
   */
  describe(file, { progress = () => {}, signal = new AbortController().signal } = {}) {
    const turn = this.#last.then(async () => {
      signal.throwIfAborted();
      if (typeof createImageBitmap === "undefined") throw new Problem("old_browser");
      if (await kindOf(file) === "video") throw new Problem("not_picture");
      return this.#crew.run("features", file, { progress, signal });
    });
    this.#last = turn.catch(() => {});
    return turn;
  }

  async #hash(file, steps) {
    steps.signal.throwIfAborted();
    if (typeof createImageBitmap === "undefined") throw new Problem("old_browser");
    return await kindOf(file) === "video" ? this.#video(file, steps) : this.#picture(file, steps);
  }

  async #picture(file, steps) {
    return { kind: "picture", frames: [], ...(await this.#crew.run("picture", file, steps)) };
  }

  async #video(file, { progress, signal }) {
    const quiet = { signal, progress: () => {} };
    const seen = await hashFrames(file, (frame) => this.#crew.run("frame", frame, quiet), {
      pause: async () => signal.throwIfAborted(),
      progress: (share) => progress(0.8 * share),
    });
    const rest = { signal, progress: (share) => progress(0.8 + 0.2 * share) };
    const isShort = file.size <= MOST_DIGEST_BYTES;
    const digest = isShort ? await this.#crew.run("digest", file, rest) : null;
    return { kind: "video", sha256: digest, pdq: [], ...seen };
  }
}

/** By the first bytes; only among videos, of which there are too many kinds, by its type. */
async function kindOf(file) {
  if (!file.size) throw new Problem("empty");
  let head;
  try {
    head = new Uint8Array(await file.slice(0, 256).arrayBuffer());
  } catch {
    throw new Problem("unreadable"); // gone, or still in a cloud
  }
  const format = formatOf(head);
  if (format === "VIDEO" || (!format && file.type.startsWith("video/"))) return "video";
  if (!format) throw new Problem("not_picture");
  return "picture";
}
