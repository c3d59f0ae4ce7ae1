"""The list of pictures that never match, as far as victims and sightings are concerned.

The bank keeps the list (bank/benign.py). Here a rejected sighting becomes an entry, and victims
whose picture nothing looks for any more are told so, and alerted to the desk.
"""

from collections.abc import Iterable

from django.db import transaction
from django.utils.translation import gettext as _

import tracker
from portal.accounts.models import User
from portal.bank import benign
from portal.bank.benign import BenignError, Silenced, add, hash_file, silenced_by
from portal.bank.models import Benign, Signal
from portal.cases.actions import record_event
from portal.cases.models import Exhibit
from portal.sightings.actions import raise_alert
from portal.sightings.models import PERCEPTUAL, Alert, Observation, Sighting

__all__ = [
    "BenignError",
    "Silenced",
    "add",
    "approve",
    "hash_file",
    "opened",
    "remove",
    "sealable",
    "signals_of_held",
    "signals_of_sighting",
    "silenced_by",
]


def signals_of_sighting(sighting: Sighting) -> list[tracker.Signal]:
    """What is known of a copy that a person found to be another picture.

    Raises BenignError for any other sighting, or where its hashes are forgotten by now.
    """
    if sighting.decision != Sighting.Decision.REJECTED:
        raise BenignError(_("First decide that this copy is another picture."))
    seen = Observation.objects.filter(sha256=sighting.sha256).order_by("-pk").first()
    if seen is None:
        raise BenignError(_("Its hashes are forgotten by now. Add it from a file."))
    # SHA-256 has one version, and the row of a memory keeps those of the others.
    found = [tracker.Signal("sha256", seen.sha256, None, "sha256/1")]
    for type_ in PERCEPTUAL:
        if value := getattr(seen, type_):
            version = getattr(seen, f"{type_}_version")
            found.append(tracker.Signal(type_, bytes(value).hex(), None, version))
    return found


def signals_of_held(signal: Signal) -> list[tracker.Signal]:
    """What is banked of the exhibit whose signal is in quarantine."""
    return [
        tracker.Signal(row.type, row.value, row.quality, row.version)
        for row in Signal.objects.filter(exhibit=signal.exhibit_id)
    ]


def sealable(signals: list[tracker.Signal]) -> list[list[str]]:
    """Signals as a form carries them, signed, from one page to the next."""
    return [[signal.type, signal.value, signal.version] for signal in signals]


def opened(sealed: list[list[str]]) -> list[tracker.Signal]:
    """The signals that a form carried."""
    return [
        tracker.parse_signal(type_, value, None, version)
        for type_, value, version in sealed
    ]


@transaction.atomic
def approve(entry: Benign, worker: User) -> None:
    """A second person agrees, and victims hear of it. Raises BenignError."""
    tell_unwatched(benign.approve(entry, worker))


@transaction.atomic
def remove(entry: Benign, worker: User, reason: str) -> None:
    """Off the list; victims hear that we look again. Raises BenignError."""
    for exhibit in benign.remove(entry, worker, reason):
        if exhibit.case.is_still_active():
            record_event(exhibit.case, "watched_again")


def tell_unwatched(exhibits: Iterable[Exhibit]) -> None:
    """Say plainly that nothing looks for these pictures, and have a person think again."""
    for exhibit in exhibits:
        if exhibit.case.is_still_active():
            record_event(exhibit.case, "not_watched")
            raise_alert(exhibit.case, Alert.Kind.UNWATCHED, f"exhibit:{exhibit.pk}")
