// Choosing the harmless photo that a fake was made from: its features are made on this
// device, and they and its hash are put into the form. The file control is made here, bears
// no name and stands outside of the form, so a browser cannot send the photo itself.

import { codeOf } from "./hashing/problem.js";
import { Hasher } from "./hashing/hash.js";

const box = document.querySelector("[data-original]");
const told = box.querySelector("[data-told]");
const hasher = new Hasher(box.dataset.workerUrl);
const find = (name) => box.querySelector(`[data-${name}]`);
let stopping = new AbortController();

box.querySelector("[data-without]").hidden = true;
box.append(box.querySelector("template[data-control]").content.cloneNode(true));
const [control, state, bar] = ["choose", "state", "bar"].map(find);

function show(code) {
  const sentences = box.querySelector("template[data-sentences]").content;
  state.textContent = sentences.querySelector(`[data-for="${code}"]`).textContent;
  state.classList.toggle("wrong", !["working", "ready"].includes(code));
  bar.hidden = code !== "working";
}

/** Base64, in parts: a call takes only so many arguments. */
function text(bytes) {
  const parts = [];
  for (let at = 0; at < bytes.length; at += 2 ** 15) {
    parts.push(String.fromCharCode(...bytes.subarray(at, at + 2 ** 15)));
  }
  return btoa(parts.join(""));
}

control.addEventListener("change", async () => {
  const [file] = control.files;
  if (!file) return;
  stopping.abort();
  stopping = new AbortController();
  const { signal } = stopping;
  told.value = "";
  show("working");
  try {
    const progress = (share) => { bar.value = share; };
    const { features, count, ...facts } = await hasher.describe(file, { signal, progress });
    if (count < Number(box.dataset.least)) return show("too_plain");
    told.value = JSON.stringify({ ...facts, size: file.size, features: text(features) });
    show("ready");
  } catch (error) {
    if (!signal.aborted) show(codeOf(error));
  }
});

told.form.addEventListener("submit", (event) => {
  if (told.value) return;
  event.preventDefault();
  if (!control.files.length) show("none");
  control.focus();
});
