"""Why a copy is one, to be seen: both pictures side by side, the parts that agree outlined.

Where no picture is to be had or nobody has asked to look, a frame of its shape stands for
it. It must not open anything: who may look at what, and for which reason, is looking.py's.
"""

from base64 import b64encode
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from portal.desk.words import BITS, Words, why
from portal.sightings.models import Sighting
from portal.sightings.previews import Preview

LONGER = 1000  # units of a drawing's longer side
FLATTEST = (
    4  # times as long as high; what a stranger's numbers give beyond it is no shape
)
QUARTER_TURNS = ("quarter", "diagonal")  # in the words of the forms that swap the sides

PARTS: Words = {
    "whole": gettext_lazy("The whole picture"),
    "trimmed": gettext_lazy("What is left without its frame or bars"),
    "sharp": gettext_lazy("The part that is not blurred"),
    "middle": gettext_lazy("The part in front of a backdrop"),
    "band": gettext_lazy("A strip from edge to edge"),
    "centre": gettext_lazy("All but the edges"),
    "cell": gettext_lazy("One cell of a collage"),
    "further cell": gettext_lazy("One cell of a collage"),
    "quarter": gettext_lazy("A quarter of it"),
    "half": gettext_lazy("One half of it"),
    "region": gettext_lazy("A part of it"),
}
PLACES: dict[tuple[int, int], Any] = {  # across, down; 0 is the middle
    (-1, -1): gettext_lazy("at the upper left"),
    (0, -1): gettext_lazy("at the top"),
    (1, -1): gettext_lazy("at the upper right"),
    (-1, 0): gettext_lazy("at the left"),
    (0, 0): gettext_lazy("in the middle"),
    (1, 0): gettext_lazy("at the right"),
    (-1, 1): gettext_lazy("at the lower left"),
    (0, 1): gettext_lazy("at the bottom"),
    (1, 1): gettext_lazy("at the lower right"),
}
FORMS: Words = {
    "mirroring": gettext_lazy("One is the mirror image of the other."),
    "turning upside down": gettext_lazy("One is upside down."),
    "flipping top to bottom": gettext_lazy("One is mirrored and upside down."),
    "turning a quarter left": gettext_lazy("One is turned by a quarter."),
    "turning a quarter right": gettext_lazy("One is turned by a quarter."),
    "mirroring along the falling diagonal": gettext_lazy(
        "One is mirrored and turned by a quarter."
    ),
    "mirroring along the rising diagonal": gettext_lazy(
        "One is mirrored and turned by a quarter."
    ),
}
# tracker/measured.py: of 4,206,303,338 pairs none came within 31 bits, and ten within 52.
STRANGERS: Words = {
    Sighting.Kind.NEAR: gettext_lazy(
        "Among 4.2 billion measured pairs of codes of different pictures, none came this "
        "close."
    ),
    Sighting.Kind.POSSIBLE: gettext_lazy(
        "Among 4.2 billion measured pairs of codes of different pictures, ten came this "
        "close. A person has to decide."
    ),
}


@dataclass(frozen=True, slots=True)
class Side:
    """One of the two, as it is drawn: a picture or an empty frame, and what agrees of it.

    All numbers are whole units of the drawing; `outline` is x, y, width, height.
    """

    title: str
    part: str
    width: int
    height: int
    outline: tuple[int, int, int, int] | None
    picture: str = ""  # a data: address


def sides(
    sighting: Sighting, copy: Preview | None = None, reported: Preview | None = None
) -> tuple[Side, Side]:
    """The copy and the reported picture, with what was opened of them."""
    reason = sighting.reason or {}
    shape = (sighting.width or 1, sighting.height or 1)
    return (
        _side(_("The copy"), reason.get("copy"), shape, copy),
        _side(
            _("The reported picture"),
            reason.get("reported"),
            _shape_of_reported(reason, shape),
            reported,
        ),
    )


def sentences(sighting: Sighting) -> list[str]:
    """Why it matches, in plain words; of old sightings fewer."""
    reason = sighting.reason or {}
    told = [why(sighting)]
    if points := reason.get("points"):
        words = ngettext("%d point agrees.", "%d points agree.", points)
        told.append(words % points)
    if form := FORMS.get(reason.get("form", "")):
        told.append(str(form))
    strangers = STRANGERS.get(sighting.kind)
    if strangers and sighting.matched_type in BITS:
        told.append(str(strangers))
    return told


def named(part: dict[str, Any] | None) -> str:
    """A part in words: what it is, and where it lies unless it is nearly all.

    >>> named({"of": "cell 4", "box": [0.5, 0.5, 1, 1]})
    'One cell of a collage, at the lower right'
    >>> named({"of": "region 3", "box": [0, 0.5, 1, 1]})
    'A part of it, at the bottom'
    """
    if part is None:
        return _("Which part agrees was not kept.")
    kind, _space, number = part["of"].rpartition(" ")
    words = PARTS.get(kind if number.isdecimal() else part["of"], PARTS["region"])
    place = _place(part["box"]) if part["of"] != "whole" else None
    return f"{words}, {place}" if place else str(words)


def _place(box: list[float] | None) -> str | None:
    if box is None:
        return None
    left, top, right, bottom = box
    spare = (left + 1 - right, top + 1 - bottom)
    if max(spare) < 0.05:
        return None  # it is nearly all there is
    across, down = _end(left, spare[0]), _end(top, spare[1])
    return str(PLACES[across, down])


def _end(before: float, spare: float) -> int:
    """Whether a part lies at the near end (-1), in the middle (0) or at the far end (1)."""
    if spare < 0.05:
        return 0
    return round(before / spare * 2) - 1


def _side(
    title: str,
    part: dict[str, Any] | None,
    shape: tuple[float, float],
    preview: Preview | None,
) -> Side:
    if preview:
        shape = (preview.width, preview.height)
    width, height = _drawn(shape)
    box = part and part["box"]
    picture = preview.jpeg if preview else b""
    return Side(
        title=title,
        part=named(part),
        width=width,
        height=height,
        outline=_outline(box, width, height) if box else None,
        picture=f"data:image/jpeg;base64,{b64encode(picture).decode()}"
        if picture
        else "",
    )


def _drawn(shape: tuple[float, float]) -> tuple[int, int]:
    aspect = min(max(shape[0] / shape[1], 1 / FLATTEST), FLATTEST)
    if aspect > 1:
        return LONGER, round(LONGER / aspect)
    return round(LONGER * aspect), LONGER


def _outline(box: list[float], width: int, height: int) -> tuple[int, int, int, int]:
    left, top, right, bottom = box
    x, y = round(left * width), round(top * height)
    return x, y, round(right * width) - x, round(bottom * height) - y


def _shape_of_reported(
    reason: dict[str, Any], shape: tuple[float, float]
) -> tuple[float, float]:
    """Width to height of a picture that we may not have: as the parts that agree imply."""
    copy, reported = (
        (reason.get(name) or {}).get("box") for name in ("copy", "reported")
    )
    if not copy or not reported:
        return shape
    width, height = shape[0] * (copy[2] - copy[0]), shape[1] * (copy[3] - copy[1])
    if any(word in reason.get("form", "") for word in QUARTER_TURNS):
        width, height = height, width
    return width / (reported[2] - reported[0]), height / (reported[3] - reported[1])
