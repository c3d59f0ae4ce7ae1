"""Somebody in a picture may be a minor: the hard stop, and the referral that follows."""

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods, require_POST

from portal.accounts.actions import audit
from portal.cases.models import Case
from portal.desk.access import case_of, worker_of
from portal.desk.looking import ReasonForm
from portal.desk.referral import bodies_of, draft
from portal.sightings.freezing import freeze as freeze_case


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def freeze(request: HttpRequest, pk: int) -> HttpResponse:
    case = case_of(request, pk)
    form = ReasonForm(request.POST or None)
    form.fields["reason"].label = _("What makes you think so? One short sentence.")
    if request.method == "POST" and form.is_valid():
        freeze_case(case, worker_of(request), form.cleaned_data["reason"])
        return redirect("desk:case", pk)
    return render(request, "desk/freeze.html", {"case": case, "form": form})


@require_POST
@login_required
def referral(request: HttpRequest, pk: int) -> HttpResponse:
    """The draft as a text file, with an entry on record first."""
    case, worker = case_of(request, pk), worker_of(request)
    get_object_or_404(Case, pk=pk, ending=Case.Ending.FROZEN)
    text = draft(case, worker)
    to = bodies_of(case)[0].helpline.name
    audit(worker, "export", f"case:{case.pk} referral", f"for {to}")
    response = HttpResponse(text, content_type="text/plain; charset=utf-8")
    name = f"referral-{case.reference}.txt"
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    return response
