"""A check as somebody watches it: one page that grows from their place in line to the answer.

The page is sent piece by piece as the answer to the form, so no address, no cookie and no store
has to know the picture until it is done. Whoever closes the page ends the check.
"""

import time
from collections.abc import Generator, Iterator

from django.conf import settings
from django.http import HttpRequest, StreamingHttpResponse
from django.template.loader import render_to_string
from django.utils import translation

from portal.public import telling, words
from portal.public.forms import CheckForm
from portal.public.line import Place
from portal.sightings import examining
from portal.sightings.checked import CheckedPicture

MARK = (
    "<!-- here it grows -->"  # twice in the page: after the steps, and for the answer
)
LOOK_SECONDS = 0.25  # how often somebody in line looks whether they may move up
ALIVE = " "  # changes nothing on the page; sending it shows who has gone


def answer(request: HttpRequest, form: CheckForm) -> StreamingHttpResponse:
    """The page that grows.

    Raises:
        line.FullError: Too many wait already.
    """
    page = render_to_string("public/checking.html", {"mark": MARK}, request)
    original = form.cleaned_data["original"]
    check = Check(
        Place(settings.CHECK_LINE),
        form.cleaned_data["picture"].read(),
        original.read() if original else None,
        page,
    )
    response = StreamingHttpResponse(check)
    # A proxy must neither collect nor compress what is to be seen piece by piece.
    response["Cache-Control"] = "no-store, no-transform"
    response["X-Accel-Buffering"] = "no"
    return response


class Check:
    """The pieces of one page. Closed or not even begun, it gives its place back."""

    def __init__(
        self, place: Place, picture: bytes, original: bytes | None, page: str
    ) -> None:
        self._place = place
        self._language = translation.get_language()
        self._pieces = self._look(picture, original, page)

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        # Between two pieces, this thread speaks whatever language it likes.
        with translation.override(self._language):
            return next(self._pieces)

    def close(self) -> None:
        """End the check, wherever it is."""
        self._pieces.close()
        self._place.leave()

    def _look(
        self, picture: bytes, original: bytes | None, page: str
    ) -> Generator[str, None, None]:
        before, between, after = page.split(MARK)
        yield before
        yield from self._wait()
        try:
            found = yield from _examination(picture, original)
            result = render_to_string("public/result.html", telling.in_words(found))
        except examining.CheckError as error:
            refusal = words.REFUSALS.get(error.code, words.REFUSALS["failed"])
            of_original = error.of == "original"
            told = {"refusal": refusal, "of_original": of_original}
            result = render_to_string("public/refused.html", told)
        self._place.leave()
        yield between + result + after

    def _wait(self) -> Generator[str, None, None]:
        shown, next_sign = 0, 0.0
        while self._place.number:
            if self._place.number != shown:
                shown = self._place.number
                yield render_to_string("public/waiting.html", {"number": shown})
            elif time.monotonic() > next_sign:
                next_sign = time.monotonic() + examining.BEAT_SECONDS
                yield ALIVE
            time.sleep(LOOK_SECONDS)
            self._place.moves_up()


def _examination(
    picture: bytes, original: bytes | None
) -> Generator[str, None, CheckedPicture]:
    """Yield each step as it begins, and return what was found."""
    steps = [step for step in words.STEPS if original or step != telling.ORIGINAL]
    for told in examining.examine(picture, original):
        if isinstance(told, CheckedPicture):
            return told
        if told in steps:
            number = steps.index(told) + 1
            step = {"step": words.STEPS[told], "number": number, "steps": len(steps)}
            yield render_to_string("public/step.html", step)
        else:
            yield ALIVE
    raise examining.CheckError("failed")
