"""The pages of an open case: its status, its choices, its end, and the way out."""

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import (
    require_http_methods,
    require_safe,
)

from portal.cases import actions
from portal.cases.keys import CaseKey
from portal.cases.models import Case, Consent
from portal.intake.acknowledged import who_was_told
from portal.intake.choices import choices_of
from portal.intake.opened import close_session, with_case, with_key
from portal.intake.status import status_of, unread

ENDED = {
    Case.Ending.WITHDRAWN: "intake/withdrawn.html",
    Case.Ending.EXPIRED: "intake/expired.html",
    Case.Ending.FROZEN: "intake/frozen.html",
}


@require_safe
@with_case
def status(request: HttpRequest, case: Case) -> HttpResponse:
    if case.is_withdrawn:
        ended = {"case": case, "recipients": who_was_told(case)}
        return render(request, ENDED[Case.Ending(case.ending)], ended)
    told = status_of(case)
    return render(
        request, "intake/status.html", {"status": told, "unread": told.unread}
    )


@require_http_methods(["GET", "HEAD", "POST"])
@with_key
def consents(request: HttpRequest, key: CaseKey) -> HttpResponse:
    """Give or take back one consent; an unknown one changes nothing."""
    if request.method == "POST":
        kind = request.POST.get("kind", "")
        if kind in Consent.Kind.values:
            given = request.POST.get("given") == "1"
            change = actions.give_consent if given else actions.revoke_consent
            change(key.case, Consent.Kind(kind))
        return redirect("intake:consents")
    context = {"choices": choices_of(key.case), "unread": unread(key.case)}
    return render(request, "intake/consents.html", context)


@require_safe
@with_key
def day(request: HttpRequest, key: CaseKey) -> HttpResponse:
    """The day to look in again, for a calendar: a date and nothing else."""
    del request
    if key.case.come_back_on is None:
        raise Http404
    date = f"{key.case.come_back_on:%Y%m%d}"
    # Translators: in a calendar that others may see: neutral.
    summary = _("Reminder")
    lines = [
        "BEGIN:VCALENDAR",
        "VERSION:2.0",
        "PRODID:-//Calendar//EN",
        "BEGIN:VEVENT",
        f"UID:{date}",
        f"DTSTAMP:{date}T000000Z",
        f"DTSTART;VALUE=DATE:{date}",
        f"SUMMARY:{summary}",
        "TRANSP:TRANSPARENT",
        "END:VEVENT",
        "END:VCALENDAR",
    ]
    text = "".join(f"{line}\r\n" for line in lines)
    response = HttpResponse(text, content_type="text/calendar; charset=utf-8")
    response["Content-Disposition"] = 'attachment; filename="day.ics"'
    return response


@require_http_methods(["GET", "HEAD", "POST"])
def leave(request: HttpRequest) -> HttpResponse:
    response = render(request, "intake/left.html")
    close_session(request, response)
    # Nobody is in a hurry here.
    response.headers["Clear-Site-Data"] = '"cache", "storage"'
    return response
