"""Opening sealed evidence: a reason first, then the page, and nothing kept anywhere."""

from base64 import b64encode
from collections.abc import Callable

from django import forms
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods

from portal.cases import evidence
from portal.cases.keys import LockedError
from portal.cases.models import Case, Exhibit, Report
from portal.desk.access import find, key_of
from portal.sightings import previews
from portal.sightings.models import Sighting

look_at = require_http_methods(["GET", "HEAD", "POST"])


class ReasonForm(forms.Form):
    reason = forms.CharField(
        label=gettext_lazy("Why do you need to see it?"),
        max_length=300,
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
        error_messages={"required": gettext_lazy("Please write why.")},
    )


@look_at
@login_required
def exhibit(request: HttpRequest, pk: int) -> HttpResponse:
    row = find(Exhibit.objects.select_related("case"), request, pk)

    def opened(reason: str) -> dict[str, str]:
        key = key_of(request, row.case)
        return _picture(previews.of_exhibit(key, row, reason=reason))

    return _look(request, row.case, _("The victim's picture"), opened)


@look_at
@login_required
def sighting(request: HttpRequest, pk: int) -> HttpResponse:
    row = find(Sighting.objects.select_related("case"), request, pk)

    def opened(reason: str) -> dict[str, str]:
        key = key_of(request, row.case)
        return _picture(previews.of_sighting(key, row, reason=reason))

    return _look(request, row.case, _("The copy that we kept"), opened)


@look_at
@login_required
def report(request: HttpRequest, pk: int) -> HttpResponse:
    row = find(Report.objects.select_related("case"), request, pk)

    def opened(reason: str) -> dict[str, str]:
        key = key_of(request, row.case)
        return {"words": evidence.open_details(key, row, reason=reason)}

    return _look(request, row.case, _("What the victim wrote"), opened)


def _look(
    request: HttpRequest,
    case: Case,
    title: str,
    opened: Callable[[str], dict[str, str]],
) -> HttpResponse:
    """Ask why; then open, which records the reason before anything is unsealed."""
    form = ReasonForm(request.POST or None)
    context: dict[str, object] = {"case": case, "title": title, "form": form}
    if request.method != "POST" or not form.is_valid():
        return render(request, "desk/reason.html", context)
    try:
        context |= opened(form.cleaned_data["reason"])
    except (previews.PreviewError, evidence.EvidenceError, LockedError) as error:
        context["nothing"] = str(error)
    return render(request, "desk/look.html", context)


def _picture(jpeg: bytes) -> dict[str, str]:
    return {"picture": f"data:image/jpeg;base64,{b64encode(jpeg).decode()}"}
