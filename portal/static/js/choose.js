// Choosing pictures and videos: each is hashed on this device, and only its codes are put
// into the form. The file control is made here, bears no name and stands outside of every
// form, so a browser has no way to send what was chosen. Words come from the page.

import { Problem, codeOf } from "./hashing/problem.js";
import { Hasher } from "./hashing/hash.js";
import { MOST_ITEMS } from "./hashing/limits.js";
import { readClaims, writeClaims } from "./hashing/claims.js";

class Chooser {
  #box;
  #hasher;
  #claims;
  #items = new Set(); // {row, result, isOver, stopping}

  constructor(box) {
    this.#box = box;
    this.#hasher = new Hasher(box.dataset.workerUrl);
    this.#claims = box.querySelector("[data-claims]");
    box.querySelector("[data-without]").hidden = true;
    box.append(box.querySelector("template[data-control]").content.cloneNode(true));
    const control = this.#find("choose");
    control.addEventListener("change", () => {
      const files = [...control.files];
      control.value = ""; // the same file may be chosen again, and nothing lingers here
      for (const file of files) this.#add(file);
    });
    this.#claims.form.addEventListener("submit", (event) => this.#hold(event));
    for (const result of readClaims(this.#claims.value)) this.#restore(result);
  }

  async #add(file) {
    const item = this.#item(file.name);
    try {
      if (this.#taken().length > MOST_ITEMS) throw new Problem("too_many");
      const result = await this.#hasher.hash(file, {
        signal: item.stopping.signal,
        progress: (share) => this.#show(item, "working", share),
      });
      if (this.#has(result)) throw new Problem("again");
      item.result = result;
      this.#settle(item, "ready");
    } catch (error) {
      if (!item.stopping.signal.aborted) this.#settle(item, codeOf(error));
    }
  }

  #restore(result) {
    const item = this.#item(this.#box.dataset.earlier);
    Object.assign(item, { result, isOver: true });
    this.#show(item, "ready");
  }

  #item(name) {
    const row = this.#box.querySelector("template[data-row]").content.firstElementChild.cloneNode(true);
    const item = { row, result: null, isOver: false, stopping: new AbortController() };
    row.querySelector("[data-name]").textContent = name;
    const remove = row.querySelector("[data-remove]");
    remove.setAttribute("aria-label", `${remove.textContent.trim()}: ${name}`);
    remove.addEventListener("click", () => this.#remove(item));
    this.#items.add(item);
    this.#find("list").append(row);
    this.#show(item, "waiting");
    return item;
  }

  #remove(item) {
    item.stopping.abort();
    item.row.remove();
    this.#items.delete(item);
    this.#write();
    this.#announce();
    this.#find("choose").focus();
  }

  #settle(item, code) {
    item.isOver = true;
    this.#show(item, code);
    this.#write();
    this.#announce(item.result ? "" : item.row.innerText.trim());
  }

  /** The row in one of its states; every code has its sentence in the page. */
  #show({ row, result, isOver }, code, share) {
    const sentences = this.#box.querySelector("template[data-sentences]").content;
    row.querySelector("[data-state]").textContent = sentences.querySelector(`[data-for="${code}"]`).textContent;
    row.classList.toggle("wrong", isOver && !result);
    row.classList.toggle("ready", Boolean(result));
    const bar = row.querySelector("progress");
    bar.hidden = isOver;
    if (share !== undefined) bar.value = share;
  }

  #write() {
    const results = [...this.#items].flatMap(({ result }) => result ?? []);
    this.#claims.value = results.length ? writeClaims(results) : "";
  }

  /** Read out politely: what went wrong, or how many are ready. */
  #announce(wrong = "") {
    const taken = this.#taken();
    const ready = taken.filter(({ result }) => result).length;
    const count = this.#box.dataset.count.replace("{ready}", ready).replace("{all}", taken.length);
    this.#find("status").textContent = [wrong, taken.length ? count : ""].filter(Boolean).join(" ");
  }

  /** A report is not sent while a code is still being made: it would be missing. */
  #hold(event) {
    if ([...this.#items].every(({ isOver }) => isOver)) return;
    event.preventDefault();
    this.#find("status").textContent = this.#box.dataset.hold;
    this.#find("choose").focus();
  }

  #taken() {
    return [...this.#items].filter(({ result, isOver }) => result || !isOver);
  }

  #has({ sha256 }) {
    return sha256 && [...this.#items].some(({ result }) => result?.sha256 === sha256);
  }

  #find(name) {
    return this.#box.querySelector(`[data-${name}]`);
  }
}

for (const box of document.querySelectorAll("[data-hashing]")) new Chooser(box);
