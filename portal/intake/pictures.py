"""The pictures of a case in words: codes only, uploaded, or both. Reads only, no pixel."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from portal.cases.models import Case, Exhibit

CODES = _("We know only the codes of this picture. We do not have the picture itself.")
UPLOADED = _(
    "You uploaded this picture. It is locked, and opens only with a case's key."
)
BOTH = _(
    "You gave us its codes first, and later the picture itself. It is locked, and opens only "
    "with a case's key."
)
WAITING = _("It has arrived, and waits to be read.")
REFUSED = _("We could not read this file. Nothing of it was kept.")


@dataclass(frozen=True, slots=True)
class Picture:
    """One picture as its owner knows it, however often they gave it to us."""

    words: str | Promise
    uploads: list[Exhibit]  # that can be taken back


def pictures_of(case: Case) -> list[Picture]:
    """One line for each picture, however often it was given."""
    return [_picture(exhibits) for exhibits in _by_picture(case)]


def watched_in(case: Case) -> int:
    """How many pictures we watch for copies of."""
    read = Exhibit.State.HASHED
    return sum(
        any(exhibit.state == read for exhibit in exhibits)
        for exhibits in _by_picture(case)
    )


def _by_picture(case: Case) -> list[list[Exhibit]]:
    """The exhibits of each picture: what has the same codes is the same picture."""
    groups: list[tuple[set[tuple[str, str]], list[Exhibit]]] = []
    for exhibit in case.exhibits.order_by("pk").prefetch_related("signals"):
        codes = {(signal.type, signal.value) for signal in exhibit.signals.all()}
        same = next((group for group in groups if group[0] & codes), None)
        if same is None:
            groups.append((codes, [exhibit]))
        else:
            same[0].update(codes)
            same[1].append(exhibit)
    return [exhibits for _codes, exhibits in groups]


def _picture(exhibits: Sequence[Exhibit]) -> Picture:
    uploads = [exhibit for exhibit in exhibits if exhibit.stored_as]
    states = {exhibit.state for exhibit in exhibits}
    if states == {Exhibit.State.REFUSED}:
        words = REFUSED
    elif states == {Exhibit.State.RECEIVED}:
        words, uploads = WAITING, []
    elif not uploads:
        words = CODES
    else:
        words = BOTH if any(exhibit.claims for exhibit in exhibits) else UPLOADED
    return Picture(words, [one for one in uploads if one.state == Exhibit.State.HASHED])
