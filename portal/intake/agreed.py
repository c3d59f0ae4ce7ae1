"""Pages that take something only after its giver agreed: questions, control, sent."""

from collections.abc import Callable
from typing import TypeVar

from django.db.models import Model, QuerySet
from django.http import HttpRequest, HttpResponse

from portal.intake.once import OneTimeForm

Agree = TypeVar("Agree", bound=OneTimeForm)
Give = TypeVar("Give", bound=OneTimeForm)
Row = TypeVar("Row", bound=Model)


def asked_first(
    request: HttpRequest,
    agree: type[Agree],
    give: type[Give],
    page: Callable[[Agree | Give], HttpResponse],
    keep: Callable[[Give], HttpResponse],
) -> HttpResponse:
    """The page that is due, or what `keep` answers to what was sent in order.

    `give` asks the questions of `agree` again, and holds the control: it is only in the
    answer to a yes.
    """
    if request.method != "POST":
        return page(agree())
    agreed = agree(request.POST)
    if not agreed.is_valid():
        return page(agreed)
    if "send" not in request.POST:
        return page(give(initial=agreed.cleaned_data))
    form = give(request.POST, request.FILES)
    return keep(form) if form.is_valid() else page(form)


def named(request: HttpRequest, field: str, rows: QuerySet[Row]) -> QuerySet[Row]:
    """Those of these rows whose number was sent. A stranger's number finds nothing."""
    number = request.POST.get(field, "")
    is_number = number.isascii() and number.isdecimal() and len(number) < 18
    return rows.filter(pk=int(number)) if is_number else rows.none()
