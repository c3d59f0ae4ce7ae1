"""The door of a case: words in, a session out. It never says whether a case exists."""

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from portal.accounts.pacing import Bucket
from portal.cases import actions
from portal.intake import pressure
from portal.intake.forms import PassphraseForm
from portal.intake.opened import open_session


@require_http_methods(["GET", "HEAD", "POST"])
def enter(request: HttpRequest) -> HttpResponse:
    """One derivation and one indexed look for right and wrong words alike."""
    if request.method != "POST":
        return _page(request)
    if wait := _browser(request).wait():
        return _try_later(request, wait)
    if pressure.is_high() and not _is_paid(request):
        return _page(request, busy=True, status=429)
    form = PassphraseForm(request.POST)
    both = (
        actions.open_case(form.cleaned_data["passphrase"]) if form.is_valid() else None
    )
    if both is None:
        _browser(request).take()
        pressure.failed()
        return _page(request, wrong=True)
    response = redirect("intake:status")
    open_session(request, response, *both)
    return response


def _page(
    request: HttpRequest, *, status: int = 200, busy: bool = False, **said: object
) -> HttpResponse:
    """The form. Where only work was missing, the words stay in it."""
    context = {
        "form": PassphraseForm(request.POST if busy else None),
        "busy": busy,
        "ticket": pressure.new_ticket() if pressure.is_high() else "",
        "bits": pressure.BITS,
        "wait": pressure.WAIT,
        **said,
    }
    return render(request, "intake/enter.html", context, status=status)


def _try_later(request: HttpRequest, wait: int) -> HttpResponse:
    words = _("Too many tries. Please wait %(wait)d seconds, then try again.")
    response = _page(request, status=429, later=words % {"wait": wait})
    response["Retry-After"] = str(wait)
    return response


def _is_paid(request: HttpRequest) -> bool:
    told = request.POST
    return pressure.is_paid(told.get("ticket", ""), told.get("solution", ""))


def _browser(request: HttpRequest) -> Bucket:
    """This browser's own bucket. Its CSRF cookie names it, so a failure writes no row."""
    name = request.COOKIES.get(settings.CSRF_COOKIE_NAME, "")
    return Bucket(f"case:{name}", size=5, seconds=10)
