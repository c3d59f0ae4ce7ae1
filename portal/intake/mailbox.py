"""Pages behind the passphrase. The session holds the case's number and nothing else."""

from collections.abc import Callable
from functools import wraps

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import (
    require_http_methods,
    require_POST,
    require_safe,
)

from portal.accounts.pacing import Bucket
from portal.cases import actions
from portal.cases.models import Case, Consent
from portal.intake.acknowledged import who_was_told
from portal.intake.forms import PassphraseForm
from portal.intake.status import status_of

# A passphrase has 88 bits: nobody guesses it. The buckets spare our processor, so the one
# for everybody is wide, and a burst of strangers' failures keeps no victim out for long.
EVERYBODY = Bucket("case", size=60, seconds=0.2)

CaseView = Callable[[HttpRequest, Case], HttpResponse]


def with_case(view: CaseView) -> Callable[[HttpRequest], HttpResponse]:
    """The view of the case that this session opened; without one, ask for the passphrase."""

    @wraps(view)
    def handle(request: HttpRequest) -> HttpResponse:
        case = Case.objects.filter(pk=request.session.get("case", 0)).first()
        return view(request, case) if case else redirect("intake:case")

    return handle


@require_http_methods(["GET", "HEAD", "POST"])
def enter(request: HttpRequest) -> HttpResponse:
    form = PassphraseForm(request.POST or None)
    if request.method != "POST":
        return render(request, "intake/enter.html", {"form": form})
    buckets = (_bucket(request), EVERYBODY)
    if wait := max(bucket.wait() for bucket in buckets):
        return _try_later(request, wait)
    case = (
        actions.find_case(form.cleaned_data["passphrase"]) if form.is_valid() else None
    )
    if case is None:
        for bucket in buckets:
            bucket.take()
        wrong = {"form": PassphraseForm(), "wrong": True}
        return render(request, "intake/enter.html", wrong)
    request.session.flush()  # a new key, and whatever was in it is gone
    request.session["case"] = case.pk
    return redirect("intake:status")


@require_safe
@with_case
def status(request: HttpRequest, case: Case) -> HttpResponse:
    if case.is_withdrawn:
        ended = {"case": case, "recipients": who_was_told(case)}
        return render(request, "intake/withdrawn.html", ended)
    return render(request, "intake/status.html", {"status": status_of(case)})


@require_POST
@with_case
def consents(request: HttpRequest, case: Case) -> HttpResponse:
    """Give or take back one consent; an unknown one changes nothing."""
    kind = request.POST.get("kind", "")
    if kind in Consent.Kind.values and not case.is_withdrawn:
        given = request.POST.get("given") == "1"
        change = actions.give_consent if given else actions.revoke_consent
        change(case, Consent.Kind(kind))
    return redirect("intake:status")


@require_http_methods(["GET", "HEAD", "POST"])
def leave(request: HttpRequest) -> HttpResponse:
    request.session.flush()
    response = render(request, "intake/left.html")
    response.headers["Clear-Site-Data"] = (
        '"cache", "storage"'  # nobody is in a hurry here
    )
    return response


def _bucket(request: HttpRequest) -> Bucket:
    if not request.session.session_key:
        request.session.create()
    return Bucket(f"case:{request.session.session_key}", size=5, seconds=10)


def _try_later(request: HttpRequest, wait: int) -> HttpResponse:
    words = _("Too many tries. Please wait %(wait)d seconds, then try again.")
    context = {"form": PassphraseForm(), "later": words % {"wait": wait}}
    response = render(request, "intake/enter.html", context, status=429)
    response["Retry-After"] = str(wait)
    return response
