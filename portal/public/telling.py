"""An assessment put into words for everybody: what the page of a result shows."""

from typing import Any

from django.utils.formats import number_format
from django.utils.translation import gettext as _

from portal.public import words
from portal.sightings import saying
from portal.sightings.checked import CheckedPicture

ORIGINAL = "derivation"  # the kind of evidence that needs a second picture


def in_words(checked: CheckedPicture) -> dict[str, object]:
    """What the template of a result needs."""
    finding, meaning = words.FINDINGS[checked.finding]
    derived = [item for item in checked.evidence if item["kind"] == ORIGINAL]
    others = [item for item in checked.evidence if item["kind"] != ORIGINAL]
    little = words.SAYS_LITTLE
    return {
        "finding": finding,
        "meaning": meaning,
        "derived": [
            _reason(item) | {"said": str(words.DERIVED[item["strength"]])}
            for item in derived
            if item["strength"] in words.DERIVED
        ],
        "signs": [_reason(item) for item in others if item["strength"] not in little],
        "measured": [_reason(item) for item in others if item["strength"] in little],
        "models": [
            {"name": one["name"], "said": opinion(one)} for one in checked.models
        ],
        "not_tested": _gaps(checked),
        "version": checked.version,
        "details_in": saying.language(),
    }


def opinion(given: dict[str, Any]) -> str:
    """What a trained model says, or why it says nothing, or why that decides nothing."""
    if given["abstained"]:
        said = _("It says nothing about this picture.")
        return f"{said} {words.ABSTENTIONS.get(given['abstained'], '')}".strip()
    if given["likelihood_ratio"] is None:
        percent = f"{given['probability']:.0%}"
        said = _(
            "It calls itself %(percent)s sure that AI made or changed this picture. Nobody has "
            "measured how often it is right, so this number decides nothing."
        )
        return said % {"percent": percent}
    return _calibrated(given["likelihood_ratio"], given["interval"])


def _calibrated(ratio: float, interval: list[float] | None) -> str:
    low, high = interval or (ratio, ratio)
    if low <= 1 <= high:
        return _(
            "What it sees is about as common among photos as among pictures that AI made or "
            "changed. So this says nothing, neither one way nor the other."
        )
    said = _(
        "What it sees was about %(times)s times as common among pictures that AI made or "
        "changed as among photos (at least %(low)s and at most %(high)s times)."
    )
    if ratio < 1:
        ratio, low, high = 1 / ratio, 1 / high, 1 / max(low, 1e-9)
        said = _(
            "What it sees was about %(times)s times as common among photos as among pictures "
            "that AI made or changed (at least %(low)s and at most %(high)s times)."
        )
    return said % {
        "times": _number(ratio),
        "low": _number(low),
        "high": _number(high),
    }


def _number(value: float) -> str:
    """Two digits that mean something.

    >>> _number(1.27), _number(15.4)
    ('1.3', '15')
    """
    return str(number_format(value, decimal_pos=0 if value >= 10 else 1))


def _gaps(checked: CheckedPicture) -> list[str]:
    pairs = zip(checked.gaps, checked.not_tested, strict=True)
    return saying.gaps({**gap, "english": english} for gap, english in pairs)


def _reason(item: dict[str, Any]) -> dict[str, str]:
    (said,) = saying.reasons([item])
    return {
        "about": str(words.KINDS.get(item["kind"], "")),
        "strength": str(words.STRENGTHS[item["strength"]]),
        "finding": said["finding"],
        "detail": said["detail"],
    }
