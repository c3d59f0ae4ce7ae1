"""Pages that need no passphrase: what this is, the age question, young people, the way out."""

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from portal.intake import drafts
from portal.intake.opened import close_session
from portal.platforms.helplines import COUNTRIES, EMERGENCY, for_young


@require_safe
def home(request: HttpRequest) -> HttpResponse:
    return render(request, "intake/home.html")


@require_safe
def age(request: HttpRequest) -> HttpResponse:
    """The first question. Its answers are links: nothing is sent, no cookie is set."""
    return render(request, "intake/age.html")


@require_safe
def helping(request: HttpRequest) -> HttpResponse:
    """For somebody who reports for another: what to mind, and the same question."""
    return render(request, "intake/helping.html")


@require_safe
def young(request: HttpRequest) -> HttpResponse:
    """For minors: no form and no file control exist here, so that nothing can reach us.

    The country is a link's parameter, chosen by the reader: nobody looks at an address.
    """
    country = request.GET.get("country", "")
    country = country if country in EMERGENCY else ""
    shown = {
        "country": country,
        "name": COUNTRIES[country],
        "countries": sorted((str(COUNTRIES[code]), code) for code in EMERGENCY),
        "emergency": EMERGENCY.get(country),
        "helplines": for_young(country),
    }
    return render(request, "intake/young.html", shown)


@require_safe
def languages(request: HttpRequest) -> HttpResponse:
    """Its own page, because choosing is the first thing that needs a cookie."""
    return render(request, "intake/languages.html", {"languages": settings.LANGUAGES})


@require_safe
def leave_site(request: HttpRequest) -> HttpResponse:
    """Forget this visitor, and show something else. Works without JavaScript."""
    # Translators: a harmless, widely used site that opens where your language is spoken.
    response = HttpResponseRedirect(_("https://www.wikipedia.org/"))
    # Never "cache" here: a browser keeps the next page waiting while it clears that one.
    response.headers["Clear-Site-Data"] = '"storage"'
    response.delete_cookie(settings.CSRF_COOKIE_NAME, samesite="Strict")
    response.delete_cookie(settings.LANGUAGE_COOKIE_NAME)
    drafts.forget(response)
    close_session(request, response)
    return response


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """Says in plain words that the form grew old; `reason` is Django's and stays inside."""
    del reason
    return render(request, "intake/form_expired.html", status=403)
