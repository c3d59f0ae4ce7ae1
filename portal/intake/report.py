"""The report in steps: each page asks, keeps what was answered, and goes on.

A step is kept in the draft whatever is wrong with it, so that nothing typed is ever lost.
"""

from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.datastructures import MultiValueDict
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import (
    require_http_methods,
    require_POST,
    require_safe,
)

from portal.accounts.pacing import Bucket
from portal.cases.actions import submit_report
from portal.cases.receipts import receipt_again
from portal.celery import ring_on_commit
from portal.intake import drafts, receipt, telling
from portal.intake.drafts import Begun
from portal.intake.forms import PassphraseForm
from portal.intake.questions import FIRST, ORDER, REVIEW, STEPS, Question
from portal.sightings.tasks import process_report

STOP = "stop"
TRIES = Bucket("draft", size=60, seconds=0.2)  # spares the processor, as in mailbox.py


@require_http_methods(["GET", "HEAD", "POST"])
def step(request: HttpRequest, name: str) -> HttpResponse:
    if request.method == "POST":
        return _answer(request, name)
    begun = drafts.of(request)
    if name != FIRST and not (begun and begun.is_adults):
        return redirect("intake:report")  # the age question comes first
    answers = begun.answers if begun else {}
    form = STEPS[name](MultiValueDict(answers[name]) if name in answers else None)
    return _ask(request, name, form, begun)


@require_safe
def seen(request: HttpRequest) -> HttpResponse:
    """The addresses as we understood them, to be confirmed."""
    begun = drafts.of(request)
    if begun is None or not begun.is_adults:
        return redirect("intake:report")
    addresses = telling.read(begun.answers).urls
    return render(
        request, "intake/seen.html", {"addresses": addresses} | _place("where")
    )


@require_http_methods(["GET", "HEAD", "POST"])
def review(request: HttpRequest) -> HttpResponse:
    if request.method == "POST":
        return _send(request)
    begun = drafts.of(request)
    if begun is None or not begun.is_adults:
        return redirect("intake:report")
    return _look_over(request, begun)


@require_http_methods(["GET", "HEAD", "POST"])
def stop(request: HttpRequest) -> HttpResponse:
    """Put the report under eight words, to come back with on any device."""
    if request.method == "POST":
        begun = drafts.put_under_words(request, get_language() or "en")
    else:
        begun = drafts.of(request)
    if begun is None:
        return redirect("intake:report")
    return render(request, "intake/stop.html", {"begun": begun})


@require_POST
def leave(request: HttpRequest) -> HttpResponse:
    """Forget the report on this device; with `delete`, everywhere."""
    if "delete" in request.POST:
        if begun := drafts.of(request):
            drafts.delete(begun)
    else:
        drafts.leave(request)
    response = render(
        request, "intake/stopped.html", {"deleted": "delete" in request.POST}
    )
    drafts.forget(response)
    return response


@require_http_methods(["GET", "HEAD", "POST"])
def come_back(request: HttpRequest) -> HttpResponse:
    form = PassphraseForm(request.POST or None)
    if request.method != "POST":
        return render(request, "intake/come_back.html", {"form": form})
    if wait := TRIES.wait():
        words = _("Too many tries. Please wait %(wait)d seconds, then try again.")
        shown = {"form": PassphraseForm(), "later": words % {"wait": wait}}
        return render(request, "intake/come_back.html", shown, status=429)
    begun = form.is_valid() and drafts.load_by_words(form.cleaned_data["passphrase"])
    if not begun:
        TRIES.take()
        wrong = {"form": PassphraseForm(), "wrong": True}
        return render(request, "intake/come_back.html", wrong)
    response = redirect("intake:review")
    drafts.remember(response, begun)
    return response


def _answer(request: HttpRequest, name: str) -> HttpResponse:
    """Keep the answers, then go where the button says; wrong ones go only back or away."""
    form = STEPS[name](request.POST)
    begun = drafts.keep(request, name, form.typed(request.POST))
    go = request.POST.get("go", "")
    if form.is_valid() or go in {"back", STOP}:
        response: HttpResponse = redirect(_after(name, go, form))
    else:
        response = _ask(request, name, form, begun)
    drafts.remember(response, begun)
    return response


def _after(name: str, go: str, form: Question) -> str:
    """The path of the page that comes after a step."""
    at = ORDER.index(name)
    if go == STOP:
        return reverse("intake:stop")
    if go == "back":
        return _path_before(at)
    if name == "where" and form.cleaned_data["urls"]:
        return reverse("intake:seen")
    return _path(REVIEW if go == REVIEW else ORDER[at + 1])


def _path(name: str) -> str:
    if name == REVIEW:
        return reverse("intake:review")
    return reverse("intake:step", kwargs={"name": name})


def _path_before(at: int) -> str:
    return _path(ORDER[at - 1]) if at else reverse("intake:report")


def _ask(
    request: HttpRequest, name: str, form: Question, begun: Begun | None
) -> HttpResponse:
    care = begun is not None and telling.read(begun.answers).is_in_danger
    shown = {"form": form, "begun": begun, "care": care} | _place(name)
    return render(request, f"intake/steps/{name}.html", shown)


def _place(name: str) -> dict[str, object]:
    """Where we are, for the words “Step 2 of 7”, and the page before."""
    at = ORDER.index(name)
    return {
        "name": name,
        "number": at + 1,
        "count": len(ORDER),
        "before": _path_before(at),
    }


def _look_over(
    request: HttpRequest, begun: Begun, *, refused: bool = False
) -> HttpResponse:
    told = telling.read(begun.answers)
    wrong = [(_path(name), STEPS[name].title) for name in told.wrong]
    shown = {"told": told, "token": begun.token, "wrong": wrong, "refused": refused}
    shown |= _place(REVIEW)
    return render(request, "intake/review.html", shown)


def _send(request: HttpRequest) -> HttpResponse:
    token = request.POST.get("token", "")
    with transaction.atomic():
        begun = drafts.of(request)  # locked: of two taps, the second waits here
        if begun is None or begun.token != token:
            return _sent_before(request, token)
        told = telling.read(begun.answers)
        if told.wrong or not told.is_enough:
            return _look_over(request, begun, refused=True)
        language = get_language() or "en"
        sent = submit_report(token=token, told=told.told(), language=language)
        ring_on_commit(process_report, sent.report.pk)
        drafts.delete(begun)
    # No redirect: the passphrase is shown once and must never live in a session. The
    # one-time token makes a refresh harmless.
    response = receipt.show(request, sent)
    drafts.forget(response)
    return response


def _sent_before(request: HttpRequest, token: str) -> HttpResponse:
    """The same receipt for the same token; for a token that we do not know, the report."""
    if sent := receipt_again(token):
        return receipt.show(request, sent)
    return redirect("intake:review")
