"""What every way of delivering a notice has in common."""

from typing import Protocol

from portal.notices.models import Notice


class ChannelError(Exception):
    """A notice that could not be delivered. `permanent` if trying again is no use."""

    def __init__(self, code: str, *, permanent: bool) -> None:
        super().__init__(code)
        self.code = code
        self.permanent = permanent


class Channel(Protocol):
    """One way to deliver. It decides nothing and remembers nothing."""

    def send(self, notice: Notice) -> str:
        """Deliver and return the receipt, at most 300 characters. Raises ChannelError.

        May be called twice for one notice: its reference is the idempotency key.
        """
        ...
