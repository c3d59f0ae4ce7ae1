"""Pictures that must never match, and signals in quarantine: who lists, agrees and releases."""

from __future__ import annotations

from typing import Any

from django import forms
from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core import signing
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import UploadedFile
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import (
    require_http_methods,
    require_POST,
    require_safe,
)

from portal.bank.flooding import release as release_signal
from portal.bank.models import Benign, Signal
from portal.cases.models import Case
from portal.desk.access import find, require_supervisor, worker_of
from portal.desk.words import SIGNALS, said
from portal.sightings import guarding
from portal.sightings.models import Sighting

SHOWN = 100
SALT, PATIENCE = "benign-signals", 3600  # seconds from hashing a file to listing it
NO_FILL = {"autocomplete": "off"}

# The signals of one picture. Their class is the tracker's, which this app does not know.
Signals = list[Any]


class BenignForm(forms.Form):
    name = forms.CharField(
        label=gettext_lazy("What is it?"),
        max_length=100,
        widget=forms.TextInput(attrs=NO_FILL),
    )
    kind = forms.ChoiceField(label=gettext_lazy("Kind"), choices=Benign.Kind.choices)
    reason = forms.CharField(
        label=gettext_lazy("Why must it never match?"),
        help_text=gettext_lazy("This is kept on record."),
        max_length=250,
        widget=forms.TextInput(attrs=NO_FILL),
    )


class FileForm(forms.Form):
    picture = forms.FileField(
        label=gettext_lazy("The picture"),
        help_text=gettext_lazy(
            "It is hashed and dropped. Never choose a picture of a case here."
        ),
        widget=forms.FileInput(attrs={"accept": "image/*"}),
    )

    def clean_picture(self) -> UploadedFile[bytes]:
        picture: UploadedFile[bytes] = self.cleaned_data["picture"]
        most = settings.MAX_UPLOAD_BYTES
        if (picture.size or 0) > most:
            words = _("This picture is larger than %(most)d MB.")
            raise ValidationError(words, params={"most": most // 2**20})
        return picture


@require_safe
@login_required
def benign(request: HttpRequest) -> HttpResponse:
    worker = worker_of(request)
    entries = Benign.objects.select_related("added_by", "approved_by")
    waiting = [(entry, entry.added_by_id != worker.pk) for entry in entries.waiting()]
    context = {
        "waiting": waiting,
        "entries": entries.in_force()[:SHOWN],
        "held": [(signal, said(SIGNALS, signal.type)) for signal in _held(request)],
    }
    return render(request, "desk/benign.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def new(request: HttpRequest) -> HttpResponse:
    """From a file: hashed, shown what it would silence, then listed."""
    require_supervisor(request)
    if sealed := request.POST.get("signals"):
        try:
            signals = guarding.opened(
                signing.loads(sealed, salt=SALT, max_age=PATIENCE)
            )
        except signing.BadSignature:
            messages.error(request, _("That took too long. Choose the file again."))
            return redirect("desk:new_benign")
        return _adds(request, signals, BenignForm(request.POST))
    form = FileForm(request.POST or None, request.FILES or None)
    if request.method == "POST" and form.is_valid():
        try:
            signals = guarding.hash_file(form.cleaned_data["picture"].read())
        except guarding.BenignError as error:
            form.add_error("picture", str(error))
        else:
            return _adds(request, signals, BenignForm())
    return render(request, "desk/benign_file.html", {"form": form})


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def from_sighting(request: HttpRequest, pk: int) -> HttpResponse:
    """A copy that was found to be another picture: a site's logo, say."""
    sighting = find(Sighting.objects.all(), request, pk)
    try:
        signals = guarding.signals_of_sighting(sighting)
    except guarding.BenignError as error:
        messages.error(request, str(error))
        return redirect("desk:sighting", pk)
    return _adds(request, signals, BenignForm(request.POST or None))


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def from_signal(request: HttpRequest, pk: int) -> HttpResponse:
    """A signal in quarantine that stands for a picture which many sites show."""
    signal = find(_held(request), request, pk)
    signals = guarding.signals_of_held(signal)
    return _adds(request, signals, BenignForm(request.POST or None))


@require_POST
@login_required
def approve(request: HttpRequest, pk: int) -> HttpResponse:
    entry = get_object_or_404(Benign, pk=pk)
    try:
        guarding.approve(entry, worker_of(request))
    except guarding.BenignError as error:
        messages.error(request, str(error))
    else:
        messages.success(request, _("It is on the list. Victims concerned were told."))
    return redirect("desk:benign")


@require_POST
@login_required
def remove(request: HttpRequest, pk: int) -> HttpResponse:
    supervisor, entry = require_supervisor(request), get_object_or_404(Benign, pk=pk)
    try:
        guarding.remove(entry, supervisor, request.POST.get("reason", ""))
    except guarding.BenignError as error:
        messages.error(request, str(error))
    else:
        messages.success(request, _("Off the list: it can match again."))
    return redirect("desk:benign")


@require_POST
@login_required
def release(request: HttpRequest, pk: int) -> HttpResponse:
    signal = find(_held(request), request, pk)
    try:
        release_signal(signal, worker_of(request), request.POST.get("reason", ""))
    except ValueError:
        messages.error(request, _("Please write why."))
    else:
        messages.success(request, _("Released: its matches are told again."))
    return redirect("desk:benign")


def _held(request: HttpRequest) -> Any:
    """Signals in quarantine of the cases that this worker may see."""
    cases = Case.objects.active().visible_to(worker_of(request))
    held = Signal.objects.matching().exclude(quarantined_at=None)
    return (
        held.filter(case__in=cases).select_related("case").order_by("-quarantined_at")
    )


def _adds(request: HttpRequest, signals: Signals, form: BenignForm) -> HttpResponse:
    """Show what it would silence; list it once the form is filled in."""
    if form.is_bound and form.is_valid():
        try:
            entry = guarding.add(worker_of(request), signals, **form.cleaned_data)
        except guarding.BenignError as error:
            form.add_error(None, str(error))
        else:
            said = _("It is on the list.")
            if entry.in_force_at is None:
                said = _(
                    "It waits for a second person, and silences nothing until then."
                )
            messages.success(request, said)
            return redirect("desk:benign")
    context = {
        "form": form,
        "silenced": guarding.silenced_by(signals),
        "by_looks": any(signal.type != "sha256" for signal in signals),
        "signals": signing.dumps(guarding.sealable(signals), salt=SALT, compress=True),
    }
    return render(request, "desk/new_benign.html", context)
