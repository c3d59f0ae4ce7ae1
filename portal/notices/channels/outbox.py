"""Leaves each notice as a file for a person, or another mail program, to send."""

import os
import re
import tempfile
from pathlib import Path

from django.conf import settings

from portal.notices.channels.base import ChannelError
from portal.notices.mail import MailError, message
from portal.notices.models import Notice


class Outbox:
    """Writes settings.OUTBOX/<reference>.eml: whole or not at all, and once."""

    def send(self, notice: Notice) -> str:
        if not re.fullmatch(r"[A-Za-z0-9-]+", notice.reference):
            raise ChannelError("bad_reference", permanent=True)
        name = f"{notice.reference}.eml"
        try:
            if not (settings.OUTBOX / name).exists():
                _write(settings.OUTBOX / name, message(notice).as_bytes())
            _clear(settings.OUTBOX / name)
        except MailError:
            raise ChannelError("bad_mail", permanent=True) from None
        except OSError:
            raise ChannelError("outbox_unwritable", permanent=False) from None
        return f"outbox:{name}"


def _write(path: Path, data: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    prefix = f".{path.stem}."
    half, made = tempfile.mkstemp(dir=path.parent, prefix=prefix, suffix=".part")
    try:
        with os.fdopen(half, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        Path(made).replace(path)
    except OSError:
        Path(made).unlink(missing_ok=True)
        raise


def _clear(path: Path) -> None:
    """Take away what a worker that was killed while it wrote has left behind."""
    for half in path.parent.glob(f".{path.stem}.*.part"):
        half.unlink(missing_ok=True)
