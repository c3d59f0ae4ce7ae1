"""The result letter on the screen, and as a file. Both speak the victim's own language."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import translation
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from portal.cases.keys import CaseKey
from portal.intake.letters import dated, letter_of, sections_of
from portal.intake.opened import with_key
from portal.intake.status import unread


@require_safe
@with_key
def letter(request: HttpRequest, key: CaseKey) -> HttpResponse:
    return _on_screen(request, key)


@require_safe
@with_key
def file(request: HttpRequest, key: CaseKey) -> HttpResponse:
    """The letter as a PDF file, or why there is none."""
    # To read it takes a quarter second, which each process of ours would wait at its start.
    from portal.intake import printing  # noqa: PLC0415

    try:
        with translation.override(key.case.language):
            printed = printing.printed(letter_of(key.case), _("Letter"))
    except printing.NoFontError:
        return _on_screen(request, key, no_file=True)
    response = HttpResponse(printed, content_type="application/pdf")
    response["Content-Disposition"] = f'attachment; filename="{printing.NAME}"'
    return response


def _on_screen(
    request: HttpRequest, key: CaseKey, *, no_file: bool = False
) -> HttpResponse:
    told = letter_of(key.case)
    with translation.override(key.case.language):
        words = {"title": _("Letter"), "dated": dated(told)}
        sections = sections_of(told)
    context = {
        **words,
        "sections": sections,
        "language": key.case.language,
        "is_rtl": translation.get_language_info(key.case.language)["bidi"],
        "no_file": no_file,
        "unread": unread(key.case),
    }
    return render(
        request, "intake/letter.html", context, status=503 if no_file else 200
    )
