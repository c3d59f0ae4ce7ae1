"""What a victim adds to an open case later: addresses, codes of pictures, a few words."""

from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods

from portal.cases import actions
from portal.cases.actions import Told
from portal.cases.keys import CaseKey
from portal.cases.models import Consent
from portal.cases.passphrase import looks_like_one
from portal.celery import ring_on_commit
from portal.intake.forms import LONGEST_DETAILS, plain_text
from portal.intake.once import OneTimeForm
from portal.intake.opened import with_key
from portal.intake.questions import Picture, Where
from portal.intake.status import unread
from portal.intake.telling import signals_of
from portal.sightings.tasks import process_report


class MoreForm(OneTimeForm, Where, Picture):
    """The report's own questions of where and what, once more."""

    details = plain_text(LONGEST_DETAILS, rows=4)

    def clean_details(self) -> str:
        details: str = self.cleaned_data["details"].strip()
        if looks_like_one(details):
            raise ValidationError(
                _("Your passphrase seems to be in this text. Please take it out.")
            )
        return details

    def clean(self) -> dict[str, Any]:
        told = self.cleaned_data
        if not self.errors and not told["urls"] and not told["claims"]:
            self.add_error("urls", _("Give us an address, or the code of a picture."))
        return told

    def told(self) -> Told:
        given = self.cleaned_data
        return Told(
            urls=[(address.kind, address.value) for address in given["urls"]],
            claims=[signals_of(claim) for claim in given["claims"]],
            details=given["details"],
        )


@require_http_methods(["GET", "HEAD", "POST"])
@with_key
def more(request: HttpRequest, key: CaseKey) -> HttpResponse:
    form = MoreForm(request.POST or None)
    if request.method != "POST" or not form.is_valid():
        context = {
            "form": form,
            "unread": unread(key.case),
            "may_look": key.case.consents_to(Consent.Kind.MATCHING),
        }
        return render(request, "intake/more.html", context)
    with transaction.atomic():
        report = actions.add_report(
            key.case, token=form.cleaned_data["token"], told=form.told()
        )
        ring_on_commit(process_report, report.pk)
    return redirect("intake:status")
