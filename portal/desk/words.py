"""What codes and numbers mean, in a case worker's words."""

from collections.abc import Mapping

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from portal.sightings.models import Sighting

Words = Mapping[str, str | Promise]

REFUSALS: Words = {
    "unreadable": gettext_lazy("The file cannot be read."),
    "empty": gettext_lazy("The file is empty."),
    "too_large": gettext_lazy("The file is too large."),
    "too_many_pixels": gettext_lazy("The picture has too many pixels."),
    "unsupported": gettext_lazy("The file is no picture that we read."),
    "damaged": gettext_lazy("The picture is damaged or cut short."),
    "coding": gettext_lazy("The video is written in a way that we do not read."),
    "no_pictures": gettext_lazy("The file has no moving pictures in it."),
    "no_frames": gettext_lazy("The video has no frame in it."),
    "too_long": gettext_lazy("The video is too long."),
    "too_heavy": gettext_lazy("The video takes too much time or memory to read."),
    "too_hard": gettext_lazy("Reading the file failed three times."),
    "unopened": gettext_lazy("The sealed file could not be opened."),
}
CHECKS: Words = {
    "up": gettext_lazy("still there"),
    "missing": gettext_lazy("not there"),
    "replaced": gettext_lazy("another picture is there"),
    "unreachable": gettext_lazy("could not be reached"),
    "walled": gettext_lazy("behind a wall: cannot be told"),
}
OUTCOMES: Words = {
    "": gettext_lazy("not visited yet"),
    "done": gettext_lazy("done"),
    "busy": gettext_lazy("asked us to come later"),
    "config": gettext_lazy("wrong settings"),
    "folder": gettext_lazy("no such folder"),
    "format": gettext_lazy("an answer that we cannot read"),
    "http": gettext_lazy("refused by the site"),
    "moved": gettext_lazy("moved to another site"),
    "not_public": gettext_lazy("not a public address"),
    "dns": gettext_lazy("no such host"),
    "url": gettext_lazy("not an address"),
    "scheme": gettext_lazy("not an address"),
    "credentials": gettext_lazy("a password in the address"),
    "redirects": gettext_lazy("sent around without end"),
    "protocol": gettext_lazy("an answer that we cannot read"),
    "timeout": gettext_lazy("took too long"),
    "memory": gettext_lazy("too much data"),
    "cpu": gettext_lazy("took too long"),
    "connect": gettext_lazy("no connection"),
    "tls": gettext_lazy("no valid certificate"),
    "time": gettext_lazy("took too long"),
    "too_large": gettext_lazy("too much data"),
    "crashed": gettext_lazy("the visit broke off"),
    "frame": gettext_lazy("the visit broke off"),
}
FINDINGS: Words = {
    "declared": gettext_lazy("The file itself says that AI made or changed it."),
    "strong signs": gettext_lazy("Strong signs of AI or editing."),
    "some signs": gettext_lazy("Some signs of AI or editing."),
    "no sign found": gettext_lazy(
        "No sign found. This does not mean that it is genuine."
    ),
    "cannot say": gettext_lazy("Nothing could be measured."),
}
CONTACT: Words = {  # fields and values of the contact rules that intake seals
    "channel": gettext_lazy("How"),
    "address": gettext_lazy("Address or number"),
    "hours": gettext_lazy("When"),
    "neutral": gettext_lazy("Nothing in it may say what it is about"),
    "never": gettext_lazy("Who must not learn of it"),
    "none": gettext_lazy("not at all; they look in here"),
    "email": gettext_lazy("by e-mail"),
    "phone": gettext_lazy("by a phone call"),
    "text": gettext_lazy("by a text message"),
    "messenger": gettext_lazy("by a messenger"),
}
SIGNALS: Words = {
    "sha256": gettext_lazy("same bytes (SHA-256)"),
    "pdq": gettext_lazy("looks the same (PDQ)"),
    "phash": gettext_lazy("looks the same (pHash)"),
    "points": gettext_lazy("the same points lie in the same places"),
}
BITS = {"pdq": 256, "phash": 256}


def why(sighting: Sighting) -> str:
    """Why this copy matches, in one sentence."""
    if sighting.matched_type == "points":
        return _("Corners and edges lie in the same places in both pictures.")
    bits = BITS.get(sighting.matched_type)
    if bits is None:
        return _("The file is the same, byte for byte.")
    if sighting.distance == 0:
        return _("The picture's code is the same.")
    return _(
        "%(distance)d of %(bits)d bits of the picture's code differ. The fewer, the nearer."
    ) % {"distance": sighting.distance, "bits": bits}


def decided(sighting: Sighting) -> str:
    """What was decided about this copy, by whom and when; nothing while it is open."""
    if sighting.decided_by is None or sighting.decided_at is None:
        return ""
    return _("It was decided on %(day)s by %(name)s: %(decision)s.") % {
        "day": sighting.decided_at.date(),
        "name": sighting.decided_by.username,
        "decision": sighting.get_decision_display(),
    }


def said(words: Words, code: str) -> str:
    """The words for a code; a code without words says itself."""
    return str(words.get(code, code.replace("_", " ")))
