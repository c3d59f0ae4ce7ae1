"""The harmless photo that a fake was made from: its features, never the photo, and back again.

The device makes them. As for a picture itself, no file control exists before its reader is
known to be an adult, as everybody in the photo is, and has agreed to what leaves the device.
"""

from __future__ import annotations

from contextlib import suppress
from functools import partial

from django import forms
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods, require_POST

from portal.cases import actions
from portal.cases.keys import CaseKey
from portal.cases.models import Consent
from portal.cases.originals import MOST, TooManyError
from portal.celery import ring
from portal.intake.agreed import asked_first, named
from portal.intake.once import OneTimeForm
from portal.intake.opened import with_key
from portal.intake.status import unread
from portal.sightings import comparing
from portal.sightings.tasks import assess_sighting

PROBLEMS = {
    "form": _("The points did not arrive whole. Please choose the photo again."),
    "plain": _("This photo is too plain to compare anything with it."),
}
# Without both, no copy is ever looked at: then there is nothing to compare.
NEEDED = (Consent.Kind.EVIDENCE, Consent.Kind.CHECK)


class AgreeForm(OneTimeForm):
    """Two statements, each on its own. Both come again with the points."""

    adult = forms.BooleanField(
        label=_("Everybody in the photo was 18 or over, and I am too."),
        error_messages={
            "required": _(
                "Tick this only if it is true. If anybody in the photo was under 18, please "
                "do not use it here."
            )
        },
    )
    keep = forms.BooleanField(
        label=_(
            "You may keep the points of this photo, locked, until I take them back."
        ),
        error_messages={"required": _("Without this we cannot compare.")},
    )


class GiveForm(AgreeForm):
    told = forms.CharField(max_length=comparing.MOST_CHARACTERS, required=False)

    def clean_told(self) -> bytes:
        told = self.cleaned_data["told"].encode()
        try:
            comparing.parsed(told)
        except comparing.OriginalError as error:
            raise ValidationError(PROBLEMS[error.code]) from None
        return bytes(told)


@require_http_methods(["GET", "HEAD", "POST"])
@with_key
def original(request: HttpRequest, key: CaseKey) -> HttpResponse:
    """The questions first; what makes the points is only in the answer to a yes."""
    if not _may_compare(key):
        return _page(request, key)
    return asked_first(
        request,
        AgreeForm,
        GiveForm,
        page=partial(_page, request, key),
        keep=partial(_keep, key),
    )


@require_POST
@with_key
def drop(request: HttpRequest, key: CaseKey) -> HttpResponse:
    """The points go. A stranger's number does nothing."""
    for row in named(request, "original", key.case.originals.all()):
        actions.drop_original(row)
    return redirect("intake:original")


def _may_compare(key: CaseKey) -> bool:
    has_room = key.case.originals.count() < MOST
    return has_room and all(key.case.consents_to(kind) for kind in NEEDED)


def _keep(key: CaseKey, form: GiveForm) -> HttpResponse:
    """Keep them, unless it is full, and have the copies that were found so far compared."""
    told, is_new = form.cleaned_data, False
    with suppress(TooManyError):
        is_new = actions.give_original(key.case, told["told"], token=told["token"])
    for sighting in comparing.look_again(key) if is_new else ():
        ring(assess_sighting, sighting.pk)
    return redirect("intake:original")  # where it is full, the page says so


def _page(
    request: HttpRequest, key: CaseKey, form: AgreeForm | None = None
) -> HttpResponse:
    """`form` is None where none may be given."""
    given = list(key.case.originals.order_by("pk"))
    context = {
        "form": form,
        "makes_points": isinstance(form, GiveForm),
        "originals": given,
        "is_full": len(given) >= MOST,
        "least": comparing.LEAST_FEATURES,
        "unread": unread(key.case),
    }
    return render(request, "intake/original.html", context)
