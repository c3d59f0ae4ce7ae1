"""How a victim may be reached without harm: read and changed in the mailbox, kept sealed."""

import json
from typing import Any

from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods

from portal.cases import actions, evidence
from portal.cases.keys import CaseKey
from portal.intake.forms import PlainText
from portal.intake.opened import with_key
from portal.intake.status import unread

CHANNELS = [
    ("none", _("Not at all. I look in here myself.")),
    ("email", _("By e-mail")),
    ("phone", _("By phone")),
    ("chat", _("In a chat app")),
]


class ReachingForm(forms.Form):
    """The fields of intake.contact's JSON."""

    channel = forms.ChoiceField(choices=CHANNELS, widget=forms.RadioSelect)
    address = PlainText(
        label=_("The address, number or name there"), required=False, max_length=200
    )
    hours = PlainText(label=_("When it is safe"), required=False, max_length=200)
    words = PlainText(
        label=_("What we may say if somebody else answers"),
        required=False,
        max_length=300,
    )
    never = PlainText(
        label=_("What we must never do"), required=False, max_length=300
    )

    def clean(self) -> dict[str, Any]:
        told = self.cleaned_data
        if told.get("channel", "none") != "none" and not told.get("address"):
            self.add_error("address", _("Tell us where, or choose “Not at all”."))
        return told

    def contact(self) -> str:
        """JSON for cases.actions.keep_contact; nothing at all where there is no channel."""
        told = self.cleaned_data
        return "" if told["channel"] == "none" else json.dumps(told, ensure_ascii=False)


@require_http_methods(["GET", "HEAD", "POST"])
@with_key
def reaching(request: HttpRequest, key: CaseKey) -> HttpResponse:
    if request.method != "POST":
        form = ReachingForm(initial=_kept(key))
    else:
        form = ReachingForm(request.POST)
        if form.is_valid():
            actions.keep_contact(key.case, form.contact())
            return redirect("intake:status")
    context = {"form": form, "unread": unread(key.case)}
    return render(request, "intake/reaching.html", context)


def _kept(key: CaseKey) -> dict[str, str]:
    try:
        kept = json.loads(evidence.open_contact(key, reason="their own"))
    except (evidence.EvidenceError, ValueError):
        kept = None
    return kept if isinstance(kept, dict) else {"channel": "none"}
