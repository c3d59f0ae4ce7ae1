"""What every answer carries, and the one size that no request may exceed."""

from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render

Handler = Callable[[HttpRequest], HttpResponse]

CSP = (
    "default-src 'none'; script-src 'self'; worker-src 'self'; style-src 'self'; "
    "img-src 'self' data: blob:; media-src blob:; font-src 'self'; connect-src 'self'; "
    "manifest-src 'self'; object-src 'none'; form-action 'self'; "
    "frame-ancestors 'none'; base-uri 'none'; "
    # Text never becomes markup or code; js/trusted.js lets our own workers start.
    "require-trusted-types-for 'script'; trusted-types default"
)
# What a page could learn or do with a device, and none of ours may: all that GlobaLeaks
# turns off, and more. A browser passes over the names that it does not know.
OFF = (
    "accelerometer ambient-light-sensor bluetooth browsing-topics camera "
    "captured-surface-control clipboard-read compute-pressure digital-credentials-get "
    "display-capture document-domain encrypted-media fullscreen gamepad geolocation "
    "gyroscope hid identity-credentials-get idle-detection interest-cohort keyboard-map "
    "language-detector language-model local-fonts local-network-access magnetometer "
    "microphone midi notifications on-device-speech-recognition otp-credentials payment "
    "picture-in-picture private-state-token-issuance private-state-token-redemption push "
    "screen-wake-lock serial speaker-selection storage-access summarizer sync-xhr "
    "translator unload usb web-share window-management xr-spatial-tracking"
)
# The passphrase can be copied; staff sign in with security keys.
OWN = "clipboard-write publickey-credentials-create publickey-credentials-get"

HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": CSP,
    "Cross-Origin-Embedder-Policy": "require-corp",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Origin-Agent-Cluster": "?1",
    "Permissions-Policy": ", ".join(
        [f"{name}=()" for name in OFF.split()]
        + [f"{name}=(self)" for name in OWN.split()]
    ),
    "X-DNS-Prefetch-Control": "off",
    "X-Permitted-Cross-Domain-Policies": "none",
    "X-Robots-Tag": "noindex, nofollow, noarchive",
}


def headers(get_response: Handler) -> Handler:
    """Adds what Django's own middleware does not. Only static files may be kept anywhere."""

    def handle(request: HttpRequest) -> HttpResponse:
        response = get_response(request)
        for name, value in HEADERS.items():
            response.headers.setdefault(name, value)
        if settings.ONION_LOCATION and not _came_by_onion(request):
            onion = f"{settings.ONION_LOCATION}{request.get_full_path()}"
            response.headers["Onion-Location"] = onion
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


def _came_by_onion(request: HttpRequest) -> bool:
    host = request.headers.get("Host", "").partition(":")[0]
    return host.lower().endswith(".onion")
