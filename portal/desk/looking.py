"""Opening sealed evidence: a reason first, then the page, and nothing kept anywhere."""

import json
from base64 import b64encode
from collections.abc import Callable

from django import forms
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_http_methods

from portal.accounts.models import User
from portal.cases import evidence
from portal.cases.exposure import SpentError, exposure_of, looks_at
from portal.cases.keys import LockedError
from portal.cases.models import Case, Exhibit, Original, Report
from portal.desk.access import case_of, find, key_of, worker_of
from portal.desk.agreeing import sentences, sides
from portal.desk.words import CONTACT, decided, said
from portal.sightings import comparing, previews, saying
from portal.sightings.models import Sighting

Seen = dict[str, object]  # for the page: a picture, or two sides
look_at = require_http_methods(["GET", "HEAD", "POST"])
CLEARER = {  # what a worker may ask for next, having seen it as the key says
    User.Preview.BLURRED_GREY: ["blurred", "grey", "plain"],
    User.Preview.BLURRED: ["plain"],
    User.Preview.GREY: ["plain"],
    User.Preview.PLAIN: [],
}


class ReasonForm(forms.Form):
    reason = forms.CharField(
        label=gettext_lazy("Why do you need to see it?"),
        max_length=250,
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
        error_messages={"required": gettext_lazy("Please write why.")},
    )


class LookForm(ReasonForm):
    style = forms.ChoiceField(choices=User.Preview.choices, required=False)


@look_at
@login_required
def exhibit(request: HttpRequest, pk: int) -> HttpResponse:
    row = find(Exhibit.objects.select_related("case"), request, pk)
    seen = looks_at(row.stored_as)
    words = ngettext(
        "We have looked at it %d time.", "We have looked at it %d times.", seen
    )
    before = words % seen if seen else ""

    def opened(reason: str, style: str) -> Seen:
        key = key_of(request, row.case)
        return _picture(previews.of_exhibit(key, row, reason=reason, style=style))

    return _show(request, row.case, _("The victim's picture"), before, opened)


@look_at
@login_required
def sighting(request: HttpRequest, pk: int) -> HttpResponse:
    rows = Sighting.objects.select_related("case", "decided_by")
    row = find(rows, request, pk)

    def opened(reason: str, style: str) -> Seen:
        key = key_of(request, row.case)
        return _picture(previews.of_sighting(key, row, reason=reason, style=style))

    return _show(request, row.case, _("The copy that we kept"), decided(row), opened)


@look_at
@login_required
def compare(request: HttpRequest, pk: int) -> HttpResponse:
    """Both pictures side by side, with what agrees outlined: two looks."""
    rows = Sighting.objects.select_related("case", "exhibit", "decided_by")
    row = find(rows, request, pk)

    def opened(reason: str, style: str) -> Seen:
        key = key_of(request, row.case)
        both = previews.of_both(key, row, reason=reason, style=style)
        return {"sides": sides(row, *both), "sentences": sentences(row)}

    return _show(request, row.case, _("Side by side"), decided(row), opened)


@look_at
@login_required
def frames(request: HttpRequest, pk: int) -> HttpResponse:
    """The frames of a video that matter to the detector, small: one look."""
    rows = Sighting.objects.select_related("case", "decided_by", "assessment")
    row = find(rows.exclude(assessment=None), request, pk)
    matter = row.assessment.frames

    def opened(reason: str, style: str) -> Seen:
        key, numbers = key_of(request, row.case), [one["number"] for one in matter]
        made = previews.of_frames(key, row, numbers, reason=reason, style=style)
        if not made:
            raise previews.PreviewError(_("No copy was kept, or it could not be read."))
        shown = [
            {**told, "picture": _address(made[one["number"]])}
            for one, told in zip(matter, saying.frames(matter), strict=True)
            if one["number"] in made
        ]
        return {"frames": shown}

    return _show(request, row.case, _("Frames that matter"), decided(row), opened)


