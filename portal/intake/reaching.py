"""How a victim may be reached without harm: read and changed in the mailbox, kept sealed."""

from dataclasses import asdict

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from portal.cases import actions, evidence
from portal.cases.keys import CaseKey
from portal.intake import contact
from portal.intake.contact import Contact
from portal.intake.opened import with_key
from portal.intake.questions import Reach
from portal.intake.status import unread


@require_http_methods(["GET", "HEAD", "POST"])
@with_key
def reaching(request: HttpRequest, key: CaseKey) -> HttpResponse:
    if request.method != "POST":
        form = Reach(initial=asdict(_kept(key)))
    else:
        form = Reach(request.POST)
        if form.is_valid():
            told = contact.write(form.cleaned_data["contact"])
            actions.keep_contact(key.case, told)
            return redirect("intake:status")
    context = {"form": form, "unread": unread(key.case)}
    return render(request, "intake/reaching.html", context)


def _kept(key: CaseKey) -> Contact:
    if not key.case.contact:
        return Contact()
    return contact.parse(evidence.open_contact(key, reason="their own"))
