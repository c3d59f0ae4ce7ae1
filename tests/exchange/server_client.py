"""Django's test client, through the way in that a web server takes."""

from collections.abc import Iterable
from http import HTTPStatus
from typing import TYPE_CHECKING, Any
from unittest.mock import patch

from django.core.handlers.wsgi import WSGIRequest
from django.http import HttpResponse
from django.test.client import Client, ClientHandler

from portal.exchange import straight

if TYPE_CHECKING:
    from wsgiref.types import StartResponse, WSGIEnvironment


class ServerClient(Client):
    """`ways` are those that its requests took: "straight", or "roundabout"."""

    def __init__(self, headers: dict[str, str]) -> None:
        super().__init__(headers=headers | {"host": "testserver"})
        self.ways: list[str] = []
        self.handler = _Handler(self.ways)


class _Handler(ClientHandler):
    def __init__(self, ways: list[str]) -> None:
        super().__init__(enforce_csrf_checks=False)
        self.ways = ways
        self._answered: list[Any] = []
        self._way = straight.straight(self._roundabout)

    def __call__(self, environ: "WSGIEnvironment") -> Any:
        told: list[Any] = []

        def start_response(status: str, headers: list[tuple[str, str]], *_: Any) -> Any:
            told.extend((int(status[:3]), dict(headers)))

        # Django's client spares the connection that holds the test's rows, too.
        with patch.object(straight, "close_old_connections"):
            body = b"".join(self._way(environ, start_response))
        if self._answered:
            self.ways.append("roundabout")
            return self._answered.pop()
        self.ways.append("straight")
        status, headers = told
        answer: Any = HttpResponse(body, status=status, headers=headers)
        answer.wsgi_request = WSGIRequest(environ)
        return answer

    def _roundabout(
        self, environ: "WSGIEnvironment", start_response: "StartResponse"
    ) -> Iterable[bytes]:
        response = super().__call__(environ)
        self._answered.append(response)
        phrase = HTTPStatus(response.status_code).phrase
        start_response(f"{response.status_code} {phrase}", list(response.items()))
        return []
