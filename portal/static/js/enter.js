// While very many strangers guess, a try costs a little work: find a number whose hash with
// the ticket starts with zeros. It is done in slices, so that a cheap phone stays responsive.
// Without this script a wait takes its place.

const K = new Uint32Array(64);
const START = new Uint32Array(8);

// The constants are the fractions of the roots of the first primes (FIPS 180-4).
(() => {
  const fraction = (root) => (root - Math.floor(root)) * 2 ** 32;
  for (let number = 2, found = 0; found < 64; number += 1) {
    let isPrime = true;
    for (let by = 2; by * by <= number; by += 1) isPrime &&= number % by !== 0;
    if (!isPrime) continue;
    if (found < 8) START[found] = fraction(Math.sqrt(number));
    K[found] = fraction(Math.cbrt(number));
    found += 1;
  }
})();

const w = new Uint32Array(64);
const turn = (x, by) => (x >>> by) | (x << (32 - by));

function compress(state, bytes, at) {
  for (let i = 0; i < 16; i += 1) {
    const j = at + 4 * i;
    w[i] = (bytes[j] << 24) | (bytes[j + 1] << 16) | (bytes[j + 2] << 8) | bytes[j + 3];
  }
  for (let i = 16; i < 64; i += 1) {
    const [a, b] = [w[i - 15], w[i - 2]];
    const low = turn(a, 7) ^ turn(a, 18) ^ (a >>> 3);
    const high = turn(b, 17) ^ turn(b, 19) ^ (b >>> 10);
    w[i] = w[i - 16] + low + w[i - 7] + high;
  }
  let [a, b, c, d, e, f, g, h] = state;
  for (let i = 0; i < 64; i += 1) {
    const one = (h + (turn(e, 6) ^ turn(e, 11) ^ turn(e, 25)) + ((e & f) ^ (~e & g)) + K[i] + w[i]) | 0;
    const two = ((turn(a, 2) ^ turn(a, 13) ^ turn(a, 22)) + ((a & b) ^ (a & c) ^ (b & c))) | 0;
    [h, g, f, e, d, c, b, a] = [g, f, e, (d + one) | 0, c, b, a, (one + two) | 0];
  }
  [a, b, c, d, e, f, g, h].forEach((value, i) => { state[i] += value; });
}

// The first 32 bits of SHA-256 of a short text in ASCII.
export function digest(text) {
  const bytes = new Uint8Array(64 * Math.ceil((text.length + 9) / 64));
  for (let i = 0; i < text.length; i += 1) bytes[i] = text.charCodeAt(i);
  bytes[text.length] = 0x80;
  new DataView(bytes.buffer).setUint32(bytes.length - 4, text.length * 8);
  const state = START.slice();
  for (let at = 0; at < bytes.length; at += 64) compress(state, bytes, at);
  return state[0];
}

const SLICE = 12; // milliseconds, less than one frame

async function solve(ticket, bits) {
  let number = 0;
  for (;;) {
    const until = performance.now() + SLICE;
    while (performance.now() < until) {
      for (let i = 0; i < 64; i += 1, number += 1) {
        if (digest(`${ticket}.${number}`) >>> (32 - bits) === 0) return String(number);
      }
    }
    await new Promise((resume) => { setTimeout(resume, 0); });
  }
}

const form = document.querySelector("[data-bits]");

if (form) {
  const { ticket, solution } = form.elements;
  const waiting = document.getElementById("working");
  const solved = solve(ticket.value, Number(form.dataset.bits));
  form.addEventListener("submit", async (event) => {
    if (solution.value) return;
    event.preventDefault();
    waiting.hidden = false;
    solution.value = await solved;
    form.submit();
  });
}
