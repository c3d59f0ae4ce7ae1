"""Fields that take what frightened people and hostile programs type."""

from __future__ import annotations

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from portal.intake.addresses import INVISIBLE

LONGEST_DETAILS = 10_000


class PlainText(forms.CharField):
    """Text without invisible marks; a NUL byte is refused in words that a person gets."""

    def to_python(self, value: Any) -> str:
        if "\x00" in str(value or ""):
            raise ValidationError(
                _("There is a hidden sign in this text. Please type it again."),
                code="nul",
            )
        return str(super().to_python(INVISIBLE.sub("", str(value or ""))))


def plain_text(longest: int, *, rows: int = 0) -> PlainText:
    """A field for up to so many letters, that may stay empty."""
    quiet = {"autocomplete": "off"}
    return PlainText(
        required=False,
        max_length=longest,
        widget=forms.Textarea(attrs=quiet | {"rows": str(rows)})
        if rows
        else forms.TextInput(attrs=quiet),
        error_messages={
            "max_length": _(
                "This text has %(show_value)d letters. We can take %(limit_value)d."
            )
        },
    )


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
            }
        ),
    )
