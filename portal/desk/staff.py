"""Who works here. Supervisors hire, reset and dismiss, within their own organisation."""

import secrets

from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import (
    require_http_methods,
    require_POST,
    require_safe,
)
from mnemonic import Mnemonic

from portal.accounts import actions
from portal.accounts.models import Organisation, User
from portal.desk.access import require_supervisor

WORDS = 6  # of a list of 2,048: 66 bits, for a password that lives for one login


class HireForm(forms.Form):
    username = forms.CharField(
        label=gettext_lazy("Name to log in with"),
        max_length=150,
        widget=forms.TextInput(attrs={"autocomplete": "off", "autocapitalize": "none"}),
    )
    role = forms.ChoiceField(label=gettext_lazy("Role"), choices=User.Role.choices)


def one_time_password() -> str:
    words = Mnemonic("english").wordlist
    return "-".join(secrets.choice(words) for _ in range(WORDS))


@require_safe
@login_required
def staff(request: HttpRequest) -> HttpResponse:
    people = _colleagues(require_supervisor(request))
    return render(request, "desk/staff.html", {"people": people})


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def hire(request: HttpRequest) -> HttpResponse:
    supervisor = require_supervisor(request)
    form = HireForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        password, role = one_time_password(), User.Role(form.cleaned_data["role"])
        organisation = _organisation(supervisor)
        name = form.cleaned_data["username"]
        try:
            user = actions.hire(
                name, password, organisation, role, by=supervisor, one_time=True
            )
        except ValueError as error:
            form.add_error("username", str(error))
        else:
            return _shows_password(request, user, password)
    return render(request, "desk/hire.html", {"form": form})


@require_POST
@login_required
def reset(request: HttpRequest, pk: int) -> HttpResponse:
    supervisor = require_supervisor(request)
    user, password = _colleague(supervisor, pk), one_time_password()
    if user == supervisor:
        messages.error(request, _("Change your own password on your own page."))
        return redirect("desk:staff")
    try:
        actions.reset_password(user, password, by=supervisor)
    except ValueError as error:
        messages.error(request, str(error))
        return redirect("desk:staff")
    return _shows_password(request, user, password)


@require_POST
@login_required
def reset_factor(request: HttpRequest, pk: int) -> HttpResponse:
    supervisor = require_supervisor(request)
    user = _colleague(supervisor, pk)
    try:
        actions.reset_second_factor(user, by=supervisor)
    except ValueError as error:
        messages.error(request, str(error))
    else:
        words = _("%(name)s sets up a new second factor at the next login.")
        messages.success(request, words % {"name": user.username})
    return redirect("desk:staff")


@require_POST
@login_required
def dismiss(request: HttpRequest, pk: int) -> HttpResponse:
    supervisor = require_supervisor(request)
    user = _colleague(supervisor, pk)
    try:
        actions.dismiss(user, by=supervisor)
    except ValueError as error:
        messages.error(request, str(error))
    else:
        words = _("%(name)s cannot log in any more, and their key is destroyed.")
        messages.success(request, words % {"name": user.username})
    return redirect("desk:staff")


def _organisation(supervisor: User) -> Organisation:
    return get_object_or_404(Organisation, pk=supervisor.organisation_id)


def _colleagues(supervisor: User) -> list[User]:
    rows = User.objects.filter(organisation=_organisation(supervisor))
    return list(rows.order_by("-is_active", "username"))


def _colleague(supervisor: User, pk: int) -> User:
    return get_object_or_404(User, pk=pk, organisation=_organisation(supervisor))


def _shows_password(request: HttpRequest, user: User, password: str) -> HttpResponse:
    # No redirect: it is shown once, and must never lie in a session.
    context = {"person": user, "password": password}
    return render(request, "desk/one_time.html", context)
