"""The exchange over HTTP: parse, call one action, answer through an allowlist."""

from collections.abc import Callable
from typing import Any, cast

from django.conf import settings
from django.http import (
    HttpRequest,
    HttpResponse,
    HttpResponseBase,
    JsonResponse,
    QueryDict,
)
from django.shortcuts import render
from django.urls import reverse
from django.utils import translation
from django.views.decorators.csrf import csrf_exempt
from drf_spectacular.renderers import (
    OpenApiJsonRenderer,
    OpenApiJsonRenderer2,
)
from drf_spectacular.utils import extend_schema
from rest_framework.parsers import MultiPartParser
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from portal.exchange import actions, errors, feed, schema
from portal.exchange.models import ApiKey, Feedback
from portal.exchange.parsers import BoundedJSONParser
from portal.exchange.reading import operations
from portal.exchange.serializers import (
    MOST,
    MOST_SIGNALS,
    FeedbackGiven,
    FeedbackTaken,
    FeedPage,
    FeedQuestion,
    LookupQuestions,
    LookupResults,
    Status,
    UploadedPicture,
)


class Plain(APIView):
    """Answers in JSON and English, whatever goes wrong and whoever asks."""

    parser_classes = [BoundedJSONParser]

    def dispatch(
        self, request: HttpRequest, *args: Any, **kwargs: Any
    ) -> HttpResponseBase:
        with translation.override("en"):
            response = super().dispatch(request, *args, **kwargs)
        response.headers["Content-Language"] = "en"
        return response

    @property
    def key(self) -> ApiKey:
        """The key that asks. HasScope has seen to it that there is one."""
        return cast("ApiKey", self.request.auth)

    def get_exception_handler(self) -> Callable[..., Response]:
        return errors.answer


class Lookups(Plain):
    """What straight.py leaves: uploads, and whatever is not in order."""

    scope = ApiKey.Scope.LOOKUP
    parser_classes = [BoundedJSONParser, MultiPartParser]

    @extend_schema(**schema.LOOKUPS)
    def post(self, request: Request) -> Response:
        if isinstance(request.data, QueryDict):
            upload = UploadedPicture(data=request.data)
            upload.is_valid(raise_exception=True)
            told = actions.lookup_picture(self.key, upload.content())
        else:
            asked = LookupQuestions(data=request.data)
            asked.is_valid(raise_exception=True)
            told = actions.lookup(self.key, asked.questions())
        results = [{"matches": matches} for matches in told]
        return Response(LookupResults({"results": results}).data)


class Feeds(Plain):
    scope = ApiKey.Scope.FEED

    @extend_schema(**schema.FEED)
    def get(self, request: Request) -> Response:
        asked = FeedQuestion(data=request.query_params)
        asked.is_valid(raise_exception=True)
        return Response(FeedPage(feed.read(self.key, **asked.validated_data)).data)


class Feedbacks(Plain):
    scope = ApiKey.Scope.FEEDBACK

    @extend_schema(**schema.FEEDBACK)
    def post(self, request: Request) -> Response:
        given = FeedbackGiven(data=request.data)
        given.is_valid(raise_exception=True)
        match_id, count = (
            given.validated_data["match_id"],
            given.validated_data["count"],
        )
        outcome = Feedback.Outcome(given.validated_data["outcome"])
        _, is_new = actions.give_feedback(self.key, match_id, outcome, count)
        taken = {"match_id": match_id, "outcome": outcome, "count": count}
        return Response(FeedbackTaken(taken).data, status=201 if is_new else 200)


class StatusView(Plain):
    permission_classes = [AllowAny]

    @extend_schema(**schema.STATUS)
    def get(self, request: Request) -> Response:
        key = request.auth
        status = {
            "status": "ok",
            "scopes": key.scopes if isinstance(key, ApiKey) else [],
            "most_questions": MOST,
            "most_signals_per_picture": MOST_SIGNALS,
            "most_bytes": settings.MAX_UPLOAD_BYTES,
        }
        return Response(Status(status).data)


class Schema(Plain):
    """OpenAPI 3: JSON, or YAML for whoever asks for that."""

    authentication_classes = []
    permission_classes = [AllowAny]
    renderer_classes = [OpenApiJsonRenderer2, OpenApiJsonRenderer, schema.YamlRenderer]

    @extend_schema(exclude=True)
    def get(self, request: Request) -> Response:
        del request
        return Response(schema.document())


def docs(request: HttpRequest) -> HttpResponse:
    """The schema for people."""
    known = operations(schema.document())
    shown = {
        "operations": known,
        "failure": known[0].failures[0],  # they all look alike
        "lookups": request.build_absolute_uri(reverse("exchange:lookups")),
    }
    return render(request, "exchange/docs.html", shown)


@csrf_exempt
def unknown(request: HttpRequest) -> JsonResponse:
    """Machines are not answered with a page, not even here."""
    del request
    code, sentence = errors.SENTENCES["not_found"]
    return JsonResponse({"error": code, "detail": sentence}, status=404)
