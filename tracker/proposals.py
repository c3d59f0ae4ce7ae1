"""What a re-poster's frame may hide: boxes of a picture that may be a picture themselves.

A lookup asks with each of them too. It only looks at levels of grey, and a wrong box
costs one question more: it must not know what is asked, nor what the bank holds.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import numpy.typing as npt

Box = tuple[int, int, int, int]  # left, top, right, bottom; pixels of the grey picture
Grey = npt.NDArray[np.uint8]
Lines = npt.NDArray[np.float64]  # one value for each row

MOST = 12
LEAST_SIDE = 48  # of 512 pixels: below it a hash of the box is one of its saving, too
LEAST_AREA = 0.04  # of the picture
SAME = 0.96  # of the area of two boxes in common: one question is enough

# A line is frame if that share of it has the frame's level: bare bars first, then bars with a
# line of text, then what a program shows around a picture, with names and buttons.
BARE, WRITTEN, CROWDED = 0.97, 0.75, 0.5
TRIMS = (BARE, WRITTEN, CROWDED)
NOISE = 8  # of 256 levels that saving may move a bar by
SOFT, ABRUPT = 3, 0.8  # lines that shrinking smears an edge over, and what they fall to

# Beside a blurred copy of itself a picture is the part where neighbours differ.
BLURRED = 0.3  # of the sharpest lines' differences

# A seam between cells: a step that most of the line takes, and its neighbours do not.
STEP = 8  # levels
TAKEN = 0.5  # of the line's pixels
STANDS_OUT = 3  # times what the lines around it differ by
AROUND = 12  # lines on each side
PAIRED = 2  # what two seams as far from both ends need to stand out by
EDGE = 8  # lines at the ends that are no backdrop
MOST_SEAMS = 2  # each way: nine cells
SURE_CELLS = 4  # of them that are asked for before quarters and halves


@dataclass(frozen=True, slots=True)
class Proposal:
    """A box, and what it is a proposal of: "trimmed", "sharp", "cell 3", "half 1"..."""

    of: str
    box: Box


def propose(grey: Grey) -> tuple[Proposal, ...]:
    """At most MOST boxes of a grey picture of shape (height, width), likeliest first.

    None is nearly the whole, nearly another one, or very small.
    """
    height, width = grey.shape
    whole = (0, 0, width, height)
    if min(height, width) < LEAST_SIDE:
        return ()
    bare = stripped(grey, whole)
    seen = sorted(cells(grey, bare), key=_area, reverse=True)
    first, rest = seen[:SURE_CELLS], seen[SURE_CELLS:]
    found = [
        Proposal("trimmed", bare),
        *(Proposal("trimmed", trimmed(grey, bare, share)) for share in TRIMS),
        Proposal("sharp", sharpest(grey, bare)),
        Proposal("middle", middle(grey, bare)),
        *(Proposal("band", band) for band in bands(grey, bare)),
        Proposal("centre", centre(bare)),
        *_numbered("cell", first),
        *_numbered("quarter", quarters(bare)),
        *_numbered("half", halves(bare)),
        *_numbered("further cell", rest),
    ]
    return tuple(_distinct(found, whole))


def stripped(grey: Grey, box: Box) -> Box:
    """A box without the bars at its edges; the box itself if nothing were left."""
    for by_columns in (False, True, False):
        left, top, right, bottom = box
        part = grey[top:bottom, left:right]
        start, end = _between_bars(_framing(part.T if by_columns else part))
        if end - start < LEAST_SIDE:
            return box
        box = _narrowed(box, start, end, by_columns=by_columns)
    return box


def trimmed(grey: Grey, box: Box, share: float) -> Box:
    """The largest part of a box between lines that are frame, by rows, columns, rows."""
    for by_columns in (False, True, False):
        left, top, right, bottom = box
        part = grey[top:bottom, left:right]
        start, end = _longest(_framing(part.T if by_columns else part) < share)
        if end - start < LEAST_SIDE:
            return box
        box = _narrowed(box, start, end, by_columns=by_columns)
    return box


def sharpest(grey: Grey, box: Box) -> Box:
    """The part of a box that is no blurred copy beside the picture."""
    for by_columns in (False, True):
        left, top, right, bottom = box
        part = grey[top:bottom, left:right]
        lines = _sharpness(part.T if by_columns else part)
        start, end = _longest(lines > BLURRED * np.quantile(lines, 0.9))
        if end - start >= LEAST_SIDE:
            box = _narrowed(box, start, end, by_columns=by_columns)
    return box


def middle(grey: Grey, box: Box) -> Box:
    """The part between two seams as far from both ends: a picture before a backdrop.

    Taken along the longer side; the box itself if there are none.
    """
    left, top, right, bottom = box
    part = grey[top:bottom, left:right]
    by_columns = right - left > bottom - top
    score, _ = _steps(part.T if by_columns else part)
    beside = np.maximum.reduce([score, np.roll(score, 1), np.roll(score, -1)])
    both = np.minimum(beside, beside[::-1])[: (len(score) - LEAST_SIDE) // 2]
    both[:EDGE] = 0
    if both.max(initial=0) < PAIRED:
        return box
    start = int(both.argmax()) + 1
    return _narrowed(box, start, len(score) + 2 - start, by_columns=by_columns)


def cells(grey: Grey, box: Box) -> list[Box]:
    """The cells of a collage by the seams that are seen in it, their gutters stripped."""
    columns, rows = _cuts(grey, box)
    if len(rows) == len(columns) == 2:
        return []
    found = [(x, y, u, v) for y, v in pairwise(rows) for x, u in pairwise(columns)]
    return [stripped(grey, cell) for cell in found]


def bands(grey: Grey, box: Box) -> list[Box]:
    """The widest part between seams from edge to edge, one each way if there are any."""
    left, top, right, bottom = box
    columns, rows = _cuts(grey, box)
    x, u = max(pairwise(columns), key=lambda ends: ends[1] - ends[0])
    y, v = max(pairwise(rows), key=lambda ends: ends[1] - ends[0])
    return [(left, y, right, v), (x, top, u, bottom)]


def _cuts(grey: Grey, box: Box) -> tuple[list[int], list[int]]:
    """Where a box is cut into columns and into rows, its own edges included."""
    left, top, right, bottom = box
    part = grey[top:bottom, left:right]
    columns = [left, *(left + seam for seam in _seams(part.T)), right]
    return columns, [top, *(top + seam for seam in _seams(part)), bottom]


def centre(box: Box) -> Box:
    """Without a tenth at each edge: where captions stand, and corners of a turned copy."""
    left, top, right, bottom = box
    x, y = (right - left) // 10, (bottom - top) // 10
    return left + x, top + y, right - x, bottom - y


def halves(box: Box) -> list[Box]:
    """Left, right, upper, lower."""
    left, top, right, bottom = box
    x, y = (left + right) // 2, (top + bottom) // 2
    return [
        (left, top, x, bottom),
        (x, top, right, bottom),
        (left, top, right, y),
        (left, y, right, bottom),
    ]


def quarters(box: Box) -> list[Box]:
    """Upper left, upper right, lower left, lower right."""
    left, top, right, bottom = box
    x, y = (left + right) // 2, (top + bottom) // 2
    return [
        (left, top, x, y),
        (x, top, right, y),
        (left, y, x, bottom),
        (x, y, right, bottom),
    ]


def _framing(part: Grey) -> Lines:
    """For each row the share of its pixels that have the level of the first or last row.

    That is what a bar is: a clear sky may be as even, but drifts from row to row.
    """
    levels = [int(np.median(part[end])) for end in (0, -1)]
    shares = [(np.abs(part.astype(np.int16) - level) <= NOISE) for level in levels]
    return np.asarray(np.maximum(*(share.mean(axis=1) for share in shares)))


def _between_bars(framing: Lines) -> tuple[int, int]:
    """Start and end of what is left without the bars at both ends.

    A bar ends at once: where lines change little by little it was part of the picture.
    """
    shown = np.flatnonzero(framing < BARE)
    if not len(shown):
        return 0, 0
    start, end = int(shown[0]), int(shown[-1]) + 1
    if framing[start : start + SOFT].min() > ABRUPT:
        start = 0
    if framing[max(0, end - SOFT) : end].min() > ABRUPT:
        end = len(framing)
    return start, end


def _sharpness(part: Grey) -> Lines:
    """For each row how much its neighbouring pixels differ, averaged over nine rows."""
    differ = np.abs(np.diff(part.astype(np.int16), axis=1)).mean(axis=1)
    return np.convolve(np.pad(differ, 4, "edge"), np.full(9, 1 / 9), "valid")


def _seams(part: Grey) -> list[int]:
    """Where rows are cut from those above along most of the width; in their order."""
    if len(part) < 2 * LEAST_SIDE:
        return []
    score, taken = _steps(part)
    score[taken < TAKEN] = 0
    score[: LEAST_SIDE - 1] = score[-LEAST_SIDE + 1 :] = 0
    seams: list[int] = []
    while len(seams) < MOST_SEAMS and score.max() > STANDS_OUT:
        at = int(score.argmax())
        seams.append(at + 1)
        score[max(0, at - LEAST_SIDE) : at + LEAST_SIDE] = 0
    return sorted(seams)


def _steps(part: Grey) -> tuple[Lines, Lines]:
    """For each row but the first and last how its step stands out, and what share takes it."""
    step = np.abs(part[2:].astype(np.int16) - part[:-2])
    mean, taken = step.mean(axis=1), (step > STEP).mean(axis=1)
    padded = np.pad(mean, AROUND, "edge")
    around = np.lib.stride_tricks.sliding_window_view(padded, 2 * AROUND + 1)
    return mean / (np.median(around, axis=1) + 1), taken


def _longest(wanted: npt.NDArray[np.bool_]) -> tuple[int, int]:
    """Start and end of the longest run of True; (0, 0) if there is none."""
    edges = np.flatnonzero(np.diff(np.concatenate([[False], wanted, [False]])))
    if not len(edges):
        return 0, 0
    runs = edges.reshape(-1, 2)
    start, end = runs[np.argmax(runs[:, 1] - runs[:, 0])]
    return int(start), int(end)


def _narrowed(box: Box, start: int, end: int, *, by_columns: bool) -> Box:
    left, top, right, bottom = box
    if by_columns:
        return left + start, top, left + end, bottom
    return left, top + start, right, top + end


def _numbered(of: str, boxes: Iterable[Box]) -> Iterator[Proposal]:
    return (Proposal(f"{of} {number}", box) for number, box in enumerate(boxes, 1))


def _distinct(found: Iterable[Proposal], whole: Box) -> Iterator[Proposal]:
    kept = [whole]
    for proposal in found:
        if len(kept) > MOST:
            return
        box = proposal.box
        if _is_large(box, whole) and all(_common(box, one) < SAME for one in kept):
            kept.append(box)
            yield proposal


def _is_large(box: Box, whole: Box) -> bool:
    sides = box[2] - box[0], box[3] - box[1]
    return min(sides) >= LEAST_SIDE and _area(box) >= LEAST_AREA * _area(whole)


def _common(a: Box, b: Box) -> float:
    """The area that two boxes share, of the area that they cover together."""
    shared = _area((max(a[0], b[0]), max(a[1], b[1]), min(a[2], b[2]), min(a[3], b[3])))
    return shared / (_area(a) + _area(b) - shared)


def _area(box: Box) -> int:
    return max(0, box[2] - box[0]) * max(0, box[3] - box[1])
