"""Where we look: the sources, how their last visits went, and adding one."""

from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import (
    require_http_methods,
    require_POST,
    require_safe,
)

from portal.accounts.models import User
from portal.celery import ring_on_commit
from portal.desk.access import require_supervisor, worker_of
from portal.desk.words import OUTCOMES, said
from portal.platforms.models import Platform
from portal.sightings import sourcing
from portal.sightings.models import Source
from portal.sightings.tasks import crawl_source

KINDS = {
    "site": gettext_lazy("web site: follows its links"),
    "feed": gettext_lazy("feed: RSS or Atom"),
    "mastodon": gettext_lazy("Mastodon server"),
    "warc": gettext_lazy("WARC file on this machine"),
    "folder": gettext_lazy("folder on this machine"),
}


def _platforms() -> list[tuple[str, str]]:
    known = Platform.objects.values_list("pk", "name")
    return [("", "–"), *((str(pk), name) for pk, name in known)]


class SourceForm(forms.Form):
    name = forms.CharField(label=gettext_lazy("Name"), max_length=200)
    kind = forms.ChoiceField(
        label=gettext_lazy("Kind"),
        choices=[(kind, KINDS.get(kind, kind)) for kind in sourcing.KINDS],
    )
    address = forms.CharField(
        label=gettext_lazy("Address"),
        help_text=gettext_lazy(
            "A web address; for a folder its name below the operator's folder, for a WARC "
            "file the folder, a slash and the file."
        ),
        max_length=2000,
    )
    purpose = forms.CharField(
        label=gettext_lazy("Why may we look there?"),
        help_text=gettext_lazy("This is kept on record."),
        max_length=300,
    )
    platform = forms.ChoiceField(
        label=gettext_lazy("Platform"), choices=_platforms, required=False
    )
    minutes = forms.IntegerField(
        label=gettext_lazy("Minutes between visits"),
        min_value=5,
        max_value=60 * 24 * 30,
        initial=60,
    )

    def clean_platform(self) -> Platform | None:
        chosen = self.cleaned_data["platform"]
        return Platform.objects.filter(pk=chosen).first() if chosen else None

    def config(self) -> dict[str, object]:
        """The source's settings, in the shape its kind takes."""
        address, kind = self.cleaned_data["address"], self.cleaned_data["kind"]
        if kind == "folder":
            return {"folder": address}
        if kind == "warc":
            folder, _slash, path = address.rpartition("/")
            return {"folder": folder or ".", "path": path}
        return {"url": address}


@require_safe
@login_required
def sources(request: HttpRequest) -> HttpResponse:
    rows = [
        (source, KINDS.get(source.kind, source.kind), said(OUTCOMES, source.outcome))
        for source in Source.objects.select_related("platform")
    ]
    may_change = worker_of(request).role == User.Role.SUPERVISOR
    context = {"sources": rows, "may_change": may_change}
    return render(request, "desk/sources.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def new(request: HttpRequest) -> HttpResponse:
    supervisor = require_supervisor(request)
    form = SourceForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            sourcing.add_source(
                supervisor,
                kind=form.cleaned_data["kind"],
                name=form.cleaned_data["name"],
                config=form.config(),
                purpose=form.cleaned_data["purpose"],
                interval=form.cleaned_data["minutes"] * 60,
                platform=form.cleaned_data["platform"],
            )
        except sourcing.SourcingError as error:
            form.add_error("address", str(error))
        else:
            messages.success(request, _("Added. Switch it on when you are ready."))
            return redirect("desk:sources")
    return render(request, "desk/new_source.html", {"form": form})


@require_POST
@login_required
def visit(request: HttpRequest, pk: int) -> HttpResponse:
    source = get_object_or_404(Source, pk=pk)
    if not source.enabled:
        messages.error(request, _("This source is switched off."))
        return redirect("desk:sources")
    with transaction.atomic():
        sourcing.visit_now(source)
        ring_on_commit(crawl_source, source.pk)
    words = _("We visit %(name)s now. Load this page again in a moment.")
    messages.info(request, words % {"name": source.name})
    return redirect("desk:sources")


@require_POST
@login_required
def switch(request: HttpRequest, pk: int) -> HttpResponse:
    supervisor = require_supervisor(request)
    source = get_object_or_404(Source, pk=pk)
    sourcing.switch_source(source, supervisor, on=request.POST.get("on") == "1")
    return redirect("desk:sources")
