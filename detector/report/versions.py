"""The versions of what an examination was made with, as its report names them."""

import functools
import importlib.metadata
import platform
from typing import Final

LIBRARIES: Final = (
    "numpy", "scipy", "pillow", "opencv-python-headless", "torch", "c2pa-python", "fpdf2",
)  # fmt: skip


@functools.cache
def versions() -> tuple[tuple[str, str], ...]:
    """Return (name, version) of Python and of every library that may change an answer."""
    return (
        ("Python", platform.python_version()),
        *((name, _version(name)) for name in LIBRARIES),
    )


def _version(name: str) -> str:
    try:
        return importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return "-"
