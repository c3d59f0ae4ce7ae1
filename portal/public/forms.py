"""What everybody may send us: one picture, looked at and forgotten."""

from __future__ import annotations

from django import forms
from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import UploadedFile
from django.utils.translation import gettext_lazy as _


class CheckForm(forms.Form):
    """One picture to check, and the statement that nobody in it is under 18."""

    use_required_attribute = False  # our words are kinder than a browser's

    picture = forms.FileField(
        label=_("The picture"),
        allow_empty_file=True,  # the reader says better what is wrong with it
        widget=forms.FileInput(attrs={"accept": "image/*"}),
        error_messages={"required": _("Please choose a picture.")},
    )
    adult = forms.BooleanField(
        label=_("I am 18 or older, and so was everybody in this picture."),
        error_messages={
            "required": _("We can only check pictures in which everybody is an adult.")
        },
    )

    def clean_picture(self) -> UploadedFile[bytes]:
        picture: UploadedFile[bytes] = self.cleaned_data["picture"]
        most = settings.MAX_UPLOAD_BYTES
        if (picture.size or 0) > most:
            words = _("This picture is larger than %(most)d MB.")
            raise ValidationError(words, params={"most": most // 2**20})
        return picture
