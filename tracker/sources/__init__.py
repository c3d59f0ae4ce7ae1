"""Where we look: one module and one line here adds a source."""

from collections.abc import Mapping
from importlib import import_module
from typing import cast

from tracker.sources.base import (
    Batch,
    Find,
    Media,
    Source,
    SourceError,
    configured,
)

__all__ = ["SOURCES", "Batch", "Find", "Media", "Source", "SourceError", "build"]

SOURCES = {
    "site": "tracker.sources.site.Site",
    "feed": "tracker.sources.feed.Feed",
    "mastodon": "tracker.sources.mastodon.Mastodon",
    "warc": "tracker.sources.warc.Warc",
    "folder": "tracker.sources.folder.Folder",
}


def build(kind: str, config: Mapping[str, object]) -> Source:
    """The source of that kind with that configuration. Raises SourceError."""
    if kind not in SOURCES:
        raise SourceError("kind", f"There is no kind of source called “{kind}”.")
    module, _, name = SOURCES[kind].rpartition(".")
    found = cast("type[Source]", getattr(import_module(module), name))
    return configured(found, config)
