// Who does a job: a worker, or where the browser has none the page itself, in slices.

import { JOBS } from "./jobs.js";
import { Problem } from "./problem.js";

const PATIENCE = 10_000; // milliseconds for the worker's files to arrive
const SLICE = 12; // milliseconds of work between two breaths of the page

/** Does jobs one after the other; `stop` ends the one that runs. */
export class Crew {
  #address;
  #worker; // a promise of a Worker, or of null where there can be none

  /** @param {string} address of worker.js, as the page names it */
  constructor(address) {
    this.#address = address;
  }

  /**
   * @param {"picture" | "frame" | "digest" | "features"} job
   * @param {Blob | ImageBitmap} input handed over: a bitmap is gone afterwards
   * @param {{progress: (share: number) => void, signal: AbortSignal}} steps
   */
  async run(job, input, { progress, signal }) {
    signal.throwIfAborted();
    const worker = await (this.#worker ??= hire(this.#address));
    if (!worker) return JOBS[job](input, { progress, pause: breathing(signal) });
    return this.#ask(worker, { job, input }, { progress, signal });
  }

  /** Waits for the answer; whatever ends badly ends the worker, and the next job hires anew. */
  #ask(worker, task, { progress, signal }) {
    return new Promise((resolve, reject) => {
      const done = (settle, outcome) => {
        signal.removeEventListener("abort", stopped);
        settle(outcome);
      };
      const dismiss = (error) => {
        worker.terminate();
        this.#worker = undefined;
        done(reject, error);
      };
      const stopped = () => dismiss(signal.reason);
      signal.addEventListener("abort", stopped);
      worker.onerror = () => dismiss(new Problem("failed"));
      worker.onmessage = ({ data: { share, result, problem } }) => {
        if (share !== undefined) progress(share);
        else if (problem) done(reject, new Problem(problem));
        else done(resolve, result);
      };
      worker.postMessage(task, task.input instanceof Blob ? [] : [task.input]);
    });
  }
}

/** A worker that has loaded and can draw, or null. */
function hire(address) {
  if (typeof Worker === "undefined" || typeof OffscreenCanvas === "undefined") return null;
  return new Promise((resolve) => {
    let worker;
    const none = () => { worker?.terminate(); resolve(null); };
    try {
      worker = new Worker(address, { type: "module" });
    } catch {
      return none(); // old, or forbidden here
    }
    const timer = setTimeout(none, PATIENCE);
    worker.onerror = () => { clearTimeout(timer); none(); };
    worker.onmessage = ({ data: { ready } }) => {
      clearTimeout(timer);
      if (ready) resolve(worker); else none();
    };
  });
}

/** Lets the page paint and answer taps whenever it has worked for a while. */
function breathing(signal) {
  let since = performance.now();
  return async () => {
    signal.throwIfAborted();
    if (performance.now() - since < SLICE) return;
    await new Promise((resolve) => { setTimeout(resolve); });
    signal.throwIfAborted();
    since = performance.now();
  };
}
