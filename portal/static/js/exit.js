// Leaving fast: empty the page at once, forget what it kept on this device, and put the next
// page in place of this one, so that "Back" does not show it. Three times Esc does the same.
// It stands in the head and is no module, so that it is there before there is anything to see.
// Without this script the link still ends the visit and opens another site.
{
  const PRESSES = 3;
  const WITHIN = 2000; // milliseconds from the first press to the last
  const EXIT = "[data-exit]";

  function leave(exit) {
    dispatchEvent(new Event("leaving"));
    document.body.replaceChildren(); // also what was typed: it must not come back with "Back"
    document.title = "…";
    for (const name of ["sessionStorage", "localStorage"]) {
      try {
        globalThis[name].clear();
      } catch {
        // Forbidden by this browser: then nothing was kept there.
      }
    }
    location.replace(exit.href);
  }

  addEventListener("click", (event) => {
    const exit = event.target.closest?.(EXIT);
    if (!exit) return;
    event.preventDefault();
    leave(exit);
  }, { capture: true });

  let presses = [];
  // Capturing: a field or a menu that takes the key for itself must not keep anybody here.
  addEventListener("keydown", (event) => {
    if (event.repeat) return;
    presses = event.key === "Escape" ? [...presses, event.timeStamp].slice(-PRESSES) : [];
    const exit = document.querySelector(EXIT);
    if (exit && presses.length === PRESSES && event.timeStamp - presses[0] < WITHIN) leave(exit);
  }, { capture: true });
}
