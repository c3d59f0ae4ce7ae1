// SHA-256 (FIPS 180-4) of a file. The browser's own where it has one; over plain http, as
// with an onion address in some browsers, it has none, and it never takes a file in parts.

const AT_ONCE = 64 * 2 ** 20; // bytes given to the browser's own in one piece
const SLICE = 2 ** 18; // bytes hashed here between two chances to pause

/** The first 32 bits of the fractional parts of roots of the first primes. */
function fractions(count, root) {
  const found = [];
  for (let n = 2; found.length < count; n++) {
    let isPrime = true;
    for (let d = 2; d * d <= n; d++) isPrime &&= n % d !== 0;
    if (isPrime) found.push(((root(n) % 1) * 2 ** 32) | 0);
  }
  return Int32Array.from(found);
}

const START = fractions(8, Math.sqrt);
const ROUNDS = fractions(64, Math.cbrt);

const turn = (word, by) => (word >>> by) | (word << (32 - by));

class Sha256 {
  #state = START.slice();
  #words = new Int32Array(64);
  #rest = new Uint8Array(64);
  #length = 0; // bytes so far

  update(bytes) {
    let at = 0;
    const held = this.#length % 64;
    this.#length += bytes.length;
    if (held) {
      at = Math.min(64 - held, bytes.length);
      this.#rest.set(bytes.subarray(0, at), held);
      if (held + at < 64) return;
      this.#block(this.#rest, 0);
    }
    for (; at + 64 <= bytes.length; at += 64) this.#block(bytes, at);
    this.#rest.set(bytes.subarray(at));
  }

  /** Lower-case hex. Nothing may be added afterwards. */
  hex() {
    const bits = new DataView(new ArrayBuffer(8));
    bits.setBigUint64(0, BigInt(this.#length) * 8n);
    const padding = new Uint8Array(1 + ((119 - (this.#length % 64)) % 64));
    padding[0] = 0x80;
    this.update(padding);
    this.update(new Uint8Array(bits.buffer));
    return Array.from(this.#state, (word) => (word >>> 0).toString(16).padStart(8, "0")).join("");
  }

  #block(bytes, at) {
    const w = this.#words;
    for (let i = 0; i < 16; i++, at += 4) {
      w[i] = (bytes[at] << 24) | (bytes[at + 1] << 16) | (bytes[at + 2] << 8) | bytes[at + 3];
    }
    for (let i = 16; i < 64; i++) {
      const near = turn(w[i - 2], 17) ^ turn(w[i - 2], 19) ^ (w[i - 2] >>> 10);
      const far = turn(w[i - 15], 7) ^ turn(w[i - 15], 18) ^ (w[i - 15] >>> 3);
      w[i] = (w[i - 16] + far + w[i - 7] + near) | 0;
    }
    let [a, b, c, d, e, f, g, h] = this.#state;
    for (let i = 0; i < 64; i++) {
      const high = turn(e, 6) ^ turn(e, 11) ^ turn(e, 25);
      const one = (h + high + ((e & f) ^ (~e & g)) + ROUNDS[i] + w[i]) | 0;
      const low = turn(a, 2) ^ turn(a, 13) ^ turn(a, 22);
      const two = (low + ((a & b) ^ (a & c) ^ (b & c))) | 0;
      h = g; g = f; f = e; e = (d + one) | 0;
      d = c; c = b; b = a; a = (one + two) | 0;
    }
    [a, b, c, d, e, f, g, h].forEach((word, i) => { this.#state[i] += word; });
  }
}

/**
 * The SHA-256 of a file in lower-case hex.
 *
 * @param {Blob} file
 * @param {{pause: () => Promise<void>, progress: (share: number) => void}} steps
 */
export async function sha256(file, { pause, progress }) {
  if (globalThis.crypto?.subtle && file.size <= AT_ONCE) {
    const digest = await crypto.subtle.digest("SHA-256", await file.arrayBuffer());
    return Array.from(new Uint8Array(digest), (byte) => byte.toString(16).padStart(2, "0")).join("");
  }
  const hash = new Sha256();
  for (let at = 0; at < file.size; at += SLICE) {
    hash.update(new Uint8Array(await file.slice(at, at + SLICE).arrayBuffer()));
    progress(Math.min(1, (at + SLICE) / file.size));
    await pause();
  }
  return hash.hex();
}
