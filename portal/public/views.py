"""The pages for everybody. Nothing that is sent here is kept."""

from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.views.decorators.http import require_http_methods, require_safe

from portal.platforms.helplines import by_country
from portal.public import checking, counting
from portal.public.forms import CheckForm
from portal.public.line import FullError

BUSY_SECONDS = (
    60  # after which somebody who came when all places were taken may try again
)


@require_safe
def guide(request: HttpRequest) -> HttpResponse:
    return render(request, "public/guide.html", {"countries": by_country()})


@require_http_methods(["GET", "HEAD", "POST"])
def check(request: HttpRequest) -> HttpResponseBase:
    """A picture and the statement in; out a page that grows to the detector's opinion."""
    form = CheckForm(request.POST or None, request.FILES or None)
    if not form.is_valid():
        return render(request, "public/check.html", {"form": form})
    try:
        return checking.answer(request, form)
    except FullError:
        shown = {"form": CheckForm(), "is_busy": True}
        response = render(request, "public/check.html", shown, status=503)
        response["Retry-After"] = str(BUSY_SECONDS)
        return response


@require_safe
def transparency(request: HttpRequest) -> HttpResponse:
    shown = {"counts": counting.counts(), "least": counting.K}
    return render(request, "public/transparency.html", shown)
