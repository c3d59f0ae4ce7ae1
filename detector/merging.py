"""Two trained branches become the one checkpoint that DeepFakeDefenders answers with.

It must not know how they were trained.
"""

import hashlib
from pathlib import Path

from detector import tensors, weights
from detector.models import defenders
from detector.models.defenders import FULL, Sizes
from detector.weights import WeightsError


def merge(convnext: Path, replknet: Path, merged: Path, sizes: Sizes = FULL) -> str:
    """Write both branches into one file, as upstream's merge does.

    Args:
        convnext: A checkpoint of that branch, with or without what its training noted.
        replknet: The other one.
        merged: The file to write. None may be there.
        sizes: How large the branches are.

    Returns:
        The SHA-256 of the written file.

    Raises:
        WeightsError: A branch is refused, or the file is there or cannot be written.
    """
    if merged.exists():
        raise WeightsError(f"{merged.name} is already there.")
    state = {
        f"{name}.{key}": tensor
        for name, path in (("convnext", convnext), ("replknet", replknet))
        for key, tensor in _branch(name, path, sizes).state_dict().items()
    }
    tensors.write({"state_dict": state}, merged)
    with merged.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _branch(name: str, path: Path, sizes: Sizes) -> defenders.Branch:
    try:
        found = defenders.read(weights.read(path), sizes)
    except WeightsError as error:
        raise WeightsError(f"{path.name}: {error}") from error
    if list(found) != [name]:
        raise WeightsError(f"{path.name} is of {' and '.join(found)}, not of {name}.")
    return found[name]
