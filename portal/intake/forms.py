"""What a victim may send us, and the words for what we cannot take."""

from __future__ import annotations

import re
import secrets
from collections.abc import Sequence
from typing import Any

from django import forms
from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import UploadedFile
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from portal.cases.actions import Told
from portal.cases.models import Consent, ReportedUrl
from portal.intake import addresses

MOST_PICTURES = 10
LONGEST_DETAILS = 10_000
MIB = 2**20
TOKEN = re.compile(r"[A-Za-z0-9_-]{40,64}")

CONSENTS: dict[Consent.Kind, tuple[str | Promise, str | Promise]] = {
    Consent.Kind.MATCHING: (
        _("Look for copies"),
        _(
            "We make a code from your picture and compare it with pictures on the web. "
            "The code is not the picture: it only tells whether two pictures look alike."
        ),
    ),
    Consent.Kind.SHARING: (
        _("Let platforms ask us"),
        _("A platform can ask whether a picture has your code. It never gets more."),
    ),
    Consent.Kind.NOTICES: (
        _("Ask for removal"),
        _(
            "We write to sites in our name, not in yours, and ask them to remove copies."
        ),
    ),
    Consent.Kind.EVIDENCE: (
        _("Keep proof"),
        _("We keep locked copies of what we find, so that it can be proved later."),
    ),
    Consent.Kind.CHECK: (
        _("Check for signs of AI"),
        _(
            "A program on our own machines looks at the copies for signs that they were "
            "made or changed by AI."
        ),
    ),
}


class PlainText(forms.CharField):
    """Text in which a NUL byte is refused in words that a person understands."""

    def to_python(self, value: Any) -> str:
        if "\x00" in str(value or ""):
            raise ValidationError(
                _("There is a hidden sign in this text. Please type it again."),
                code="nul",
            )
        return str(super().to_python(value))


class PicturesInput(forms.FileInput):
    allow_multiple_selected = True


class PicturesField(forms.FileField):
    """Several files. Only their number and sizes are looked at here; a worker reads them."""

    widget = PicturesInput(attrs={"accept": "image/*"})

    def clean(self, data: Any, initial: Any = None) -> list[UploadedFile[Any]]:
        del initial  # nothing was ever there before
        files = [file for file in data or [] if file]
        if len(files) > MOST_PICTURES:
            raise ValidationError(
                _("You chose %(count)d pictures. We can take %(most)d in one report."),
                params={"count": len(files), "most": MOST_PICTURES},
            )
        # The number comes from the list, so that somebody can find the file again.
        empty = [str(at) for at, file in enumerate(files, 1) if not file.size]
        if empty:
            raise ValidationError(
                _("File number %(which)s is empty. Please choose it again."),
                params={"which": ", ".join(empty)},
            )
        if sum(file.size or 0 for file in files) > settings.MAX_UPLOAD_BYTES:
            raise ValidationError(
                _("Your pictures are larger than %(limit)d MB together. Send fewer."),
                params={"limit": settings.MAX_UPLOAD_BYTES // MIB},
            )
        return files


class ReportForm(forms.Form):
    """One report. Field names are part of our face: programs post them too."""

    token = forms.CharField(widget=forms.HiddenInput, required=False)
    adult = forms.BooleanField(
        label=_("Everybody in the picture was 18 or over, and I am too."),
        error_messages={
            "required": _(
                "Tick this if it is true. If anybody in the picture was under 18, or you "
                "are, there is a better way: see the link above."
            )
        },
    )
    pictures = PicturesField(required=False)
    urls = PlainText(required=False, widget=forms.Textarea(attrs={"rows": 5}))
    details = PlainText(
        required=False,
        max_length=LONGEST_DETAILS,
        widget=forms.Textarea(attrs={"rows": 5}),
        error_messages={
            "max_length": _(
                "This text has %(show_value)d letters. We can take %(limit_value)d."
            )
        },
    )
    threatened = forms.BooleanField(required=False)
    consents = forms.MultipleChoiceField(
        required=False,
        choices=[(kind.value, title) for kind, (title, _words) in CONSENTS.items()],
        error_messages={"invalid_choice": _("Please choose from the list.")},
    )

    def clean_token(self) -> str:
        token: str = self.cleaned_data["token"]
        if not TOKEN.fullmatch(token):
            raise ValidationError(
                _("This form was not complete. Please open the report page again.")
            )
        return token

    def clean_urls(self) -> list[str]:
        urls, problems = addresses.clean_all(self.cleaned_data["urls"])
        if problems:
            raise ValidationError(list(problems[:20]))
        return urls

    def clean_details(self) -> str:
        return addresses.INVISIBLE.sub("", self.cleaned_data["details"]).strip()

    def clean(self) -> dict[str, Any]:
        told = self.cleaned_data
        pictures, urls = told.get("pictures"), told.get("urls")
        if not pictures and not urls and not {"pictures", "urls"} & set(self.errors):
            self.add_error("pictures", _("Give us a picture, or an address, or both."))
        if pictures and Consent.Kind.MATCHING not in told.get("consents", []):
            self.add_error(
                "consents",
                _("We can use your picture only if you tick “Look for copies”."),
            )
        return told

    def one_time(self) -> str:
        """The token to send back: what came, if it is one of ours, else a new one."""
        token = str(self["token"].value() or "")
        return token if TOKEN.fullmatch(token) else secrets.token_urlsafe()

    def told(self) -> dict[str, Any]:
        """What cases.actions.submit_report takes, from a valid form."""
        told = self.cleaned_data
        return {
            "token": told["token"],
            "told": Told(
                urls=[(ReportedUrl.Kind.WEB, url) for url in told["urls"]],
                pictures=[picture.read() for picture in told["pictures"]],
                details=told["details"],
                threatened=told["threatened"],
                consents={Consent.Kind(kind): () for kind in told["consents"]},
            ),
        }

    def consent_rows(self) -> Sequence[tuple[str, str | Promise, str | Promise, bool]]:
        """(value, title, words, ticked) for each consent: none is ticked for anybody."""
        given = self["consents"].value() or []
        return [
            (kind.value, title, words, kind.value in given)
            for kind, (title, words) in CONSENTS.items()
        ]


class PassphraseForm(forms.Form):
    passphrase = forms.CharField(
        max_length=512,
        strip=True,
        widget=forms.TextInput(
            attrs={
                "autocomplete": "off",
                "autocapitalize": "none",
                "autocorrect": "off",
                "spellcheck": "false",
                "inputmode": "text",
                "dir": "auto",  # English words in an Arabic page begin at the left
            }
        ),
    )
