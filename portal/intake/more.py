"""What a victim adds to an open case later: addresses, and a few words."""

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods

from portal.cases import actions
from portal.cases.actions import Told
from portal.cases.keys import CaseKey
from portal.cases.models import ReportedUrl
from portal.celery import ring_on_commit
from portal.intake import addresses
from portal.intake.forms import PlainText
from portal.intake.once import OneTimeForm
from portal.intake.opened import with_key
from portal.sightings.tasks import process_report

LONGEST = 5000


class MoreForm(OneTimeForm):
    urls = PlainText(required=False, widget=forms.Textarea)
    details = PlainText(required=False, max_length=LONGEST, widget=forms.Textarea)

    def clean_urls(self) -> list[str]:
        urls, problems = addresses.clean_all(self.cleaned_data["urls"])
        if problems:
            raise ValidationError(list(problems[:20]))
        return urls

    def clean(self) -> dict[str, Any]:
        told = self.cleaned_data
        if not self.errors and not told.get("urls"):
            self.add_error("urls", _("Give us one address or more."))
        return told

    def told(self) -> Told:
        given = self.cleaned_data
        urls = [(ReportedUrl.Kind.WEB, url) for url in given["urls"]]
        return Told(urls=urls, details=given["details"].strip())


@require_http_methods(["GET", "HEAD", "POST"])
@with_key
def more(request: HttpRequest, key: CaseKey) -> HttpResponse:
    form = MoreForm(request.POST or None)
    if request.method != "POST" or not form.is_valid():
        return render(request, "intake/more.html", {"form": form})
    with transaction.atomic():
        report = actions.add_report(
            key.case, token=form.cleaned_data["token"], told=form.told()
        )
        ring_on_commit(process_report, report.pk)
    return redirect("intake:status")
