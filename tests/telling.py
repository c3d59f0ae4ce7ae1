"""What a victim tells, as the intake would hand it over: in few words for tests."""

from collections.abc import Iterable, Sequence

from portal.cases.actions import Told
from portal.cases.models import Consent, ReportedUrl


def told(
    *,
    urls: Iterable[str] = (),
    pictures: Sequence[bytes] = (),
    details: str = "",
    threatened: bool = False,
    consents: Iterable[Consent.Kind] = (),
) -> Told:
    return Told(
        urls=[(ReportedUrl.Kind.WEB, url) for url in urls],
        pictures=pictures,
        details=details,
        threatened=threatened,
        consents=dict.fromkeys(consents, ()),
    )
