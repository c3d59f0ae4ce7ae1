// What the first bytes of a file say it is, how large the picture in it is, and whether its
// end is there. Read before anything is decoded: 200 million pixels would end the tab, and
// browsers paint what they have of a file that was cut short. A name is never asked.

import { Problem } from "./problem.js";

const text = (bytes, from, to) => String.fromCharCode(...bytes.subarray(from, to));
const viewOf = (bytes) => new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);

const HEIC = ["heic", "heix", "hevc", "hevx", "heim", "heis", "hevm", "hevs", "mif1", "msf1"];

/** JPEG, PNG, GIF, WEBP, BMP, AVIF, HEIC, VIDEO, or "" for anything else. */
export function formatOf(head) {
  if (text(head, 0, 3) === "\xff\xd8\xff") return "JPEG";
  if (text(head, 0, 8) === "\x89PNG\r\n\x1a\n") return "PNG";
  if (/^GIF8[79]a/.test(text(head, 0, 6))) return "GIF";
  if (text(head, 0, 4) === "RIFF") return { WEBP: "WEBP", "AVI ": "VIDEO" }[text(head, 8, 12)] ?? "";
  if (text(head, 4, 8) === "ftyp") return brandedFormat(head);
  if (text(head, 4, 8) === "moov" || text(head, 4, 8) === "mdat") return "VIDEO"; // old QuickTime
  if (text(head, 0, 4) === "\x1a\x45\xdf\xa3" || text(head, 0, 4) === "OggS") return "VIDEO";
  if (text(head, 0, 2) === "BM") return "BMP";
  return "";
}

/** By the brands of an ISO base media file (ISO/IEC 14496-12, 4.3). */
function brandedFormat(head) {
  const end = Math.min(viewOf(head).getUint32(0), 256, head.length);
  const brands = text(head, 8, end).match(/.{4}/gs) ?? [];
  if (brands.includes("avif") || brands.includes("avis")) return "AVIF";
  return brands.some((brand) => HEIC.includes(brand)) ? "HEIC" : "VIDEO";
}

const MEASURES = { JPEG: jpeg, PNG: png, GIF: gif, WEBP: webp, BMP: bmp, AVIF: ispe, HEIC: ispe };

/**
 * Width and height in pixels as stored, before any turning upright.
 *
 * Raises Problem("damaged") where they cannot be read, or where the end is missing.
 */
export function sizeOf(bytes, format) {
  let size;
  try {
    size = MEASURES[format](bytes, viewOf(bytes));
  } catch (error) {
    if (!(error instanceof RangeError)) throw error; // a number beyond the end of the file
  }
  if (!size?.width || !size?.height) throw new Problem("damaged");
  return size;
}

/** ITU-T T.81: segments up to the frame header, then scans up to the end of image. */
function jpeg(bytes, view) {
  let size;
  for (let at = 2; ;) {
    if (view.getUint8(at) !== 0xff) return undefined;
    const marker = view.getUint8(at + 1);
    if (marker === 0xff) { at++; continue; } // a fill byte
    if (marker === 0xd9) return size;
    if (marker >= 0xc0 && marker <= 0xcf && ![0xc4, 0xc8, 0xcc].includes(marker)) {
      size ??= { height: view.getUint16(at + 5), width: view.getUint16(at + 7) };
    }
    at += 2 + view.getUint16(at + 2);
    if (marker === 0xda) at = afterScan(bytes, at);
  }
}

/** Where the next marker stands: not a stuffed zero, not a restart. */
function afterScan(bytes, start) {
  for (let at = bytes.indexOf(0xff, start); at >= 0; at = bytes.indexOf(0xff, at + 1)) {
    const next = bytes[at + 1];
    if (next !== 0 && next !== 0xff && !(next >= 0xd0 && next <= 0xd7)) return at;
  }
  return bytes.length;
}

function png(bytes, view) {
  for (let at = 8; text(bytes, at + 4, at + 8) !== "IEND";) at += 12 + view.getUint32(at);
  return { width: view.getUint32(16), height: view.getUint32(20) };
}

function gif(bytes, view) {
  return { width: view.getUint16(6, true), height: view.getUint16(8, true) };
}

function bmp(bytes, view) {
  if (view.getUint32(14, true) === 12) {
    return { width: view.getUint16(18, true), height: view.getUint16(20, true) };
  }
  return { width: view.getInt32(18, true), height: Math.abs(view.getInt32(22, true)) };
}

/** RFC 9649: lossy, lossless, extended. */
function webp(bytes, view) {
  if (view.getUint32(4, true) + 8 > bytes.length) return undefined;
  const low = (at) => view.getUint16(at, true) & 0x3fff;
  const three = (at) => 1 + (view.getUint32(at, true) & 0xffffff);
  switch (text(bytes, 12, 16)) {
    case "VP8 ": return { width: low(26), height: low(28) };
    case "VP8L": {
      const both = view.getUint32(21, true);
      return { width: 1 + (both & 0x3fff), height: 1 + ((both >> 14) & 0x3fff) };
    }
    case "VP8X": return { width: three(24), height: three(27) };
    default: return undefined;
  }
}

/** ISO/IEC 23008-12: the largest of the stored spatial extents, near the beginning. */
function ispe(bytes, view) {
  const sizes = [];
  const end = Math.min(bytes.length, 2 ** 18);
  for (let at = bytes.indexOf(0x69); at >= 0 && at < end; at = bytes.indexOf(0x69, at + 1)) {
    if (text(bytes, at, at + 4) === "ispe") {
      sizes.push({ width: view.getUint32(at + 8), height: view.getUint32(at + 12) });
    }
  }
  return sizes.sort((a, b) => b.width * b.height - a.width * a.height)[0];
}
