"""What may come in, and the only fields that may go out. Nothing here follows a relation."""

from __future__ import annotations

import re
from typing import Any, ClassVar

from django.conf import settings
from django.core.files.uploadedfile import UploadedFile
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from portal.bank.actions import BankError, parse_signal
from portal.exchange.models import Feedback

MOST = 1_000  # pictures or signals in one request
MOST_SIGNALS = (
    16  # of one picture: its SHA-256, and each hash in eight positions at most
)
WORD = re.compile(r"[0-9A-Za-z_]{1,512}")  # anything else is no type and no hash

SIGNAL = {
    "type": "object",
    "required": ["type", "value"],
    "properties": {
        "type": {"type": "string", "example": "pdq"},
        "value": {"type": "string", "pattern": "^[0-9a-f]+$", "maxLength": 512},
    },
}


@extend_schema_field(SIGNAL)
class SignalField(serializers.Field[Any, Any, Any, Any]):
    """One signal: {"type": "pdq", "value": "<lower-case hex>"}. Other keys are ignored."""

    default_error_messages: ClassVar = {
        "not_a_signal": 'A signal is an object with the strings "type" and "value".'
    }

    def to_internal_value(self, data: object) -> Any:
        if not isinstance(data, dict):
            self.fail("not_a_signal")
        words = (data.get("type"), data.get("value"))
        if not all(isinstance(word, str) and WORD.fullmatch(word) for word in words):
            self.fail("not_a_signal")
        try:
            return parse_signal(data["type"], data["value"])
        except BankError as error:
            raise serializers.ValidationError(str(error), code=error.code) from None


class BoundedList(serializers.ListField):
    """A list that is counted before its items are read."""

    default_error_messages: ClassVar = {
        "too_many": "At most {most} at a time.",
        "nothing_asked": "There is nothing in this list.",
    }

    def __init__(self, *, most: int, **options: Any) -> None:
        self.most = most
        super().__init__(max_length=most, min_length=1, **options)

    def to_internal_value(self, data: Any) -> list[Any]:
        if isinstance(data, list) and len(data) > self.most:
            self.fail("too_many", most=self.most)
        if data == []:
            self.fail("nothing_asked")
        return super().to_internal_value(data)


class LookupQuestions(serializers.Serializer[Any]):
    """Either `signals`, each a question, or `pictures`, each the signals of one picture."""

    signals = BoundedList(child=SignalField(), most=MOST, required=False)
    pictures = BoundedList(
        child=BoundedList(child=SignalField(), most=MOST_SIGNALS),
        most=MOST,
        required=False,
    )

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if len(attrs) != 1:
            raise serializers.ValidationError(
                'Ask with "signals" or with "pictures", one of them.', "one_question"
            )
        return attrs

    def questions(self) -> list[list[Any]]:
        """One list of signals for each result that is due."""
        asked = self.validated_data
        if "pictures" in asked:
            return list(asked["pictures"])
        return [[signal] for signal in asked["signals"]]


class UploadedPicture(serializers.Serializer[Any]):
    """A picture's file, in the multipart field `picture`. It is hashed and forgotten."""

    picture = serializers.FileField(allow_empty_file=True)

    def validate_picture(self, picture: UploadedFile[bytes]) -> UploadedFile[bytes]:
        if (picture.size or 0) > settings.MAX_UPLOAD_BYTES:
            raise serializers.ValidationError(
                f"At most {settings.MAX_UPLOAD_BYTES // 2**20} MB.", code="too_large"
            )
        return picture

    def content(self) -> bytes:
        return bytes(self.validated_data["picture"].read())


class FeedQuestion(serializers.Serializer[Any]):
    """Where to go on in the feed, and how much to send."""

    after = serializers.RegexField(
        r"\A[0-9a-f]{48}\Z",
        default="",
        help_text="The `next` of the last answer; without it, from the beginning.",
        error_messages={"invalid": "A cursor is 48 hexadecimal digits in lower case."},
    )
    limit = serializers.IntegerField(min_value=1, max_value=MOST, default=MOST)


class FeedbackGiven(serializers.Serializer[Any]):
    """What a platform did about one match."""

    match_id = serializers.RegexField(r"\A[0-9a-f]{32}\Z")
    outcome = serializers.ChoiceField(
        Feedback.Outcome.choices,
        # The default message repeats what was sent; we send nobody's bytes back.
        error_messages={"invalid_choice": "This is no outcome that we know."},
    )
    count = serializers.IntegerField(
        min_value=1, max_value=1_000_000, default=1, help_text="How many copies."
    )


class MatchTold(serializers.Serializer[Any]):
    """One match: an opaque id of the asking platform's own, and how well it matched."""

    match_id = serializers.CharField()
    kind = serializers.ChoiceField(["exact", "near"])
    type = serializers.CharField(help_text="The type of the signal that matched.")
    distance = serializers.IntegerField(help_text="In bits; 0 for exact.")


class Result(serializers.Serializer[Any]):
    matches = MatchTold(many=True)


class LookupResults(serializers.Serializer[Any]):
    """One result for each question, in the order asked."""

    results = Result(many=True)


class FeedEntry(serializers.Serializer[Any]):
    """One signal as it is now: to be watched for, or to be forgotten."""

    cursor = serializers.CharField(help_text="Its place: sorts as the feed does.")
    match_id = serializers.CharField(help_text="Your own id of it, for feedback.")
    type = serializers.CharField()
    value = serializers.CharField(help_text="Lower-case hex.")
    version = serializers.CharField(help_text="Of the program that made the hash.")
    quality = serializers.IntegerField(
        allow_null=True, help_text="0 to 100, of types that have one."
    )
    state = serializers.ChoiceField(["active", "withdrawn"])


class FeedPage(serializers.Serializer[Any]):
    """Entries in order, and the cursor to ask with next."""

    entries = FeedEntry(many=True)
    next = serializers.CharField()


class FeedbackTaken(serializers.Serializer[Any]):
    match_id = serializers.CharField()
    outcome = serializers.ChoiceField(Feedback.Outcome.choices)
    count = serializers.IntegerField()


class Status(serializers.Serializer[Any]):
    """That we answer, and within which limits."""

    status = serializers.ChoiceField(["ok"])
    scopes = serializers.ListField(
        child=serializers.CharField(), help_text="Of the key sent, if one was."
    )
    most_questions = serializers.IntegerField()
    most_signals_per_picture = serializers.IntegerField()
    most_bytes = serializers.IntegerField()


class Problem(serializers.Serializer[Any]):
    """What every failure looks like."""

    error = serializers.CharField(help_text="A code for machines; it will not change.")
    detail = serializers.CharField(help_text="A sentence for people.")
