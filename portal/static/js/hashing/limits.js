// The numbers that the device and the server agree on; tests compare both sides.

export const MOST_PIXELS = 64_000_000; // as tracker/images.py: four bytes each, once, in memory
export const LONGEST_SIDE = 32_767; // pixels that a canvas of every browser can be wide
export const MOST_PICTURE_BYTES = 64 * 2 ** 20; // a picture is read whole, a video never
export const MOST_DIGEST_BYTES = 2 ** 30; // beyond it a SHA-256 costs minutes and finds no copy
export const LEAST_QUALITY = 50; // PDQ's own measure; what is plainer matches half the world
export const SMALL = 512; // pixels of the longer side that every perceptual hash is made from
export const MOST_FRAMES = 60; // of one video
export const MOST_ITEMS = 10; // of one report
// As sent: four pictures with all their regions. The whole request stays under 64 KB.
export const MOST_CLAIM_BYTES = 60 * 1024;
