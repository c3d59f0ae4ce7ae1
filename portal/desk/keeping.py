"""How long a case is kept: closing it, and holds that two people agree to."""

from collections.abc import Callable

from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST

from portal.accounts.models import User
from portal.cases import retention
from portal.cases.models import Case, Hold
from portal.desk.access import case_of, find, worker_of

NO_FILL = {"autocomplete": "off"}


class CloseForm(forms.Form):
    reason = forms.CharField(
        label=gettext_lazy("Why is there nothing left to do?"),
        max_length=300,
        widget=forms.TextInput(attrs=NO_FILL),
    )


class HoldForm(forms.Form):
    reason = forms.CharField(
        label=gettext_lazy("Why must it be kept longer?"),
        max_length=300,
        widget=forms.TextInput(attrs=NO_FILL),
    )
    until = forms.DateField(
        label=gettext_lazy("Until which day?"),
        widget=forms.DateInput(attrs={"type": "date"}),
    )


def kept(case: Case, worker: User) -> dict[str, object]:
    """What the case page shows of it."""
    today = timezone.now().date()
    holds = case.holds.filter(ended_at=None, until__gte=today).order_by("pk")
    return {
        "holds": [
            (hold, hold.approved_by is None and hold.asked_by != worker)
            for hold in holds.select_related("asked_by", "approved_by")
        ],
        "close_form": CloseForm(prefix="close"),
        "hold_form": HoldForm(prefix="hold"),
    }


@require_POST
@login_required
def close(request: HttpRequest, pk: int) -> HttpResponse:
    case, worker = case_of(request, pk), worker_of(request)
    form = CloseForm(request.POST, prefix="close")
    if not form.is_valid():
        return _told(request, pk, error=_("Please write why."))
    reason = form.cleaned_data["reason"]
    return _does(request, pk, lambda: retention.close_case(case, worker, reason))


@require_POST
@login_required
def ask(request: HttpRequest, pk: int) -> HttpResponse:
    case, worker = case_of(request, pk), worker_of(request)
    form = HoldForm(request.POST, prefix="hold")
    if not form.is_valid():
        return _told(request, pk, error=_("Please write why, and until which day."))
    return _does(
        request, pk, lambda: retention.ask_hold(case, worker, **form.cleaned_data)
    )


@require_POST
@login_required
def approve(request: HttpRequest, pk: int) -> HttpResponse:
    hold, worker = find(Hold.objects.all(), request, pk), worker_of(request)
    return _does(request, hold.case_id, lambda: retention.approve_hold(hold, worker))


@require_POST
@login_required
def end(request: HttpRequest, pk: int) -> HttpResponse:
    hold, worker = find(Hold.objects.all(), request, pk), worker_of(request)
    reason = request.POST.get("reason", "")
    return _does(
        request, hold.case_id, lambda: retention.end_hold(hold, worker, reason)
    )


def _does(request: HttpRequest, pk: int, act: Callable[[], object]) -> HttpResponse:
    try:
        act()
    except retention.HoldError as error:
        return _told(request, pk, error=str(error))
    return _told(request, pk)


def _told(request: HttpRequest, pk: int, *, error: str = "") -> HttpResponse:
    if error:
        messages.error(request, error)
    else:
        messages.success(request, _("Done. It is on record."))
    return redirect("desk:case", pk)
