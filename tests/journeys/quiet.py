"""Listens to every logger at its most talkative, as the portal's own handler writes it."""

import base64
import io
import logging
from dataclasses import dataclass, field
from typing import Self
from urllib.parse import quote

from portal.bank.models import Signal
from portal.cases.models import ReportedUrl
from portal.sightings.models import Observation, Sighting


def _own_handler() -> logging.StreamHandler[io.TextIOBase]:
    """The handler that portal.settings.LOGGING gives the root logger."""
    own = [
        handler
        for handler in logging.getLogger().handlers
        if isinstance(handler, logging.StreamHandler)
        and type(handler.formatter).__module__ == "portal.logs"
    ]
    return own[0]


@dataclass
class Listener:
    """What was said, and what must not have been."""

    said: io.StringIO = field(default_factory=io.StringIO)
    secrets: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        own = _own_handler()
        self._handler = logging.StreamHandler(self.said)
        self._handler.setFormatter(own.formatter)
        for each in own.filters:
            self._handler.addFilter(each)
        self._level = logging.getLogger().level

    def __enter__(self) -> Self:
        logging.getLogger().addHandler(self._handler)
        logging.getLogger().setLevel(logging.DEBUG)
        return self

    def __exit__(self, *_: object) -> None:
        logging.getLogger().removeHandler(self._handler)
        logging.getLogger().setLevel(self._level)

    def plant(self, *secrets: str | bytes) -> None:
        """Things that may appear in no log, in no usual spelling."""
        for secret in secrets:
            if isinstance(secret, str):
                self.secrets |= {secret, quote(secret), secret.encode().hex()}
            else:
                middle = secret[len(secret) // 2 :][:18]
                encoded = base64.b64encode(middle).decode()
                self.secrets |= {repr(middle)[2:-1], middle.hex(), encoded}
        self.secrets -= {""}

    def plant_what_the_database_holds(self) -> None:
        for model, name in [
            (ReportedUrl, "url"),
            (Sighting, "url"),
            (Sighting, "media_url"),
            (Sighting, "sha256"),
            (Observation, "media_url"),
            (Signal, "value"),
        ]:
            self.plant(*model._default_manager.values_list(name, flat=True))

    def check(self, said: str | None = None) -> None:
        """Nothing secret and no traceback was said; the failure names what, not all."""
        text = self.said.getvalue() if said is None else said
        for secret in self.secrets:
            at = text.find(secret)
            assert at < 0, text[max(0, at - 300) : at + 100]
        assert "Traceback (most recent" not in text
        assert 'File "' not in text
