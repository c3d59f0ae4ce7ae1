"""Sessions in the database whose end does not tell when somebody was last here.

A row's end is its visitor's last click plus a fixed time. A victim's is rounded up to the
next step, so it lives up to one step longer than asked.
"""

from datetime import UTC, datetime, timedelta
from typing import Any

from django.contrib.auth import SESSION_KEY
from django.contrib.sessions.backends import db

STEP = timedelta(minutes=5)


class SessionStore(db.SessionStore):
    def get_expiry_date(self, **kwargs: Any) -> datetime:
        exact = super().get_expiry_date(**kwargs)
        if SESSION_KEY in self:
            return exact  # staff: fifteen minutes are fifteen minutes
        return exact + (datetime.min.replace(tzinfo=UTC) - exact) % STEP
