"""The detector's findings and strengths in words for everybody."""

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

Words = str | Promise

# What was found, and what that means.
FINDINGS: dict[str, tuple[Words, Words]] = {
    "declared": (
        _("The file itself says that AI made or changed it."),
        _(
            "Programs write such notes into their pictures. A note can be removed or added by "
            "anybody, unless it is signed. Below you see which kind it is."
        ),
    ),
    "strong signs": (
        _("We found strong signs that the picture was made or changed."),
        _("This is an opinion with reasons, not a proof. The reasons are below."),
    ),
    "some signs": (
        _("We found some signs that the picture was made or changed."),
        _("Honest pictures show such signs, too. Please do not rely on this alone."),
    ),
    "no sign found": (
        _("We found no sign that AI made or changed this picture."),
        _(
            "That does not mean that it is real. Good fakes show nothing that we can find, "
            "above all after a messenger or a site has made the file smaller."
        ),
    ),
    "cannot say": (
        _("We cannot say anything about this picture."),
        _(
            "It is too small, or too much was lost on its way. If you can get an earlier or "
            "larger version, check that one."
        ),
    ),
}
STRENGTHS: dict[str, Words] = {
    "declared": _("the file says so"),
    "strong": _("strong sign"),
    "medium": _("sign"),
    "weak": _("weak sign"),
    "measurement": _("only a measurement"),
    "none": _("says nothing"),
}
# What the comparison with a harmless photo showed, by its strength.
DERIVED: dict[str, Words] = {
    "strong": _(
        "This picture was made from your photo. A part of it is not as in your photo: it was "
        "put in, changed or moved."
    ),
    "medium": _(
        "This picture was probably made from your photo, and a part of it was put in or "
        "changed."
    ),
    "measurement": _(
        "This picture is a copy of your photo, or probably is. We found no part that was put "
        "in."
    ),
    "none": _(
        "We could not show that this picture was made from your photo. It may be so all the "
        "same, for example if only a small part of it was used."
    ),
}
# While somebody waits: what is done at each step.
STEPS: dict[str, Words] = {
    "starting": _("It is your turn. Our program gets ready."),
    "decoding": _("Your picture is being opened."),
    "provenance": _("We read what the file says about itself."),
    "derivation": _("We compare it with the photo that you gave."),
    "measurements": _("We measure the picture."),
    "models": _("We ask programs that have learned what AI pictures look like."),
}
# Why a file cannot be checked: the codes of tracker.ImageError, and our own troubles.
REFUSALS: dict[str, Words] = {
    "unreadable": _("This file cannot be read."),
    "empty": _("This file is empty."),
    "too_large": _("This file is too large for us."),
    "too_many_pixels": _("This picture has too many pixels for us."),
    "unsupported": _("This file is not a JPEG, PNG, WebP, GIF, AVIF or BMP picture."),
    "damaged": _("This picture is damaged or cut short and cannot be opened."),
    "too_long": _("It took too long to look at this picture, so we stopped."),
    "failed": _("Our program could not finish with this picture."),
}
# Why a model says nothing: the codes of detector.explain.ABSTENTIONS.
ABSTENTIONS: dict[str, Words] = {
    "models.nothing": _("The picture is too small or too even to be judged."),
    "models.long": _("The picture is too long and narrow to be judged."),
    "models.no_number": _("It came to no number for this picture."),
    "models.small": _("The picture is too small or too narrow for what it learned."),
    "models.recompressed": _("Too much was lost when this copy was saved."),
    "models.not_a_photo": _("It looks like a drawing or a screen, not like a photo."),
}
# What each kind of evidence is about.
KINDS: dict[str, Words] = {
    "provenance": _("What the file says about how it was made"),
    "metadata": _("A note in the file that we could not read"),
    "c2pa": _("A signed history in the file (Content Credentials)"),
    "digital_source_type": _("The file's own note about where the picture comes from"),
    "aigc_label": _("China's label for AI content"),
    "generator_parameters": _("Settings of a program that makes pictures with AI"),
    "editing_software": _("The program that saved the file"),
    "derivation": _("Compared with your photo"),
    "generator_marks": _("Hidden marks of programs that make pictures with AI"),
    "frames": _("Whether the single pictures of a video agree"),
    "continuity": _("How a video runs from picture to picture"),
    "reliability": _("How much can be measured here"),
    "jpeg_quantisation": _("How the copy was saved"),
    "jpeg_ghosts": _("Whether it was saved before in another quality"),
    "error_level": _("How much it changes when it is saved again"),
    "blocking_grid": _("The grid that saving as JPEG leaves"),
    "noise_map": _("How even the fine grain is"),
    "resampling": _("Whether parts were made larger, smaller or turned"),
    "spectrum": _("Patterns that come back again and again"),
}
# Shown to whoever opens it, not to a reader in fear.
SAYS_LITTLE = {"measurement", "none"}
