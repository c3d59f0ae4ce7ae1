"""What everybody may send us: a picture, looked at and forgotten."""

from __future__ import annotations

from django import forms
from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import UploadedFile
from django.utils.translation import gettext_lazy as _


class CheckForm(forms.Form):
    """A picture to check, perhaps what it was made from, and the statement about age."""

    use_required_attribute = False  # our words are kinder than a browser's

    picture = forms.FileField(
        label=_("The picture"),
        allow_empty_file=True,  # the reader says better what is wrong with it
        widget=forms.FileInput(attrs={"accept": "image/*"}),
        error_messages={"required": _("Please choose a picture.")},
    )
    original = forms.FileField(
        label=_("The harmless photo that it was made from, if you have it"),
        required=False,
        allow_empty_file=True,
        widget=forms.FileInput(attrs={"accept": "image/*"}),
    )
    adult = forms.BooleanField(
        label=_("I am 18 or older, and so was everybody in this picture."),
        error_messages={
            "required": _("We can only check pictures in which everybody is an adult.")
        },
    )

    def clean_picture(self) -> UploadedFile[bytes]:
        picture: UploadedFile[bytes] = self.cleaned_data["picture"]
        return _of_bearable_size(picture)

    def clean_original(self) -> UploadedFile[bytes] | None:
        original: UploadedFile[bytes] | None = self.cleaned_data["original"]
        return original and _of_bearable_size(original)


def _of_bearable_size(file: UploadedFile[bytes]) -> UploadedFile[bytes]:
    most = settings.MAX_UPLOAD_BYTES
    if (file.size or 0) > most:
        words = _("This picture is larger than %(most)d MB.")
        raise ValidationError(words, params={"most": most // 2**20})
    return file
