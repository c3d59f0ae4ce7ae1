// Copy and print, where the browser can, and a kind question before the words are gone for
// good. Without this script the words can be selected, and the page asks for them all the same.

const keep = document.getElementById("keep");

if (keep) {
  keep.hidden = false;
  const copy = keep.querySelector("[data-copy]");
  copy.hidden = !navigator.clipboard;
  copy.addEventListener("click", async () => {
    const words = document.getElementById(copy.dataset.copy).textContent.trim();
    await navigator.clipboard.writeText(words);
    document.getElementById("kept").textContent = copy.dataset.done;
  });
  keep.querySelector("[data-print]").addEventListener("click", () => window.print());
}

const SENDING = 2000; // milliseconds: a form that is sent does not leave the words behind
let isGuarded = document.querySelector("[data-guard]") !== null;

addEventListener("beforeunload", (event) => {
  if (isGuarded) event.preventDefault();
});
addEventListener("submit", () => {
  if (!isGuarded) return;
  isGuarded = false;
  setTimeout(() => { isGuarded = true; }, SENDING); // a saved file leaves the page open
});
// Who must leave at once is never asked, whether by the link or by a key: see exit.js.
addEventListener("leaving", () => { isGuarded = false; });
