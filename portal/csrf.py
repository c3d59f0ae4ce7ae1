"""Forms without a referrer: docs/adr/0015-no-referrer.md says why this is as safe.

Our pages ask for `Referrer-Policy: no-referrer`, and with it a browser names the origin of
our own forms `null`, which Django refuses.
"""

from django.http import HttpRequest
from django.middleware.csrf import CsrfViewMiddleware


class CsrfMiddleware(CsrfViewMiddleware):
    """Django's check, which takes a `null` from our own pages for our own origin.

    `Sec-Fetch-Site` is the browser's word: no page can write it. Browsers too old to send it
    are left to the rest of the check, where the token must equal a cookie that is
    SameSite=Strict. What is not `null` is Django's alone to judge.
    """

    def process_request(self, request: HttpRequest) -> None:
        came_from = request.headers.get("Sec-Fetch-Site", "same-origin")
        if request.headers.get("Origin") == "null" and came_from == "same-origin":
            request.META["HTTP_ORIGIN"] = f"{request.scheme}://{request.get_host()}"
        super().process_request(request)
