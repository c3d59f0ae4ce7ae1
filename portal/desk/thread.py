"""Letters between the victim and the desk, and the day we ask the victim to look in."""

from datetime import timedelta

from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST

from portal.cases import evidence, messaging
from portal.cases.keys import LockedError
from portal.cases.models import Case
from portal.desk.access import case_of, key_of, worker_of
from portal.desk.looking import ReasonForm

LONGEST = 4000  # characters
FURTHEST = timedelta(days=365)


class AnswerForm(forms.Form):
    words = forms.CharField(
        label=gettext_lazy("Write to the victim"),
        max_length=LONGEST,
        widget=forms.Textarea(attrs={"rows": 5, "autocomplete": "off"}),
    )


class DayForm(forms.Form):
    day = forms.DateField(
        label=gettext_lazy("Ask them to look in again on"),
        widget=forms.DateInput(attrs={"type": "date"}),
    )

    def clean_day(self) -> object:
        day, today = self.cleaned_data["day"], timezone.now().date()
        if not today < day <= today + FURTHEST:
            raise ValidationError(_("Choose a day within the coming year."))
        return day


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def thread(request: HttpRequest, pk: int) -> HttpResponse:
    """The letters are opened all at once, for a reason; writing needs no opening."""
    case = case_of(request, pk)
    prefilled = {"reason": _("answering the victim")}
    opening = ReasonForm(request.POST or None, initial=prefilled)
    context = _forms(case) | {"opening": opening, "count": case.messages.count()}
    if request.method == "POST" and opening.is_valid():
        try:
            key = key_of(request, case)
            context["letters"] = evidence.open_thread(
                key, reason=opening.cleaned_data["reason"]
            )
            messaging.mark_read(case)
        except (evidence.EvidenceError, LockedError) as error:
            messages.error(request, str(error))
    return render(request, "desk/thread.html", context)


@require_POST
@login_required
def answer(request: HttpRequest, pk: int) -> HttpResponse:
    case, form = case_of(request, pk), AnswerForm(request.POST)
    if case.is_withdrawn:
        messages.error(request, _("This case has ended. Nothing can be written."))
    elif not form.is_valid():
        context = _forms(case) | {"answer": form, "opening": ReasonForm()}
        context["count"] = case.messages.count()
        return render(request, "desk/thread.html", context)
    else:
        words = form.cleaned_data["words"]
        messaging.send_message(case, words, written_by=worker_of(request))
        messages.success(
            request, _("Sealed and sent. They read it at their next visit.")
        )
    return redirect("desk:thread", pk)


@require_POST
@login_required
def ask_back(request: HttpRequest, pk: int) -> HttpResponse:
    case, form = case_of(request, pk), DayForm(request.POST)
    if case.is_withdrawn:
        messages.error(request, _("This case has ended. Nothing can be written."))
    elif form.is_valid():
        messaging.ask_back(case, form.cleaned_data["day"], by=worker_of(request))
        messages.success(request, _("They see the day when they look in."))
    else:
        messages.error(request, _("Choose a day within the coming year."))
    return redirect("desk:thread", pk)


def _forms(case: Case) -> dict[str, object]:
    day = {"day": case.come_back_on}
    return {"case": case, "answer": AnswerForm(), "day": DayForm(initial=day)}
