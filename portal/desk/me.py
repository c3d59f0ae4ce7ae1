"""A worker's own page: second factors, recovery codes, password.

The same pages set up the first factor, before anybody is logged in.
"""

from collections.abc import Callable
from functools import wraps

from django import forms
from django.contrib import messages
from django.contrib.auth import update_session_auth_hash
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import (
    require_http_methods,
    require_POST,
    require_safe,
)

from portal.accounts import sealing, second_factor, sessions
from portal.accounts.actions import change_password
from portal.accounts.models import User
from portal.desk.access import worker_of
from portal.desk.signing_in import (
    LONGEST_CODE,
    Step,
    credential_in,
    next_step,
    on_the_way,
    password_tries,
    too_many,
)

LONGEST_PASSWORD = 1000
shown_and_sent = require_http_methods(["GET", "HEAD", "POST"])


def staff_or_newcomer(step: Step) -> Callable[[HttpRequest], HttpResponse]:
    """For who is logged in, and for who must set up a first factor to be."""

    @wraps(step)
    def take(request: HttpRequest) -> HttpResponse:
        if request.user.is_authenticated:
            return step(request, worker_of(request))
        user = sessions.pending(request)
        if user is None:
            return redirect("desk:login")
        if second_factor.has_factor(user):  # a password alone adds no factor
            return redirect("desk:second")
        return step(request, user)

    return take


@require_safe
@login_required
def me(request: HttpRequest) -> HttpResponse:
    user = worker_of(request)
    context = {
        "factors": second_factor.factors(user),
        "has_app": second_factor.has(user, "totp"),
        "codes_left": second_factor.codes_left(user),
    }
    return render(request, "desk/me.html", context)


@require_safe
@on_the_way
def setup(request: HttpRequest, user: User) -> HttpResponse:
    """All that somebody without a second factor can reach."""
    if second_factor.has_factor(user):
        return redirect("desk:second")
    return render(request, "desk/setup.html")


@shown_and_sent
@staff_or_newcomer
def app(request: HttpRequest, user: User) -> HttpResponse:
    context: dict[str, object] = {}
    if request.method == "POST":
        code = request.POST.get("code", "")[:LONGEST_CODE]
        if wrong := _not_confirmed(request):
            context["wrong"] = wrong
        elif second_factor.add_app(request, user, code):
            return _added(request, user)
        else:
            context["wrong"] = _("This code is not right. Please try the next one.")
    if second_factor.has(user, "totp"):
        messages.info(request, _("You have an app already. Remove it first."))
        return redirect("desk:me")
    context |= second_factor.setup_app(request, user)
    return render(request, "desk/app.html", context)


@shown_and_sent
@staff_or_newcomer
def key(request: HttpRequest, user: User) -> HttpResponse:
    context: dict[str, object] = {}
    if request.method == "POST":
        name = request.POST.get("name", "").strip() or _("Security key")
        if wrong := _not_confirmed(request):
            context["wrong"] = wrong
        elif second_factor.add_key(user, name, credential_in(request)):
            return _added(request, user)
        else:
            context["wrong"] = _(
                "The key did not answer as it should. Please try again."
            )
    context["options"] = second_factor.setup_key(user)
    return render(request, "desk/key.html", context)


@require_POST
@login_required
def remove(request: HttpRequest, pk: int) -> HttpResponse:
    if wrong := _not_confirmed(request):
        messages.error(request, wrong)
    elif second_factor.remove(worker_of(request), pk):
        messages.success(request, _("Removed."))
    else:
        messages.error(request, _("The last one stays. Add another first."))
    return redirect("desk:me")


@require_POST
@login_required
def codes(request: HttpRequest) -> HttpResponse:
    if wrong := _not_confirmed(request):
        messages.error(request, wrong)
        return redirect("desk:me")
    return _shows_codes(request, worker_of(request), reverse("desk:me"))


class PasswordForm(forms.Form):
    old = forms.CharField(
        label=gettext_lazy("Your present password"),
        max_length=LONGEST_PASSWORD,
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password"}),
    )
    new = forms.CharField(
        label=gettext_lazy("New password"),
        help_text=gettext_lazy("At least 12 characters. Four or more words are good."),
        max_length=LONGEST_PASSWORD,
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )
    again = forms.CharField(
        label=gettext_lazy("The new password again"),
        max_length=LONGEST_PASSWORD,
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )

    def clean(self) -> None:
        if self.cleaned_data.get("new") != self.cleaned_data.get("again"):
            self.add_error("again", _("These were two different passwords."))


@shown_and_sent
def password(request: HttpRequest) -> HttpResponse:
    """Change it; or, on the way in, end a password that somebody else knows."""
    on_desk = request.user.is_authenticated
    user = worker_of(request) if on_desk else sessions.pending(request)
    if user is None or not (on_desk or sessions.is_proven(request)):
        return redirect("desk:login")
    form = PasswordForm(request.POST or None)
    tries = password_tries(user.username)
    if request.method == "POST" and form.is_valid():
        try:
            _change(user, form)
        except ValueError as error:
            tries.take()
            form.add_error(None, str(error))
        else:
            return _changed(request, user, form.cleaned_data["new"])
    return render(request, "desk/password.html", {"form": form, "on_desk": on_desk})


def _change(user: User, form: PasswordForm) -> None:
    """Raises ValueError, also for too many tries."""
    if wait := password_tries(user.username).wait():
        raise ValueError(too_many(wait))
    change_password(user, form.cleaned_data["old"], form.cleaned_data["new"])


def _changed(request: HttpRequest, user: User, new: str) -> HttpResponse:
    """Every other session of theirs ends; this one goes on with the key unlocked."""
    if request.user.is_authenticated:
        update_session_auth_hash(request, user)
        messages.success(request, _("Your password is changed."))
        response = redirect("desk:me")
    else:
        sessions.keep(request, user)
        response = redirect(next_step(request, user))
    if private := sealing.unlock(user, new):
        sealing.open_session(request, response, private)
    return response


def _not_confirmed(request: HttpRequest) -> str:
    """Why the change is not made: who is logged in gives the password once more."""
    if not request.user.is_authenticated:
        return ""  # given a moment ago
    tries = password_tries(request.user.get_username())
    if wait := tries.wait():
        return too_many(wait)
    if request.user.check_password(request.POST.get("password", "")):
        return ""
    tries.take()
    return _("This is not your password. Nothing was changed.")


def _added(request: HttpRequest, user: User) -> HttpResponse:
    """A factor was added. The first one is proof of itself, and brings recovery codes."""
    onward = reverse("desk:me")
    if not request.user.is_authenticated:
        sessions.prove(request)
        onward = next_step(request, user)
    if second_factor.codes_left(user) == 0:
        return _shows_codes(request, user, onward)
    messages.success(request, _("Added."))
    return redirect(onward)


def _shows_codes(request: HttpRequest, user: User, onward: str) -> HttpResponse:
    # No redirect: they are shown once, and must never lie in a session.
    context = {"codes": second_factor.new_codes(user), "onward": onward}
    return render(request, "desk/codes.html", context)
