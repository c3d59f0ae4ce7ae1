"""The forensic report of a copy: a reason first, then a file to hand to a court."""

from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods

from portal.desk.access import find, worker_of
from portal.sightings import saying
from portal.sightings.models import Assessment, Sighting


class ForensicForm(forms.Form):
    reason = forms.CharField(
        label=gettext_lazy("What is it for?"),
        max_length=250,
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
        error_messages={"required": gettext_lazy("Please write what it is for.")},
    )
    locale = forms.ChoiceField(
        label=gettext_lazy("In which language?"), choices=saying.languages
    )


def can_report(sighting: Sighting, assessment: Assessment | None) -> bool:
    """Of a copy that was looked at, in a case that has not ended."""
    return assessment is not None and not sighting.case.is_withdrawn


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def forensic(request: HttpRequest, pk: int) -> HttpResponse:
    # A library for PDF, which few requests need.
    from portal.sightings import forensic as writing  # noqa: PLC0415

    sighting = find(Sighting.objects.select_related("case"), request, pk)
    assessment = Assessment.objects.filter(sighting=sighting).first()
    if assessment is None or not can_report(sighting, assessment):
        raise Http404
    form = ForensicForm(request.POST or None, initial={"locale": saying.language()})
    if request.method != "POST" or not form.is_valid():
        context = {"sighting": sighting, "form": form}
        return render(request, "desk/forensic.html", context)
    try:
        packed = writing.written(
            sighting, assessment, worker_of(request), **form.cleaned_data
        )
    except writing.ForensicError as error:
        words = _("The report cannot be written: %(why)s") % {"why": error}
        messages.error(request, words)
        return redirect("desk:sighting", pk)
    response = HttpResponse(packed, content_type="application/zip")
    name = f"report-{sighting.case.reference}-{pk}.zip"
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    return response
