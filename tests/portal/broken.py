"""The portal's addresses, and one that fails."""

from django.http import HttpRequest, HttpResponse
from django.urls import path

from portal.urls import urlpatterns as ours


def fail(request: HttpRequest) -> HttpResponse:
    raise RuntimeError("on purpose")


urlpatterns = [path("fails/", fail), *ours]
