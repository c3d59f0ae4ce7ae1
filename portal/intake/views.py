from django.http import HttpRequest, HttpResponse
from django.shortcuts import render


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """Says in plain words that the form grew old; `reason` is Django's and stays inside."""
    del reason
    return render(request, "intake/form_expired.html", status=403)
