"""The words of the victim's timeline: one plain sentence for each kind of event."""

from django.utils.dateparse import parse_datetime
from django.utils.formats import date_format
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from portal.cases.models import Event

WORDS = {
    "received": _("We received your report."),
    "read": _("We read your picture and now watch for copies of it."),
    "not_watched": _(
        "One of your pictures looks almost like one that very many sites show, such as a "
        "logo or an empty frame. We do not look for what looks like it, because we would "
        "find strangers' pictures. If this is wrong, write to us: a person will look."
    ),
    "watched_again": _(
        "We were wrong about one of your pictures: we watch for copies of it again."
    ),
    "unreadable": _("We could not read one of your files. Nothing of it was kept."),
    "url_seen": _(
        "We looked at the address you gave on %(host)s and found the picture there."
    ),
    "url_not_seen": _(
        "We looked at an address you gave on %(host)s and did not find the picture."
    ),
    "url_failed": _(
        "We could not reach an address you gave on %(host)s. A person will look at it."
    ),
    "copy_found": _("We found a copy on %(host)s."),
    "copy_confirmed": _("A case worker confirmed the copy on %(host)s."),
    "copy_rejected": _("A case worker found that a picture on %(host)s is not yours."),
    "notice_drafted": _("We prepared a removal request to %(recipient)s."),
    "notice_approved": _(
        "A second person checked the removal request to %(recipient)s."
    ),
    "notice_sent": _(
        "We sent the removal request to %(recipient)s. They should act by %(due)s."
    ),
    "notice_failed": _(
        "We could not deliver the removal request to %(recipient)s. We will try another way."
    ),
    "notice_acknowledged": _("%(recipient)s confirmed that they received the request."),
    "notice_refused": _(
        "%(recipient)s refused the request. We will look for the next step."
    ),
    "notice_cancelled": _("We cancelled the removal request to %(recipient)s."),
    "deadline_missed": _(
        "%(recipient)s did not act in time. We will take the next step."
    ),
    "still_up": _("We checked: the copy on %(host)s is still there."),
    "gone": _("We checked several times: the copy on %(host)s is gone."),
    "replaced": _("We checked: the copy on %(host)s was replaced by another picture."),
    "returned": _("A copy on %(host)s that was gone is back. We are on it."),
    "feedback": _("A platform told us about a copy: %(outcome)s."),
    "added": _("You gave us more. We are reading it."),
    "uploaded": _("You agreed that we keep what you uploaded, locked."),
    "upload_dropped": _(
        "You took back a picture that you had uploaded. We destroyed it, and kept only its "
        "codes."
    ),
    "original_given": _(
        "You let us compare copies with your own photo. We have its points, not the photo."
    ),
    "original_dropped": _(
        "You took back the points of a photo of yours. We destroyed them."
    ),
    "message": _("A case worker wrote to you. Read it under “Messages”."),
    "expired": _("The time of this case was over. We destroyed the key to your files."),
    "frozen": _(
        "We stopped this case, because somebody in the picture may be under 18. Nobody "
        "looks at it any more. See “Advice” for who can help now."
    ),
    "withdrawn": _(
        "You withdrew this case. We stopped, and destroyed the key to your files."
    ),
}


def sentence(event: Event) -> str:
    """What happened, in the reader's language."""
    data = dict(event.data)
    if due := data.get("due"):
        moment = parse_datetime(due)
        # Translators: date and time in Django's letters; a full stop may follow it.
        when = gettext("j F Y, H:i")
        data["due"] = f"{date_format(moment, when)} UTC" if moment else due
    return str(WORDS[event.kind]) % data
