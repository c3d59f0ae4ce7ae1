"""The codes that a victim's device made of pictures that never left it, as a form sends them.

Hash-only: a claim says "I have a picture with these hashes", and nothing here can check it.
It must not know what becomes of a claim.
"""

import json
import re
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

from portal.cases import regions

MOST = 10
MOST_FORMS = 8
MOST_FRAMES = 60
LONGEST = 64 * 1024  # characters; what the page writes stays below 60 KB as sent
LEAST_QUALITY = 50  # as tracker.signals.base has it: a test compares them
KINDS = ("picture", "video")
KEYS = {"name", "sha256", "pdq", "kind", "frames", "shape", "regions"}
SMALL = 512  # pixels: the longer side of what is hashed, as tracker.signals.base has it
DIGEST = re.compile(r"[0-9a-f]{64}")


# What static/js/hashing makes is the same, bit for bit, as what these versions of the tracker
# make (bench/browser_hashing.py); signals of other versions are never compared.
PIPELINE = {"sha256": "sha256/1", "pdq": "pdq/1"}


class ClaimError(ValueError):
    """What is wrong with the codes, in plain words."""


@dataclass(frozen=True, slots=True)
class Hash:
    """PDQ: `value` is 64 hex digits in lower case, `quality` 50 to 100."""

    value: str
    quality: int


@dataclass(frozen=True, slots=True)
class Claim:
    """One picture or video of which only hashes are known.

    Of a picture `pdq` holds the upright form first, then up to seven turned and mirrored
    ones, which a bank does not need: whoever asks it tries all eight. Of a video `frames`
    holds the upright form of up to 60 frames, and `pdq` is empty. `sha256`, of the whole
    file, is None where the file was too large for the device to read it all.

    `regions` are a picture's parts, packed as cases/regions.py has them, and `shape` the
    width and height of the small picture that they were cut from; without them neither.
    """

    kind: str
    sha256: str | None
    pdq: tuple[Hash, ...]
    frames: tuple[Hash, ...]
    regions: str = ""
    shape: tuple[int, int] | None = None


def parse_claims(text: str) -> list[Claim]:
    """The claims in the field `claims`, each once; an empty text holds none.

    A hash below LEAST_QUALITY would match half the world: PDQ's authors throw those of 49
    and less away. The page refuses such a picture, and leaves such frames of a video out,
    in the words "this picture is too plain to recognise"; a program that sends one all the
    same is refused here, whole, for we cannot know what it meant. Nor may a file's name
    be sent. Raises ClaimError with a sentence for the person.
    """
    if not text.strip():
        return []
    if len(text) > LONGEST:
        raise ClaimError(_("The codes of your pictures are too long. Choose fewer."))
    try:
        told = json.loads(text)
    except (ValueError, RecursionError):
        raise _broken() from None
    if not isinstance(told, list):
        raise _broken()
    if len(told) > MOST:
        words = {"count": len(told), "most": MOST}
        raise ClaimError(
            _("You chose %(count)d pictures. We can take %(most)d in one report.")
            % words
        )
    return list(dict.fromkeys(_claim(item) for item in told))


def _claim(item: Any) -> Claim:
    if not isinstance(item, dict) or set(item) - KEYS or item.get("name") is not None:
        raise _broken()
    kind, digest = item.get("kind"), item.get("sha256")
    if kind not in KINDS:
        raise _broken()
    if digest is not None and not (
        isinstance(digest, str) and DIGEST.fullmatch(digest)
    ):
        raise _broken()
    pdq = _hashes(item.get("pdq", []), MOST_FORMS)
    frames = _hashes(item.get("frames", []), MOST_FRAMES)
    # A picture is its forms and a video its frames: neither is both, or nothing.
    if (kind == "picture") != bool(pdq) or (kind == "video") != bool(frames):
        raise _broken()
    parts, shape = item.get("regions", ""), item.get("shape")
    if parts == "" and shape is None:
        return Claim(kind, digest, pdq, frames)
    if kind != "picture" or not isinstance(parts, str):
        raise _broken()
    _check_regions(parts)
    return Claim(kind, digest, pdq, frames, parts, _shape(shape))


def _check_regions(packed: str) -> None:
    try:
        told = regions.unpack(packed)
    except ValueError:
        raise _broken() from None
    for one in told:
        _check_quality(one.quality)


def _shape(told: Any) -> tuple[int, int]:
    if not isinstance(told, list) or [type(side) for side in told] != [int, int]:
        raise _broken()
    width, height = told
    if not 1 <= min(width, height) <= max(width, height) <= SMALL:
        raise _broken()
    return width, height


def _hashes(told: Any, most: int) -> tuple[Hash, ...]:
    if not isinstance(told, list) or len(told) > most:
        raise _broken()
    return tuple(_hash(one) for one in told)


def _hash(told: Any) -> Hash:
    if not isinstance(told, dict) or set(told) != {"value", "quality"}:
        raise _broken()
    value, quality = told["value"], told["quality"]
    if not isinstance(value, str) or not DIGEST.fullmatch(value):
        raise _broken()
    # Of JSON's true and 50.0 neither is a whole number.
    if type(quality) is not int:
        raise _broken()
    _check_quality(quality)
    return Hash(value, quality)


def _check_quality(quality: int) -> None:
    if not 0 <= quality <= 100:
        raise _broken()
    if quality < LEAST_QUALITY:
        raise ClaimError(
            _(
                "One of your pictures is too plain to recognise: its code would also fit "
                "many other pictures. Choose another one."
            )
        )


def _broken() -> ClaimError:
    return ClaimError(
        _("The codes of your pictures did not arrive whole. Please choose them again.")
    )
