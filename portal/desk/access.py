"""Who may open what on the desk. Every view finds its row through here."""

from typing import TypeVar, cast

from django.core.exceptions import PermissionDenied
from django.db.models import Model, QuerySet
from django.http import HttpRequest
from django.shortcuts import get_object_or_404

from portal.accounts import sealing
from portal.accounts.models import User
from portal.cases import originals, points
from portal.cases.keys import CaseKey, key_of_worker
from portal.cases.models import Case

Row = TypeVar("Row", bound=Model)


def worker_of(request: HttpRequest) -> User:
    """Who is logged in: password and second factor. Only behind `login_required`."""
    return cast("User", request.user)


def find(rows: QuerySet[Row], request: HttpRequest, pk: int) -> Row:
    """The row of a case that this worker may see; for any other, a plain 404."""
    cases = Case.objects.visible_to(worker_of(request))
    return get_object_or_404(rows, pk=pk, case__in=cases)


def case_of(request: HttpRequest, pk: int) -> Case:
    """The case, if this worker may see it; for any other, a plain 404."""
    return get_object_or_404(Case.objects.visible_to(worker_of(request)), pk=pk)


def key_of(request: HttpRequest, case: Case) -> CaseKey:
    """The case's key, in this worker's hands. Raises LockedError."""
    key = key_of_worker(case, worker_of(request), sealing.private_of(request))
    points.bring_back(key)
    originals.bring_back(key)
    return key


def require_supervisor(request: HttpRequest) -> User:
    """Where we look is decided by supervisors. Raises PermissionDenied."""
    worker = worker_of(request)
    if not worker.is_supervisor:
        raise PermissionDenied
    return worker
