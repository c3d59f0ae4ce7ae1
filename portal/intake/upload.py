"""The second step that nobody has to take: the picture itself, from adults, and back again.

No file control exists in a page before its reader has agreed to what happens with the file.
"""

from __future__ import annotations

from functools import partial
from typing import Any

from django import forms
from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import UploadedFile
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods, require_POST

from portal.cases import actions
from portal.cases.actions import Told
from portal.cases.keys import CaseKey
from portal.cases.models import Consent
from portal.celery import ring_on_commit
from portal.intake.agreed import asked_first, named
from portal.intake.consents import POINTS_TITLE, POINTS_WORDS
from portal.intake.once import OneTimeForm
from portal.intake.opened import with_key
from portal.intake.pictures import pictures_of
from portal.intake.status import unread
from portal.sightings.tasks import process_report

MOST_PICTURES = 10
MIB = 2**20


class PicturesInput(forms.FileInput):
    allow_multiple_selected = True


class PicturesField(forms.FileField):
    """Several files. Only their number and sizes are looked at here; a worker reads them."""

    widget = PicturesInput(attrs={"accept": "image/*,video/*"})

    def clean(self, data: Any, initial: Any = None) -> list[UploadedFile[Any]]:
        del initial  # nothing was ever there before
        files = [file for file in data or [] if file]
        if not files:
            raise ValidationError(_("Please choose a picture."))
        if len(files) > MOST_PICTURES:
            raise ValidationError(
                _("You chose %(count)d pictures. We can take %(most)d at once."),
                params={"count": len(files), "most": MOST_PICTURES},
            )
        # The number comes from the list, so that somebody can find the file again.
        empty = [str(at) for at, file in enumerate(files, 1) if not file.size]
        if empty:
            raise ValidationError(
                _("File number %(which)s is empty. Please choose it again."),
                params={"which": ", ".join(empty)},
            )
        if sum(file.size or 0 for file in files) > settings.MAX_UPLOAD_BYTES:
            raise ValidationError(
                _("Your pictures are larger than %(limit)d MB together. Send fewer."),
                params={"limit": settings.MAX_UPLOAD_BYTES // MIB},
            )
        return files


class AgreeForm(OneTimeForm):
    """Two statements, each on its own. Both come again with the pictures."""

    adult = forms.BooleanField(
        label=_("Everybody in the picture was 18 or over, and I am too."),
        error_messages={
            "required": _(
                "Tick this only if it is true. If anybody in the picture was under 18, "
                "please do not send it to anybody, not even to us."
            )
        },
    )
    keep = forms.BooleanField(
        label=_("You may keep this picture, locked, until I take it back."),
        error_messages={"required": _("Without this we cannot take the picture.")},
    )
    points = forms.BooleanField(
        label=POINTS_TITLE, help_text=POINTS_WORDS, required=False
    )


class UploadForm(AgreeForm):
    pictures = PicturesField()

    def told(self) -> Told:
        return Told(pictures=[file.read() for file in self.cleaned_data["pictures"]])


@require_http_methods(["GET", "HEAD", "POST"])
@with_key
def upload(request: HttpRequest, key: CaseKey) -> HttpResponse:
    """The question first; the file control is only in the answer to a yes."""
    if not key.case.consents_to(Consent.Kind.MATCHING):
        return _page(request, key)
    return asked_first(
        request,
        AgreeForm,
        UploadForm,
        page=partial(_page, request, key),
        keep=partial(_keep, key),
    )


@require_POST
@with_key
def drop(request: HttpRequest, key: CaseKey) -> HttpResponse:
    """Back to hash-only: the picture goes, its codes stay. A stranger's number does nothing."""
    for exhibit in named(request, "exhibit", key.case.exhibits.all()):
        actions.drop_upload(exhibit)
    return redirect("intake:upload")


def _keep(key: CaseKey, form: UploadForm) -> HttpResponse:
    with transaction.atomic():
        token = form.cleaned_data["token"]
        if form.cleaned_data["points"]:
            actions.give_consent(key.case, Consent.Kind.POINTS)
        report = actions.add_report(key.case, token=token, told=form.told())
        actions.record_event(key.case, "uploaded", once=f"uploaded:{report.pk}")
        ring_on_commit(process_report, report.pk)
    return redirect("intake:upload")


def _page(
    request: HttpRequest, key: CaseKey, form: AgreeForm | None = None
) -> HttpResponse:
    """`form` is None where nothing may be uploaded."""
    context = {
        "form": form,
        "takes_files": isinstance(form, UploadForm),
        "pictures": pictures_of(key.case),
        "most": MOST_PICTURES,
        "bytes": settings.MAX_UPLOAD_BYTES,
        "limit": settings.MAX_UPLOAD_BYTES // MIB,
        "unread": unread(key.case),
    }
    return render(request, "intake/upload.html", context)
