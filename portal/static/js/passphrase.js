// Copy and print, where the browser can. Without this script the words can be selected.

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
