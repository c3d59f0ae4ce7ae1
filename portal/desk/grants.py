"""Who can open a case: given, taken, given again after a password reset, and never again."""

from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST

from portal.accounts.models import User
from portal.cases import keys
from portal.cases.models import Case, CaseQuerySet, KeyWrap
from portal.desk.access import case_of, key_of, worker_of


class RevokeForm(forms.Form):
    reason = forms.CharField(
        label=gettext_lazy("Why?"),
        max_length=200,
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )


def holders(case: Case) -> list[dict[str, object]]:
    """Each worker with the case's key, and whether it opens anything for them."""
    opening = set(case.wraps.opening().values_list("user", flat=True))
    wraps = case.wraps.filter(user__is_active=True).select_related("user")
    return [
        {"user": wrap.user, "waits": wrap.user_id not in opening}
        for wrap in wraps.order_by("user__username")
    ]


def may_be_given(case: Case, worker: User) -> list[User]:
    """Colleagues who could be given the case."""
    staff = User.objects.filter(is_active=True, organisation=worker.organisation)
    taken = case.wraps.filter(user__isnull=False).values("user")
    kept_away = case.exclusions.values("user")
    free = staff.exclude(public_key=None).exclude(pk__in=taken)
    return list(free.exclude(pk__in=kept_away).order_by("username"))


def waiting_for(worker: User) -> list[tuple[User, int]]:
    """Colleagues with a renewed key, and how many of this worker's cases they wait for."""
    waits = KeyWrap.objects.stale().filter(case__in=_held_by(worker))
    counts: dict[User, int] = {}
    for wrap in waits.select_related("user").order_by("user__username"):
        if wrap.user and wrap.user != worker:
            counts[wrap.user] = counts.get(wrap.user, 0) + 1
    return list(counts.items())


@require_POST
@login_required
def grant(request: HttpRequest, pk: int) -> HttpResponse:
    case = case_of(request, pk)
    colleague = _colleague(request, request.POST.get("worker", ""))
    try:
        keys.grant(key_of(request, case), colleague)
    except keys.LockedError as error:
        messages.error(request, str(error))
    else:
        words = _("%(name)s can open this case now.")
        messages.success(request, words % {"name": colleague.username})
    return redirect("desk:case", pk)


@require_POST
@login_required
def revoke(request: HttpRequest, pk: int) -> HttpResponse:
    case, worker = case_of(request, pk), worker_of(request)
    colleague = _colleague(request, request.POST.get("worker", ""))
    form = RevokeForm(request.POST)
    if not form.is_valid():
        messages.error(request, _("Please write why."))
        return redirect("desk:case", pk)
    try:
        reason = form.cleaned_data["reason"]
        keys.revoke(case, colleague, by=worker, reason=reason)
    except keys.LockedError as error:
        messages.error(request, str(error))
    else:
        words = _("%(name)s can no longer open this case.")
        messages.success(request, words % {"name": colleague.username})
    if not Case.objects.visible_to(worker).filter(pk=pk).exists():
        return redirect("desk:queue")  # it was their own
    return redirect("desk:case", pk)


@require_POST
@login_required
def renew(request: HttpRequest, pk: int) -> HttpResponse:
    """Give a colleague with a renewed key every case again that this worker holds."""
    worker, colleague = worker_of(request), _colleague(request, str(pk))
    waits = KeyWrap.objects.stale().filter(user=colleague).values("case")
    try:
        held = [key_of(request, case) for case in _held_by(worker).filter(pk__in=waits)]
        count = keys.renew(held, colleague)
    except keys.LockedError as error:
        messages.error(request, str(error))
    else:
        words = _("%(name)s can open %(count)d cases again.")
        messages.success(request, words % {"name": colleague.username, "count": count})
    return redirect("desk:queue")


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def exclude(request: HttpRequest, pk: int) -> HttpResponse:
    """“I know this person”: for good, so it is asked once, with what follows from it."""
    case, worker = case_of(request, pk), worker_of(request)
    if request.method == "POST":
        keys.exclude(case, worker)
        messages.success(
            request, _("Thank you for saying so. The case is no longer yours.")
        )
        return redirect("desk:queue")
    others = case.wraps.opening().exclude(user=worker).exists()
    return render(request, "desk/exclude.html", {"case": case, "others": others})


def _held_by(worker: User) -> CaseQuerySet:
    opening = KeyWrap.objects.opening().filter(user=worker).values("case")
    return Case.objects.visible_to(worker).filter(pk__in=opening)


def _colleague(request: HttpRequest, pk: str) -> User:
    mine = User.objects.filter(organisation=worker_of(request).organisation)
    return get_object_or_404(mine, pk=pk if pk.isdecimal() else 0)
