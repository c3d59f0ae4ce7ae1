"""Letters between a victim and the desk. Sealed to the case: only its key reads them."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django import forms
from django.conf import settings
from django.core.cache import cache
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods

from portal.cases import evidence, messaging
from portal.cases.keys import CaseKey
from portal.cases.models import Message
from portal.cases.passphrase import looks_like_one
from portal.intake.forms import PlainText
from portal.intake.once import OneTimeForm
from portal.intake.opened import with_key

LONGEST = 5000
MOST_A_DAY = 20
ONCE = timedelta(hours=1)  # how long a form's number is remembered


class MessageForm(OneTimeForm):
    words = PlainText(
        max_length=LONGEST,
        widget=forms.Textarea(attrs={"rows": 6}),
        error_messages={
            "required": _("There is nothing in your message yet."),
            "max_length": _(
                "This text has %(show_value)d letters. We can take %(limit_value)d."
            ),
        },
    )

    def __init__(self, *args: Any, is_full: bool = False, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._is_full = is_full

    def clean_words(self) -> str:
        words: str = self.cleaned_data["words"]
        if looks_like_one(words):
            raise ValidationError(
                _(
                    "Your passphrase seems to be in this text. It is your key alone: please "
                    "take it out. We never need it, and nothing was sent."
                )
            )
        if self._is_full:
            raise ValidationError(
                _(
                    "You have written %(most)d messages today, and we read each one. "
                    "Please write again tomorrow. Nothing was sent."
                ),
                params={"most": MOST_A_DAY},
            )
        return words

    def is_first(self) -> bool:
        """False for a form that came before: a double tap is one message."""
        name = f"message:{self.cleaned_data['token']}"
        return bool(cache.add(name, 1, ONCE.total_seconds()))


@dataclass(frozen=True, slots=True)
class Letter:
    """One message, opened for its reader."""

    words: str | None  # None: it cannot be opened
    is_mine: bool
    at: datetime
    read_at: datetime | None


@require_http_methods(["GET", "HEAD", "POST"])
@with_key
def messages(request: HttpRequest, key: CaseKey) -> HttpResponse:
    form = MessageForm(request.POST or None, is_full=_is_full(key))
    if request.method == "POST" and form.is_valid():
        if form.is_first():
            messaging.send_message(key.case, form.cleaned_data["words"])
        return redirect("intake:messages")
    letters = [_opened(key, message) for message in key.case.messages.all()]
    context = {
        "form": form,
        "letters": letters,
        "answer_by": _answer_by(letters),
        "now": timezone.now(),
    }
    messaging.read_messages(key.case)
    return render(request, "intake/messages.html", context)


def _opened(key: CaseKey, message: Message) -> Letter:
    try:
        words = evidence.open_message(key, message, reason="their own")
    except evidence.EvidenceError:
        words = None
    is_mine = message.written_by_id is None
    return Letter(words, is_mine, message.at, message.read_at)


def _answer_by(letters: list[Letter]) -> datetime | None:
    """By when we promised an answer to the first message that has none."""
    unanswered = None
    for letter in letters:
        unanswered = (unanswered or letter) if letter.is_mine else None
    return unanswered.at + settings.ANSWER_WITHIN if unanswered else None


def _is_full(key: CaseKey) -> bool:
    since = timezone.now() - timedelta(days=1)
    mine = key.case.messages.filter(written_by=None, at__gt=since)
    return mine.count() >= MOST_A_DAY
