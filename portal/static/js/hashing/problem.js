// Why a file has no code. The page has a sentence for each code in the person's language.

/**
 * `code` is one of: empty, unreadable, not_picture, heic, too_large, too_many_pixels,
 * damaged, too_plain, video, canvas, old_browser, failed; of a list also: again, too_many.
 */
export class Problem extends Error {
  constructor(code) {
    super(code);
    this.name = "Problem";
    this.code = code;
  }
}

/** The code of any error: what nobody foresaw, such as memory running out, is "failed". */
export function codeOf(error) {
  if (error instanceof Problem) return error.code;
  const isGone = ["NotReadableError", "NotFoundError"].includes(error?.name);
  return isGone ? "unreadable" : "failed";
}
