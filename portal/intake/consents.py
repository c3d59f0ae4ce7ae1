"""What a victim may allow, in their words: each consent on its own, none for granted."""

from collections.abc import Mapping

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from portal.cases.models import Consent
from portal.platforms.models import Platform

Words = tuple[str | Promise, str | Promise]  # what it is called, what it means

POINTS_TITLE = _("Find pieces of an uploaded picture")
POINTS_WORDS = _(
    "Of a picture that you upload from now on, our program keeps a map of points, such as "
    "corners. With it we find small pieces and pictures with stickers. The map is no picture, "
    "but somebody who broke into our running machine could draw rough outlines from it. It "
    "is forgotten when you take this back."
)

CONSENTS: Mapping[Consent.Kind, Words] = {
    Consent.Kind.MATCHING: (
        _("Look for copies"),
        _(
            "We compare the code of your picture with pictures on the web. The code is not "
            "the picture: it only tells whether two pictures look alike."
        ),
    ),
    Consent.Kind.NOTICES: (
        _("Ask for removal"),
        _(
            "We write to sites in our name, not in yours, and ask them to remove copies."
        ),
    ),
    Consent.Kind.SHARING: (
        _("Let platforms ask us"),
        _("A platform can ask whether a picture has your code. It never gets more."),
    ),
    Consent.Kind.CHECK: (
        _("Check for signs of AI"),
        _(
            "A program on our own machines looks at the copies for signs that they were "
            "made or changed by AI."
        ),
    ),
    Consent.Kind.EVIDENCE: (
        _("Keep proof"),
        _("We keep locked copies of what we find, so that it can be proved later."),
    ),
    Consent.Kind.POLICE: (
        _("Help the police"),
        _(
            "If the police ask us about your case, we may give them what we found. Without "
            "this we say no, unless a court orders it."
        ),
    ),
    Consent.Kind.STATISTICS: (
        _("Count it"),
        _("Your case is one more in our public numbers. Nobody can find you in them."),
    ),
    Consent.Kind.STATEMENT: (
        _("Prepare a public statement"),
        _(
            "We may prepare a page that says that the picture is false. It does not show "
            "the picture, and we ask you again before anybody can see it."
        ),
    ),
    Consent.Kind.POINTS: (POINTS_TITLE, POINTS_WORDS),
}
# What a first report asks for: of an uploaded picture only its upload page does.
ASKED_AT_ONCE = [kind for kind in CONSENTS if kind != Consent.Kind.POINTS]
# To whom we may write, in words for people who do not run servers.
RECIPIENTS: Mapping[Platform.Kind, str | Promise] = {
    Platform.Kind.UGC: _("Sites and apps where people post"),
    Platform.Kind.SEARCH: _("Search engines"),
    Platform.Kind.HOST: _("Companies that keep a site's pages"),
    Platform.Kind.CDN: _("Companies that deliver a site's pages"),
    Platform.Kind.REGISTRAR: _("Companies that give sites their names"),
    Platform.Kind.APP_STORE: _("App stores"),
    Platform.Kind.EMAIL: _("E-mail companies"),
}
NO_LIMIT: tuple[str, ...] = ()  # a scope that names nobody means everybody of that kind


def platforms() -> list[tuple[str, str]]:
    """The platforms that may be named for sharing: (id, name)."""
    return [(str(pk), name) for pk, name in Platform.objects.values_list("pk", "name")]
