"""The victim ends their case: one tap, one plain question, and it is over at once."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from portal.cases import actions
from portal.cases.models import Case
from portal.intake.acknowledged import who_was_told
from portal.intake.opened import with_case


@require_http_methods(["GET", "HEAD", "POST"])
@with_case
def withdraw(request: HttpRequest, case: Case) -> HttpResponse:
    """Asks once, then stops everything; afterwards the case's page says who knows."""
    if request.method == "POST":
        actions.withdraw_case(case)
    elif not case.is_withdrawn:
        told = {"recipients": who_was_told(case)}
        return render(request, "intake/withdraw.html", told)
    return redirect("intake:status")
