"""Pages that need no passphrase: what this is, the age question, the report, the way out."""

from django.conf import settings
from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from portal.cases.actions import submit_report
from portal.cases.passphrase import language_of
from portal.celery import ring_on_commit
from portal.intake.forms import ReportForm
from portal.sightings.tasks import process_report


@require_safe
def home(request: HttpRequest) -> HttpResponse:
    return render(request, "intake/home.html")


@require_safe
def age(request: HttpRequest) -> HttpResponse:
    return render(request, "intake/age.html")


@require_safe
def young(request: HttpRequest) -> HttpResponse:
    """For minors: no form and no file control exist here, so that nothing can reach us."""
    return render(request, "intake/young.html")


@require_http_methods(["GET", "HEAD", "POST"])
def adult(request: HttpRequest) -> HttpResponse:
    if request.method != "POST":
        return render(request, "intake/report.html", {"form": ReportForm()})
    form = ReportForm(request.POST, request.FILES)
    if not form.is_valid():
        return render(request, "intake/report.html", {"form": form})
    with transaction.atomic():
        receipt = submit_report(**form.told(), language=get_language() or "en")
        ring_on_commit(process_report, receipt.report.pk)
    # No redirect: the passphrase is shown once and must never live in a session. The
    # form's one-time token makes a refresh harmless.
    shown = {
        "receipt": receipt,
        "words_language": language_of(receipt.passphrase or ""),
    }
    return render(request, "intake/received.html", shown)


@require_safe
def languages(request: HttpRequest) -> HttpResponse:
    """Its own page, because choosing is the first thing that needs a cookie."""
    return render(request, "intake/languages.html", {"languages": settings.LANGUAGES})


@require_safe
def leave_site(request: HttpRequest) -> HttpResponse:
    """Forget this visitor, and show something else. Works without JavaScript."""
    request.session.flush()
    # Translators: a harmless, widely used site that opens where your language is spoken.
    response = HttpResponseRedirect(_("https://www.wikipedia.org/"))
    # Never "cache" here: a browser keeps the next page waiting while it clears that one.
    response.headers["Clear-Site-Data"] = '"storage"'
    response.delete_cookie(settings.CSRF_COOKIE_NAME, samesite="Strict")
    response.delete_cookie(settings.LANGUAGE_COOKIE_NAME)
    return response


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """Says in plain words that the form grew old; `reason` is Django's and stays inside."""
    del reason
    return render(request, "intake/form_expired.html", status=403)
