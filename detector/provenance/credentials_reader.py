"""The guarded process that reads one C2PA manifest; credentials.py starts this file.

It takes trust anchors and a file from standard input, prints one JSON object, and dies
of any trouble with a nonzero exit status. It imports nothing of ours.
"""

import io
import json
import resource
import sys

import c2pa

MEMORY = 2 << 30
CPU_SECONDS = 10
MAX_OUTPUT = 4 << 20


def limit() -> None:
    """Bound what a hostile manifest can cost, and leave no core dump of a picture."""
    for kind, most in (
        (resource.RLIMIT_AS, MEMORY),
        (resource.RLIMIT_CPU, CPU_SECONDS),
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_FSIZE, 0),
    ):
        resource.setrlimit(kind, (most, most))


def manifest_store(data: bytes, trust_anchors: str) -> str:
    """Return the manifest store as JSON, or "null" where there is none.

    Raises:
        c2pa.C2paError: The store is damaged, or lies elsewhere: it is never fetched.
        ValueError: The store is larger than MAX_OUTPUT.
    """
    settings: dict[str, dict[str, object]] = {
        "verify": {"remote_manifest_fetch": False, "ocsp_fetch": False},
    }
    if trust_anchors:
        settings["trust"] = {"trust_anchors": trust_anchors}
    context = c2pa.Context(c2pa.Settings.from_dict(settings))
    reader = c2pa.Reader.try_create(io.BytesIO(data), context=context)
    if reader is None:
        return "null"
    store = str(reader.json())
    if len(store) > MAX_OUTPUT:
        raise ValueError("The manifest store is too large.")
    return store


if __name__ == "__main__":
    limit()
    anchors = json.loads(sys.stdin.buffer.readline())
    sys.stdout.write(manifest_store(sys.stdin.buffer.read(), anchors))
