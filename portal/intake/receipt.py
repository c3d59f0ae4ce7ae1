"""The passphrase's one appearance: shown, kept in some form, and typed back.

The words travel in the body of an answer and nowhere else: no session, address or cookie
holds them. What shows them again for some minutes is the report's one-time token.
"""

import secrets
from collections.abc import Sequence
from hmac import compare_digest

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import translation
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from portal.cases import actions, receipts
from portal.cases.passphrase import WORDS, is_own_language, normal
from portal.cases.receipts import Receipt

ASKED = 3  # words, at places drawn at random


def show(request: HttpRequest, receipt: Receipt, token: str = "") -> HttpResponse:
    """The last page of a report. `token` is its one-time token; else the form's is taken."""
    context = {
        "receipt": receipt,
        "token": token or request.POST.get("token", ""),
        "language": _language(receipt),
    }
    return render(request, "intake/received.html", context)


@require_POST
def kept(request: HttpRequest) -> HttpResponse:
    """Asks for some of the words before the page is left; a wrong try shows all again."""
    token = request.POST.get("token", "")
    receipt = receipts.receipt_again(token)
    if receipt is None:
        return redirect("intake:home")
    if "again" in request.POST and receipt.passphrase:
        return show(request, receipt, token)
    if "asked" not in request.POST:
        return _ask(request, receipt, token)
    if _is_right(request, receipt):
        return render(request, "intake/kept.html")
    return _ask(request, receipt, token, wrong=True)


@require_POST
def save(request: HttpRequest) -> HttpResponse:
    """The words as a text file that looks like something else."""
    receipt = receipts.receipt_again(request.POST.get("token", ""))
    if receipt is None or not receipt.passphrase:
        return kept(request)
    with translation.override(receipt.report.case.language):
        name, text = disguised(request.POST.get("as", ""), receipt.passphrase.split())
    response = HttpResponse(text, content_type="text/plain; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


def disguised(form: str, words: Sequence[str]) -> tuple[str, str]:
    """A file's name and its text: the words in their order, one a line."""
    if form == "shopping":
        lines = [_("Shopping"), "", *(f"- {word}" for word in words)]
        return "shopping.txt", "\n".join(lines) + "\n"
    if form == "recipe":
        # Translators: a made-up recipe that hides the words; %(word)s is one of them.
        spoon = _("%(number)d spoons of %(word)s")
        amounts = [
            spoon % {"number": number, "word": word}
            for number, word in enumerate(words, 1)
        ]
        steps = [_("Mix everything and let it rest for an hour. Serve cold.")]
        return "recipe.txt", "\n".join([_("Recipe"), "", *amounts, "", *steps]) + "\n"
    return "note.txt", "\n".join(words) + "\n"


def _ask(
    request: HttpRequest, receipt: Receipt, token: str, *, wrong: bool = False
) -> HttpResponse:
    """Ask for three words; where they can no longer be shown, for all of them."""
    places = sorted(secrets.SystemRandom().sample(range(1, WORDS + 1), ASKED))
    context = {
        "passphrase": receipt.passphrase if wrong else None,
        "places": places if receipt.passphrase else [],
        "asked": " ".join(map(str, places)) if receipt.passphrase else "",
        "shows": bool(receipt.passphrase),
        "language": _language(receipt),
        "token": token,
        "wrong": wrong,
    }
    return render(request, "intake/type_back.html", context)


def _language(receipt: Receipt) -> str:
    """Of the words, which are English where the reader's language has no list."""
    language = receipt.report.case.language
    return language if is_own_language(language) else "en"


def _is_right(request: HttpRequest, receipt: Receipt) -> bool:
    """Whether what was typed are the words that were asked for."""
    typed = [normal(text) for text in request.POST.getlist("word")]
    if not receipt.passphrase:
        locator = actions.opened(" ".join(typed)).locator
        return compare_digest(locator, bytes(receipt.report.case.locator))
    words = receipt.passphrase.split()
    places = request.POST["asked"].split()
    if len(places) != ASKED or not all(place in _PLACES for place in places):
        return False
    asked = [normal(words[int(place) - 1]) for place in places]
    return compare_digest(" ".join(typed).encode(), " ".join(asked).encode())


_PLACES = frozenset(str(place) for place in range(1, WORDS + 1))