@look_at
@login_required
def original(request: HttpRequest, pk: int) -> HttpResponse:
    """What identifies the victim's photo, to hold it against a file that they show."""
    row = find(Original.objects.select_related("case"), request, pk)

    def opened(reason: str) -> str:
        facts = comparing.read(key_of(request, row.case), row, reason=reason)
        return _identified(facts)

    return _read(request, row.case, _("The harmless photo"), opened)


@look_at
@login_required
def report(request: HttpRequest, pk: int) -> HttpResponse:
    row = find(Report.objects.select_related("case"), request, pk)

    def opened(reason: str) -> str:
        return evidence.open_details(key_of(request, row.case), row, reason=reason)

    return _read(request, row.case, _("What the victim wrote"), opened)


@look_at
@login_required
def contact(request: HttpRequest, pk: int) -> HttpResponse:
    row = case_of(request, pk)

    def opened(reason: str) -> str:
        return _spelled(evidence.open_contact(key_of(request, row), reason=reason))

    return _read(request, row, _("How the victim may be reached"), opened)


def _identified(facts: comparing.Original) -> str:
    size = {"width": facts.width, "height": facts.height, "bytes": facts.size}
    lines = [
        _("SHA-256 of the file: %(sha256)s") % {"sha256": facts.sha256},
        _("%(width)d × %(height)d pixels, %(bytes)d bytes") % size,
        _("%(points)d points") % {"points": len(facts.features)},
    ]
    return "\n".join(lines)


def _show(
    request: HttpRequest,
    case: Case,
    title: str,
    before: str,
    opened: Callable[[str, str], Seen],
) -> HttpResponse:
    """Ask why; then open, which records the reason before the first pixel.

    `before` says what came of it when it was looked at last, so that nobody looks in vain.
    """
    worker, form = worker_of(request), LookForm(request.POST or None)
    context = _frame(case, title, form) | {"before": before, "is_picture": True}
    context["exposure"] = exposure_of(worker)
    if request.method != "POST" or not form.is_valid():
        return render(request, "desk/reason.html", context)
    style = User.Preview(form.cleaned_data["style"] or worker.preview)
    try:
        context |= opened(form.cleaned_data["reason"], style)
        context |= _shown(style)
    except SpentError:
        return render(request, "desk/pause.html", context)
    except (previews.PreviewError, evidence.EvidenceError, LockedError) as error:
        context["nothing"] = str(error)
    context["exposure"] = exposure_of(worker)
    return render(request, "desk/look.html", context)


def _read(
    request: HttpRequest, case: Case, title: str, opened: Callable[[str], str]
) -> HttpResponse:
    """Words, for a reason. They do not count as a look."""
    form = ReasonForm(request.POST or None)
    context = _frame(case, title, form)
    if request.method != "POST" or not form.is_valid():
        return render(request, "desk/reason.html", context)
    try:
        context["words"] = opened(form.cleaned_data["reason"])
    except (evidence.EvidenceError, LockedError) as error:
        context["nothing"] = str(error)
    return render(request, "desk/look.html", context)


def _frame(case: Case, title: str, form: ReasonForm) -> dict[str, object]:
    is_frozen = case.ending == Case.Ending.FROZEN
    return {"case": case, "title": title, "form": form, "is_frozen": is_frozen}


def _picture(jpeg: bytes) -> Seen:
    return {"picture": _address(jpeg)}


def _address(jpeg: bytes) -> str:
    return f"data:image/jpeg;base64,{b64encode(jpeg).decode()}"


def _shown(style: User.Preview) -> dict[str, object]:
    return {
        "is_seen": True,
        "style": style.label,
        "clearer": [(code, User.Preview(code).label) for code in CLEARER[style]],
    }


def _spelled(contact: str) -> str:
    """Contact rules as intake wrote them (JSON), one line each; other text as it is."""
    try:
        rules = json.loads(contact)
        told = [(name, value) for name, value in rules.items() if value]
    except (ValueError, AttributeError):
        return contact
    return "\n".join(
        f"{CONTACT[name]}: {_plain(name, value)}"
        for name, value in told
        if name in CONTACT
    )


def _plain(name: str, value: object) -> str:
    """A value in words; only the channel is a code, all else is what they typed."""
    if value is True:
        return _("yes")
    return said(CONTACT, str(value)) if name == "channel" else str(value)
