"""The page that shows the passphrase, once."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from portal.cases.actions import Receipt


def show(request: HttpRequest, receipt: Receipt) -> HttpResponse:
    return render(request, "intake/received.html", {"receipt": receipt})
