"""The embedded broker: Celery's filesystem transport, made safer.

Two things bit us: a reader seeing a half-written message, and a deleted folder.
"""

import uuid
from pathlib import Path
from time import monotonic
from typing import Any

from kombu.transport import filesystem
from kombu.utils.json import dumps


class Channel(filesystem.Channel):
    def _folders(self) -> None:
        for folder in (self.data_folder_in, self.processed_folder, self.control_folder):
            Path(folder).mkdir(parents=True, exist_ok=True)

    # Its two base classes give the second parameter different names.
    def _put(self, queue: str, payload: Any, **_: Any) -> None:  # type: ignore[override]
        self._folders()
        name = f"{round(monotonic() * 1000)}_{uuid.uuid4()}.{queue}.msg"
        path = Path(self.data_folder_out) / name
        half = path.with_suffix(".half")
        half.write_text(dumps(payload), encoding="utf-8")
        half.rename(path)

    def _get(self, queue: str, timeout: float | None = None) -> dict[str, Any]:
        del timeout  # the transport polls
        self._folders()
        return super()._get(queue)

    def _size(self, queue: str) -> int:
        self._folders()
        return super()._size(queue)

    def _queue_bind(self, *args: Any) -> None:
        self._folders()
        super()._queue_bind(*args)


class Transport(filesystem.Transport):
    Channel = Channel
