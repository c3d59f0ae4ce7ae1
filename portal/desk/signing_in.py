"""The desk's door, step by step: password, second factor, an end to a one-time password.

Failures are slowed down by name, not by address. Until the last step nobody is logged in.
"""

import json
from collections.abc import Callable
from functools import wraps

from django.contrib.auth import logout as end_session
from django.contrib.auth.forms import AuthenticationForm
from django.contrib.auth.views import LoginView
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from portal.accounts import sealing, second_factor, sessions
from portal.accounts.models import User
from portal.accounts.pacing import Bucket

LONGEST_NAME = 150
LONGEST_CODE = 50
LONGEST_ANSWER = 2**15
Step = Callable[[HttpRequest, User], HttpResponse]


class Login(LoginView):
    template_name = "desk/login.html"
    redirect_authenticated_user = True

    def post(self, request: HttpRequest, *args: str, **kwargs: object) -> HttpResponse:
        if wait := self._bucket().wait():
            form = AuthenticationForm(request)
            context = self.get_context_data(form=form, later=too_many(wait))
            return self.render_to_response(
                context, status=429, headers={"Retry-After": wait}
            )
        return super().post(request, *args, **kwargs)

    def form_invalid(self, form: AuthenticationForm) -> HttpResponse:
        self._bucket().take()
        return super().form_invalid(form)

    def form_valid(self, form: AuthenticationForm) -> HttpResponse:
        """The password is known only now: it opens the worker's key, for later use."""
        user = form.get_user()
        sessions.begin(self.request, user, self.get_success_url())
        response = redirect(next_step(self.request, user))
        private = _unlocked(user, form.cleaned_data["password"])
        if private is not None:
            sealing.open_session(self.request, response, private)
        return response

    def _bucket(self) -> Bucket:
        return password_tries(self.request.POST.get("username", ""))


def login(request: HttpRequest) -> HttpResponseBase:
    return Login.as_view()(request)


@require_POST
def logout(request: HttpRequest) -> HttpResponse:
    response = redirect("desk:login")
    sealing.close_session(request, response)
    end_session(request)
    return response


def on_the_way(step: Step) -> Callable[[HttpRequest], HttpResponse]:
    """For pages between the password and the desk."""

    @wraps(step)
    def take(request: HttpRequest) -> HttpResponse:
        user = sessions.pending(request)
        return step(request, user) if user else redirect("desk:login")

    return take


@require_http_methods(["GET", "HEAD", "POST"])
@on_the_way
def second(request: HttpRequest, user: User) -> HttpResponse:
    """The second factor: a code, or a security key's answer. Five tries."""
    if not second_factor.has_factor(user):
        return redirect("desk:setup")
    tries = Bucket(f"second:{user.pk}", size=5, seconds=300)
    context: dict[str, object] = {}
    if request.method == "POST":
        if wait := tries.wait():
            context = {"later": too_many(wait)}
        else:
            tries.take()  # before the answer is looked at: many at once are many tries
            if _is_right(request, user):
                tries.refill()
                sessions.prove(request)
                return redirect(next_step(request, user))
            context = {"wrong": True}
    context["has_app"] = second_factor.has(user, "totp")
    if second_factor.has(user, "webauthn"):
        context["options"] = second_factor.ask_key(user)
    return render(
        request, "desk/second.html", context, status=429 if "later" in context else 200
    )


def next_step(request: HttpRequest, user: User) -> str:
    """The path of the step that `user` has not taken yet; with the last one, log in."""
    if not second_factor.has_factor(user):
        return reverse("desk:setup")
    if not sessions.is_proven(request):
        return reverse("desk:second")
    if user.must_change_password:
        return reverse("desk:password")
    return sessions.finish(request, user)


def credential_in(request: HttpRequest) -> object:
    """What a security key answered, as the browser put it into the form."""
    try:
        return json.loads(request.POST.get("credential", "")[:LONGEST_ANSWER])
    except (ValueError, RecursionError):
        return None


def password_tries(name: str) -> Bucket:
    return Bucket(f"desk:{name[:LONGEST_NAME].strip().lower()}", size=5, seconds=20)


def too_many(wait: int) -> str:
    return _("Too many tries. Please wait %(wait)d seconds.") % {"wait": wait}


def _is_right(request: HttpRequest, user: User) -> bool:
    if request.POST.get("credential"):
        return second_factor.takes_key(user, credential_in(request))
    return second_factor.takes_code(user, request.POST.get("code", "")[:LONGEST_CODE])


def _unlocked(user: User, password: str) -> bytes | None:
    """The worker's private key. Whoever has none yet is given one."""
    if user.public_key is None:
        sealing.make_keys(user, password)
    private = sealing.unlock(user, password)
    if private is not None and sealing.is_dated(user):
        sealing.relock(user, private, password)
    return private
