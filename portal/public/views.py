"""The pages for everybody. Nothing that is sent here is kept."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_http_methods, require_safe

from portal.platforms.helplines import by_country
from portal.public import counting, words
from portal.public.forms import CheckForm
from portal.sightings.assessing import CheckedPicture, CheckError, check_picture


@require_safe
def guide(request: HttpRequest) -> HttpResponse:
    return render(request, "public/guide.html", {"countries": by_country()})


@require_http_methods(["GET", "HEAD", "POST"])
def check(request: HttpRequest) -> HttpResponse:
    """A picture's file and the statement in, the detector's opinion out."""
    form = CheckForm(request.POST or None, request.FILES or None)
    shown: dict[str, object] = {"form": form}
    if form.is_valid():
        try:
            checked = check_picture(form.cleaned_data["picture"].read())
        except CheckError as error:
            form.add_error("picture", str(words.REFUSALS[error.code]))
        else:
            shown |= _in_words(checked)
    return render(request, "public/check.html", shown)


@require_safe
def transparency(request: HttpRequest) -> HttpResponse:
    shown = {"counts": counting.counts(), "least": counting.K}
    return render(request, "public/transparency.html", shown)


def _in_words(checked: CheckedPicture) -> dict[str, object]:
    finding, meaning = words.FINDINGS[checked.finding]
    signs: list[dict[str, str]] = []
    measured: list[dict[str, str]] = []
    for item in checked.evidence:
        told = {
            **item,
            "about": str(words.KINDS.get(item["kind"], "")),
            "strength": str(words.STRENGTHS[item["strength"]]),
        }
        (measured if item["strength"] in words.SAYS_LITTLE else signs).append(told)
    return {
        "checked": checked,
        "finding": finding,
        "meaning": meaning,
        "signs": signs,
        "measured": measured,
    }
