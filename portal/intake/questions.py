"""The questions of a report, one form a step. Nothing is owed: every answer may be empty.

Each form reads what was typed, as the draft keeps it, whenever it is asked again.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.http import QueryDict
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from portal.cases.kinds import FEARS, KINDS
from portal.cases.models import Consent
from portal.intake.addresses import Address, read_all
from portal.intake.claims import Claim, ClaimError, parse_claims
from portal.intake.consents import (
    ASKED_AT_ONCE,
    CONSENTS,
    NO_LIMIT,
    RECIPIENTS,
    platforms,
)
from portal.intake.contact import CHANNELS, NONE, Contact
from portal.intake.forms import LONGEST_DETAILS, PlainText, plain_text

MOST_PROBLEMS = 20  # named at once
Pairs = list[tuple[str, str | Promise]]


class Question(forms.Form):
    """One step."""

    title: str | Promise
    use_required_attribute = False  # our words are kinder than a browser's

    @classmethod
    def typed(cls, sent: QueryDict) -> dict[str, list[str]]:
        """What came for our own fields, as it came."""
        return {name: sent.getlist(name) for name in cls.base_fields if name in sent}


def some_of(choices: Pairs | Callable[[], Pairs]) -> forms.MultipleChoiceField:
    """Several may be ticked, or none."""
    return forms.MultipleChoiceField(
        required=False,
        choices=choices,
        widget=forms.CheckboxSelectMultiple,
        error_messages={"invalid_choice": _("Please choose from the list.")},
    )


class What(Question):
    title = _("What happened")
    adult = forms.BooleanField(
        widget=forms.HiddenInput,
        error_messages={"required": _("Please answer the question about age first.")},
    )
    kinds = some_of(list(KINDS.items()))


class Where(Question):
    title = _("Where it is")
    urls = PlainText(required=False)

    def clean_urls(self) -> list[Address]:
        found, problems = read_all(self.cleaned_data["urls"])
        if problems:
            raise ValidationError(list(problems[:MOST_PROBLEMS]))
        return found


class Picture(Question):
    """The codes that the device made. No picture comes this way."""

    title = _("Your picture")
    claims = forms.CharField(required=False, strip=True, widget=forms.HiddenInput)

    def clean_claims(self) -> list[Claim]:
        try:
            return parse_claims(self.cleaned_data["claims"])
        except ClaimError as error:
            raise ValidationError(str(error)) from None


class Fears(Question):
    title = _("What worries you")
    fears = some_of(list(FEARS.items()))
    until = forms.DateField(
        required=False,
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        error_messages={
            "invalid": _("We could not read this day. Write it like 2026-03-31.")
        },
    )
    details = plain_text(LONGEST_DETAILS, rows=5)

    def clean_until(self) -> date | None:
        until: date | None = self.cleaned_data["until"]
        if until and not date(2000, 1, 1) <= until <= date(2100, 1, 1):
            raise ValidationError(_("Please look at the year again."))
        return until


class Allow(Question):
    title = _("What we may do")
    consents = some_of([(kind.value, CONSENTS[kind][0]) for kind in ASKED_AT_ONCE])
    sharing = some_of(lambda: [*platforms()])
    notices = some_of([(kind.value, name) for kind, name in RECIPIENTS.items()])

    def clean(self) -> dict[str, Any]:
        """Adds `scopes`: the consents that were given, each with whom it reaches."""
        told = self.cleaned_data
        told["scopes"] = {
            Consent.Kind(kind): tuple(told.get(kind, NO_LIMIT))
            for kind in told.get("consents", [])
        }
        return told

    def rows(self) -> list[tuple[str, str | Promise, str | Promise, bool]]:
        """(value, title, words, ticked) for each consent: none is ticked for anybody."""
        given = self["consents"].value() or []
        return [
            (kind.value, *CONSENTS[kind], kind.value in given) for kind in ASKED_AT_ONCE
        ]


class Reach(Question):
    title = _("How we may reach you")
    channel = forms.ChoiceField(
        required=False,
        choices=list(CHANNELS.items()),
        initial=NONE,
        widget=forms.RadioSelect,
        error_messages={"invalid_choice": _("Please choose from the list.")},
    )
    address = plain_text(200)
    hours = plain_text(200)
    neutral = forms.BooleanField(required=False)
    never = plain_text(500)

    def clean(self) -> dict[str, Any]:
        """Adds `contact`, and asks for an address where there must be one."""
        told = self.cleaned_data
        channel = told.get("channel") or NONE
        if channel != NONE and not told.get("address") and "address" not in self.errors:
            self.add_error(
                "address", _("Write the number or address, or choose no contact.")
            )
        told["contact"] = Contact(
            channel=channel,
            address=told.get("address", "") if channel != NONE else "",
            hours=told.get("hours", "") if channel != NONE else "",
            neutral=told.get("neutral", False),
            never=told.get("never", ""),
        )
        return told


STEPS: Mapping[str, type[Question]] = {
    "what": What,
    "where": Where,
    "picture": Picture,
    "fears": Fears,
    "allow": Allow,
    "reach": Reach,
}
FIRST = "what"
REVIEW = "review"  # the last page: no question, the sending
ORDER = (*STEPS, REVIEW)
