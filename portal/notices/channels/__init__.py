"""The ways to deliver a notice. One file and one line here add one."""

from typing import Final

from django.utils.module_loading import import_string

from portal.notices.channels.base import Channel, ChannelError

CHANNELS: Final = {
    "outbox": "portal.notices.channels.outbox.Outbox",
    "smtp": "portal.notices.channels.smtp.Smtp",
}


def channel(name: str) -> Channel:
    """The channel of this name, imported on first use. Raises ChannelError."""
    if name not in CHANNELS:
        raise ChannelError("unknown_channel", permanent=True)
    made: Channel = import_string(CHANNELS[name])()
    return made
