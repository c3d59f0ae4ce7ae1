"""What all the answers come to: what is still wrong, and what is told to the case."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.utils.datastructures import MultiValueDict
from django.utils.functional import Promise

from portal.cases.actions import Claims, Told
from portal.cases.kinds import FEARS, KINDS, is_threat
from portal.cases.models import Consent
from portal.intake import contact
from portal.intake.addresses import Address
from portal.intake.claims import PIPELINE, Claim, Hash
from portal.intake.consents import CONSENTS, RECIPIENTS, platforms
from portal.intake.contact import CHANNELS, Contact
from portal.intake.drafts import Answers
from portal.intake.questions import STEPS


@dataclass(frozen=True, slots=True, kw_only=True)
class Telling:
    """The report as it stands. Of a wrong step, only what is right in it."""

    wrong: Sequence[str]  # names of steps
    kinds: Sequence[str]
    urls: Sequence[Address]
    claims: Sequence[Claim]
    fears: Sequence[str]
    until: date | None
    details: str
    scopes: Mapping[Consent.Kind, Sequence[str]]
    contact: Contact

    @property
    def is_threat(self) -> bool:
        return is_threat([*self.kinds], [*self.fears])

    @property
    def is_enough(self) -> bool:
        """The least honest report: an address, a picture's code, or a threat told."""
        return bool(self.urls or self.claims or self.is_threat)

    @property
    def is_in_danger(self) -> bool:
        """Whether they told us of thoughts of self-harm."""
        return "self_harm" in self.fears

    @property
    def has_idle_picture(self) -> bool:
        """A picture's code without the consent to look for it would do nothing."""
        return bool(self.claims) and Consent.Kind.MATCHING not in self.scopes

    # For the last page, in words.
    @property
    def kinds_in_words(self) -> list[str | Promise]:
        return [KINDS[code] for code in self.kinds]

    @property
    def fears_in_words(self) -> list[str | Promise]:
        return [FEARS[code] for code in self.fears]

    @property
    def allowed_in_words(self) -> list[tuple[str | Promise, list[str | Promise]]]:
        """Each consent that was given, and to whom alone it reaches, if it is limited."""
        names: dict[str, str | Promise] = dict(platforms())
        names |= {kind.value: words for kind, words in RECIPIENTS.items()}
        return [
            (CONSENTS[kind][0], [names[name] for name in scope if name in names])
            for kind, scope in self.scopes.items()
        ]

    @property
    def channel_in_words(self) -> str | Promise:
        return CHANNELS[self.contact.channel]

    def told(self) -> Told:
        """What cases.actions.submit_report takes, if nothing is wrong."""
        return Told(
            urls=[(address.kind, address.value) for address in self.urls],
            claims=[signals_of(claim) for claim in self.claims],
            details=self.details,
            kinds=self.kinds,
            fears=self.fears,
            threatened=self.is_threat,
            threatened_until=self.until,
            contact=contact.write(self.contact),
            consents=self.scopes,
        )


def read(answers: Answers) -> Telling:
    """Read the answers of a draft again, as strictly as when they came."""
    read: dict[str, Any] = {"urls": [], "claims": [], "until": None, "details": ""}
    read |= {"kinds": [], "fears": []}
    wrong = []
    for name, question in STEPS.items():
        form = question(MultiValueDict(answers.get(name, {})))
        if not form.is_valid():
            wrong.append(name)
        read |= form.cleaned_data
    return Telling(
        wrong=wrong,
        **{
            name: read[name] for name in Telling.__dataclass_fields__ if name != "wrong"
        },
    )


def signals_of(claim: Claim) -> Claims:
    """One exhibit's claims as the case keeps them: the file's digest, and its PDQs.

    Those of the mirrored and turned picture are for asking the memory of what was crawled.
    Those of its regions stay packed: they are many.
    """
    digest = _claim("sha256", claim.sha256, None)
    upright = [_pdq(one) for one in (*claim.pdq[:1], *claim.frames)]
    turned = [_pdq(one) | {"turned": True} for one in claim.pdq[1:]]
    packed: dict[str, object] = {"regions": claim.regions, "shape": claim.shape}
    packed |= {"type": "pdq", "version": PIPELINE["pdq"]}
    parts = [packed] if claim.regions else []
    return [*([digest] if claim.sha256 else []), *upright, *turned, *parts]


def _pdq(one: Hash) -> dict[str, object]:
    return _claim("pdq", one.value, one.quality)


def _claim(type_: str, value: str | None, quality: int | None) -> dict[str, object]:
    version = PIPELINE[type_]
    return {"type": type_, "value": value, "quality": quality, "version": version}
