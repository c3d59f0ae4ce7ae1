"""The codes of what happened and of what somebody fears, with their words.

They are told by the victim and read by the desk and by grading. A code is for good: rows
hold it. It must not know who shows them.
"""

from django.utils.translation import gettext_lazy as _

KINDS = {
    "ai_undressing": _("A picture was “undressed” by AI"),
    "face_swap": _("A face was put on another body"),
    "real_picture": _("A real picture was shared"),
    "threat": _("Somebody threatens, or wants money or more pictures"),
    "impersonation": _("Somebody pretends to be me"),
    "bot_or_app": _("A bot or an app makes such pictures"),
    "sale_of_tools": _("Somebody sells such pictures, or tools to make them"),
}
FEARS = {
    "name_shown": _("The name can be seen"),
    "school_shown": _("The school or the place of work can be seen"),
    "address_shown": _("The home address can be seen"),
    "phone_shown": _("A phone number or an account can be seen"),
    "family_told": _("It was sent to family, friends or colleagues, or may be"),
    "threat": _("Somebody threatens"),
    "money": _("Somebody wants money"),
    "self_harm": _("Thoughts of self-harm, or of not wanting to live"),
}
# Any of these: a person looks at the report first.
THREATS = {"threat", "money"}


def is_threat(kinds: list[str], fears: list[str]) -> bool:
    """Whether somebody threatens or asks for money.

    >>> is_threat(["face_swap"], ["money"])
    True
    """
    return bool(THREATS & {*kinds, *fears})
