"""What a victim allows us, with its dates and to whom it reaches. Reads only."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from django.utils.functional import Promise

from portal.cases.models import Case, Consent
from portal.intake.consents import CONSENTS, RECIPIENTS
from portal.platforms.models import Platform

Words = str | Promise


@dataclass(frozen=True, slots=True)
class Choice:
    """One kind of consent: in force, taken back, or never given."""

    kind: str
    title: Words
    words: Words
    is_given: bool
    given_at: datetime | None
    revoked_at: datetime | None
    scope: list[str]  # names of whom it reaches; empty: everybody of that kind


def choices_of(case: Case) -> list[Choice]:
    """Every kind, with its latest state."""
    latest = {consent.kind: consent for consent in case.consents.order_by("pk")}
    names = _names()
    return [_choice(kind, latest.get(kind), names) for kind in CONSENTS]


def _choice(
    kind: Consent.Kind, consent: Consent | None, names: Mapping[str, str]
) -> Choice:
    title, words = CONSENTS[kind]
    return Choice(
        kind=kind.value,
        title=title,
        words=words,
        is_given=consent is not None and consent.revoked_at is None,
        given_at=consent.given_at if consent else None,
        revoked_at=consent.revoked_at if consent else None,
        scope=[
            names[str(one)]
            for one in (consent.scope if consent else [])
            if str(one) in names
        ],
    )


def _names() -> dict[str, str]:
    """How to call whatever a scope may hold: a platform's id, or a kind of recipient."""
    platforms = Platform.objects.values_list("pk", "name")
    kinds = {kind.value: str(words) for kind, words in RECIPIENTS.items()}
    return kinds | {str(pk): name for pk, name in platforms}
