"""How much a worker has looked at, told kindly to them, and as numbers to a supervisor."""

from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from portal.accounts.actions import choose_preview
from portal.accounts.models import User
from portal.cases.exposure import MOST_MORE, Exposure, exposure_of, grant_more
from portal.desk.access import require_supervisor, worker_of

MANY_IN_AN_HOUR = 10
HEAVY_WEEK = 5  # daily budgets


class PreviewForm(forms.Form):
    preview = forms.ChoiceField(choices=User.Preview.choices)


class MoreForm(forms.Form):
    more = forms.IntegerField(min_value=1, max_value=MOST_MORE)
    reason = forms.CharField(max_length=200)


def advice(seen: Exposure, budget: int) -> str:
    """What a good colleague would say now; nothing, where there is nothing to say."""
    if not seen.left:
        return _("That is enough for one day. Let a colleague go on.")
    if seen.hour >= MANY_IN_AN_HOUR:
        return _("That was much in one hour. Look at something else for ten minutes.")
    if seen.week >= HEAVY_WEEK * budget:
        return _(
            "It has been a heavy week. Talk with somebody about it, and take a day off."
        )
    if seen.today * 2 >= seen.budget:
        return _("More than half of today is used. A short walk does good now.")
    return ""


@require_safe
@login_required
def looks(request: HttpRequest) -> HttpResponse:
    worker = worker_of(request)
    seen = exposure_of(worker)
    context = {
        "exposure": seen,
        "advice": advice(seen, worker.exposure_budget),
        "styles": User.Preview.choices,
    }
    return render(request, "desk/looks.html", context)


@require_POST
@login_required
def preview(request: HttpRequest) -> HttpResponse:
    form = PreviewForm(request.POST)
    if form.is_valid():
        style = User.Preview(form.cleaned_data["preview"])
        choose_preview(worker_of(request), style)
        messages.success(request, _("Pictures are shown to you this way from now on."))
    return redirect("desk:looks")


@require_safe
@login_required
def staff(request: HttpRequest) -> HttpResponse:
    """Numbers only: who looked at what, and why, stays in the audit log."""
    supervisor = require_supervisor(request)
    people = [
        (person, exposure_of(person), person == supervisor)
        for person in _colleagues(supervisor)
    ]
    return render(
        request, "desk/staff_looks.html", {"people": people, "most": MOST_MORE}
    )


@require_POST
@login_required
def more(request: HttpRequest, pk: int) -> HttpResponse:
    supervisor = require_supervisor(request)
    person = get_object_or_404(_colleagues(supervisor), pk=pk)
    form = MoreForm(request.POST)
    if not form.is_valid():
        messages.error(request, _("Give a number of looks, and write why."))
        return redirect("desk:staff_looks")
    try:
        grant_more(person, **form.cleaned_data, by=supervisor)
    except ValueError as error:
        messages.error(request, str(error))
    else:
        words = _("%(name)s may look at %(more)d more today.")
        told = {"name": person.username, "more": form.cleaned_data["more"]}
        messages.success(request, words % told)
    return redirect("desk:staff_looks")


def _colleagues(supervisor: User) -> QuerySet[User]:
    staff = User.objects.filter(is_active=True, organisation=supervisor.organisation)
    return staff.order_by("username")
