"""What every answer carries, and the one size that no request may exceed."""

from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render

Handler = Callable[[HttpRequest], HttpResponse]

CSP = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
    "font-src 'self'; connect-src 'self'; manifest-src 'self'; worker-src 'self'; "
    # A video that was chosen is played by the page itself, so that its frames are hashed.
    "media-src blob:; form-action 'self'; "
    "frame-ancestors 'none'; base-uri 'none'"
)
HEADERS = {
    "Content-Security-Policy": CSP,
    "Cross-Origin-Embedder-Policy": "require-corp",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=(), interest-cohort=()",
    "X-Robots-Tag": "noindex",
}


def headers(get_response: Handler) -> Handler:
    """Adds the security headers; pages are never kept by a browser or a proxy."""

    def handle(request: HttpRequest) -> HttpResponse:
        response = get_response(request)
        for name, value in HEADERS.items():
            response.headers.setdefault(name, value)
        if not request.path.startswith(settings.STATIC_URL):
            response.headers.setdefault("Cache-Control", "no-store")
        return response

    return handle


def bounded(get_response: Handler) -> Handler:
    """Refuses a body over the limit before any of it is read."""

    def handle(request: HttpRequest) -> HttpResponse:
        length = request.headers.get("Content-Length", "0") or "0"
        if not length.isdecimal() or int(length) > settings.MAX_REQUEST_BYTES:
            if request.path.startswith("/api/"):
                told = {"error": "too_large", "detail": "The body is too large."}
                return JsonResponse(told, status=413)
            limit = settings.MAX_UPLOAD_BYTES // 2**20
            return render(request, "too_large.html", {"limit": limit}, status=413)
        return get_response(request)

    return handle
