"""Forms that count once, however often they are sent: each carries a one-time token."""

import re
import secrets

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

TOKEN = re.compile(r"[A-Za-z0-9_-]{40,64}")


class OneTimeForm(forms.Form):
    token = forms.CharField(widget=forms.HiddenInput, required=False)

    def clean_token(self) -> str:
        token: str = self.cleaned_data["token"]
        if not TOKEN.fullmatch(token):
            raise ValidationError(
                _("This form was not complete. Please open the page again.")
            )
        return token

    def one_time(self) -> str:
        """The token to send back: what came, if it is one of ours, else a new one."""
        token = str(self["token"].value() or "")
        return token if TOKEN.fullmatch(token) else secrets.token_urlsafe()
