"""What a platform's machine may do: ask, and tell us what it did. And who gives it a key.

What it learns is a kind, a distance and a match id of its own; of the case, nothing.
"""

import secrets
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from hashlib import blake2b
from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils import timezone, translation

from portal.accounts.actions import audit
from portal.accounts.models import User
from portal.bank import actions as bank
from portal.bank.actions import Hit
from portal.bank.models import Told as Known
from portal.cases.actions import record_event
from portal.cases.models import Case
from portal.exchange.auditing import lookups
from portal.exchange.authentication import digest_of
from portal.exchange.models import ApiKey, Feedback, MatchId
from portal.platforms.models import Platform
from portal.prepared import Prepared

# A possible match is a question for a person with the picture before them, and no
# platform's machine has one: it would block strangers' pictures.
TOLD = ("exact", "near")

# The signals of one picture, as portal.bank.actions.parse_signal made them. Their class
# is the tracker's, which this app does not know.
Question = Sequence[Any]


class ExchangeError(Exception):
    """Something a platform, or whoever gives out keys, cannot have. `code` says why."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


@dataclass(frozen=True, slots=True)
class Told:
    """All that a platform learns of one match."""

    match_id: str
    kind: str  # exact, near
    type: str  # of the signal that matched
    distance: int  # bits


@transaction.atomic
def issue_key(
    platform: Platform, scopes: Iterable[str], *, issued_by: User, approved_by: User
) -> tuple[ApiKey, str]:
    """A new key for a platform, and its text, which nobody can ever see again.

    Raises ExchangeError unless two different people of the staff give it, and for a
    scope that is none.
    """
    wanted = sorted(set(scopes))
    if unknown := set(wanted) - set(ApiKey.Scope.values):
        raise ExchangeError("unknown_scope", f"There is no scope {min(unknown)!r}.")
    if not wanted:
        raise ExchangeError("no_scope", "A key needs at least one scope.")
    if issued_by == approved_by:
        raise ExchangeError("one_person", "A key is given by two different people.")
    if not (issued_by.is_active and approved_by.is_active):
        raise ExchangeError("left", "Somebody who has left cannot give a key.")
    prefix = secrets.token_hex(6)
    text = f"rk_{prefix}_{secrets.token_hex(32)}"
    key = ApiKey.objects.create(
        platform=platform,
        prefix=prefix,
        digest=digest_of(text),
        scopes=wanted,
        issued_by=issued_by,
        approved_by=approved_by,
    )
    reason = f"approved by user:{approved_by.pk}, may {' and '.join(wanted)}"
    audit(issued_by, "issue_key", f"key:{key.pk} platform:{platform.pk}", reason)
    return key, text


@transaction.atomic
def revoke_key(key: ApiKey, *, by: User, reason: str) -> bool:
    """End a key, from its next request on. False if it had ended already."""
    in_force = ApiKey.objects.filter(pk=key.pk, revoked_at=None)
    if not in_force.update(revoked_at=timezone.now()):
        return False
    audit(by, "revoke_key", f"key:{key.pk} platform:{key.platform_id}", reason)
    return True


def lookup(key: ApiKey, questions: Sequence[Question]) -> list[list[Told]]:
    """For each picture asked, in order, what this platform may learn of its matches."""
    return _tell(key, bank.lookup(questions, "near", partial(_shared, key)))


def lookup_picture(key: ApiKey, data: bytes) -> list[list[Told]]:
    """The same for one picture's bytes: hashed and forgotten. Raises BankError."""
    return _tell(key, [bank.lookup_picture(data, "near", partial(_shared, key))])


@transaction.atomic
def give_feedback(
    key: ApiKey, match_id: str, outcome: Feedback.Outcome, count: int = 1
) -> tuple[Feedback, bool]:
    """Take down what a platform did about a match, once, and tell the victim.

    Telling it again corrects the count and is no second event. Raises ExchangeError for
    a match id that we never gave this platform, and in the same words for one whose case
    is withdrawn since. The second value is whether it is news.
    """
    given = (
        MatchId.objects.filter(platform=key.platform_id, token=match_id)
        .filter(signal__case__in=Case.objects.active())
        .select_related("signal__case")
        .first()
    )
    if given is None:
        raise ExchangeError("unknown_match", "We know no match of yours by this id.")
    feedback, is_new = Feedback.objects.update_or_create(
        platform=key.platform,
        signal=given.signal,
        outcome=outcome,
        defaults={"count": count},
    )
    case = given.signal.case
    with translation.override(case.language):
        said = str(outcome.label)
    record_event(case, "feedback", once=f"feedback:{feedback.pk}", outcome=said)
    return feedback, is_new


def _tell(key: ApiKey, answers: Sequence[Sequence[Hit]]) -> list[list[Told]]:
    """Reduce hits to what may be told, remember which ids were given, and count."""
    open_ = [[hit for hit in hits if hit.kind in TOLD] for hits in answers]
    found = {hit.signal.pk for hits in open_ for hit in hits}
    ids = {signal: _match_id(key.platform_id, signal) for signal in found}
    # Who asks again is told again, and there is nothing to write of that but that it asked.
    if news := found - MatchId.told(key.platform_id, list(ids.values())):
        with transaction.atomic():
            give_ids(key.platform, news)
            Known.objects.bulk_create(
                (Known(platform_id=key.platform_id, signal_id=pk) for pk in news),
                ignore_conflicts=True,
            )
    lookups.note(key, len(answers), sum(1 for hits in open_ if hits))
    return [
        [
            Told(ids[hit.signal.pk], hit.kind, hit.signal.type, hit.distance)
            for hit in hits
        ]
        for hits in open_
    ]


def _shared(key: ApiKey, cases: Collection[int]) -> set[int]:
    """Those of these cases that the key's platform may hear of."""
    return {case for (case,) in _SHARED.rows_in(list(cases), key.platform_id)}


_SHARED = Prepared(
    lambda platform, *cases: (
        Case.objects.sharing_with(Platform(pk=platform))
        .filter(pk__in=cases)
        .values_list("pk")
    )
)


def give_ids(platform: Platform, signals: Iterable[int]) -> dict[int, str]:
    """The match id of each signal for this platform, kept so that it leads back to it."""
    given = {signal: _match_id(platform.pk, signal) for signal in signals}
    MatchId.objects.bulk_create(
        (
            MatchId(platform=platform, signal_id=signal, token=token)
            for signal, token in given.items()
        ),
        ignore_conflicts=True,  # given before, and then the same
    )
    return given


def keyed(what: str, person: bytes) -> str:
    """A keyed hash of ours in hex, 128 bits: nobody else can make it up."""
    secret = blake2b(settings.MATCH_ID_KEY.encode(), person=b"match-id-key").digest()
    return blake2b(what.encode(), digest_size=16, key=secret, person=person).hexdigest()


def _match_id(platform: int, signal: int) -> str:
    """See MatchId: the same for the same platform and signal, and a riddle to others."""
    return keyed(f"{platform}:{signal}", b"match-id")
