"""The draft of a referral: addresses and hashes of one frozen case, and never a picture."""

from collections.abc import Iterator

from django.utils import timezone, translation
from django.utils.translation import gettext as _

from portal.accounts.models import Organisation, User
from portal.bank.models import Signal
from portal.cases.models import Case, ReportedUrl
from portal.platforms.bodies import Body, bodies_for


def bodies_of(case: Case) -> list[Body]:
    """Who may take it, the first choice first."""
    lies_in = case.sightings.exclude(platform=None).values_list(
        "platform__country", flat=True
    )
    return bodies_for(case.language, set(lies_in))


def draft(case: Case, worker: User) -> str:
    """The text for the first body, in its language. Names no person on either side."""
    body = bodies_of(case)[0]
    with translation.override(body.language):
        parts = [*_head(case, body, worker.organisation), *_material(case), _end(case)]
    return "\n\n".join(parts) + "\n"


def _head(case: Case, body: Body, sender: Organisation | None) -> Iterator[str]:
    yield _("Referral of material that may show a person under 18")
    to = {"name": body.helpline.name, "url": body.helpline.url}
    lines = [_("To: %(name)s, %(url)s") % to]
    if sender:
        who = {"name": sender.name, "email": sender.email}
        lines.append(_("From: %(name)s, %(email)s") % who)
    lines.append(_("Our reference: %(reference)s") % {"reference": case.reference})
    lines.append(_("Date: %(day)s (UTC)") % {"day": timezone.now().date()})
    yield "\n".join(lines)
    yield _(
        "A member of our staff suspects that somebody in the material listed here may be "
        "under 18. We have not assessed it. Since then nobody on our side opens or copies "
        "it, and no program of ours looks at it."
    )
    yield _("This text holds addresses and hashes only. No picture comes with it.")


def _material(case: Case) -> Iterator[str]:
    yield _listed(_("Addresses where it was reported or seen"), _addresses(case))
    yield _listed(_("Hashes of what was reported to us"), _hashes(case))
    seen = case.sightings.tellable().values_list("sha256", flat=True)
    files = [f"sha256 {value}" for value in dict.fromkeys(seen)]
    yield _listed(_("Hashes of the files at these addresses"), files)


def _end(case: Case) -> str:
    kept = case.exhibits.exclude(stored_as="").count()
    kept += case.sightings.exclude(captured_as="").count()
    return _(
        "Sealed copies that we hold: %(kept)d. Please tell us whether to keep them for you "
        "or to destroy them. Until then they stay sealed."
    ) % {"kept": kept}


def _addresses(case: Case) -> list[str]:
    told = ReportedUrl.objects.filter(report__case=case).order_by("pk")
    found = case.sightings.tellable().values_list("url", "media_url")
    both = [address for pair in found for address in pair]
    return list(dict.fromkeys([*told.values_list("url", flat=True), *both]))


def _hashes(case: Case) -> list[str]:
    mine = Signal.objects.filter(case=case).order_by("seq")
    banked = mine.tellable().values_list("type", "value")
    known = [f"{type_} {value}" for type_, value in banked]
    kept_back = mine.whole().exclude(pk__in=mine.tellable())
    withheld = set(kept_back.values_list("exhibit", "type"))
    claimed = [
        f"{claim['type']} {claim['value']}"
        for pk, claims in case.exhibits.order_by("pk").values_list("pk", "claims")
        for claim in claims
        if "value" in claim  # a region's code leaves with nobody
        and (pk, claim["type"]) not in withheld
    ]
    return list(dict.fromkeys([*known, *claimed]))


def _listed(title: str, items: list[str]) -> str:
    return "\n".join([title, *(f"- {item}" for item in items or [_("none")])])
