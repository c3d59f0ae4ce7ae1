// Hashes beside the page, so that the page never stands still. One job at a time; to stop
// one, the page ends the worker.

import { JOBS, canDraw } from "./jobs.js";
import { codeOf } from "./problem.js";

addEventListener("message", async ({ data: { job, input } }) => {
  const steps = {
    pause: async () => {},
    progress: (share) => postMessage({ share }),
  };
  try {
    postMessage({ result: await JOBS[job](input, steps) });
  } catch (error) {
    postMessage({ problem: codeOf(error) });
  }
});

postMessage({ ready: canDraw() });
