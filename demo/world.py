"""What a run of the demo puts on the small internet: who posted which picture, and when.

Everything follows from the run's id, so that a restarted internet shows the same. The truth,
which posts are copies of the reported picture, is known here and nowhere in the portal.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from pathlib import Path

from numpy.random import default_rng
from PIL import Image, UnidentifiedImageError

from demo.edits import EDITS, encode, opened
from demo.pictures import draw

SITES = ("gallery", "forum", "fediverse")
COPIES = {  # which copies are posted where
    "gallery": ("same", "resized", "cropped"),
    "forum": ("recompressed", "mirrored", "captioned"),
    "fediverse": ("recompressed", "same", "cropped"),
}
UNRELATED = 15  # other pictures on each site
LARGEST = 1600  # pixels on the longer side of a photo of the user's
ACCOUNTS = (
    *("driftwood", "marlow.k", "tin_whistle", "ana.b", "quietowl", "nine_lanterns"),
    *("saltmarsh", "juno_r", "paperboat", "hedgerow", "old_kiln", "fernway"),
)
TITLES = (
    "Found this on an old drive",
    "Morning walk",
    "Does anybody know this place?",
    "From last week",
    "Trying the new lens",
    "Sharing again",
    "Sunday",
    "No filter",
    "Light was good today",
)


class PhotosError(Exception):
    """A folder that holds no picture we can use."""


@dataclass(frozen=True, slots=True)
class Post:
    """One post with one picture. `copy` names the edit if it shows the reported picture."""

    number: int
    site: str
    account: str
    posted_at: datetime
    title: str
    picture: str  # its name in addresses: says nothing about what it shows
    subject: int  # which picture it shows; 0 is the reported one
    copy: str | None


@dataclass(frozen=True)
class Run:
    """One run of the demo: `id` is six hex digits, `photos` a folder of the user's."""

    id: str
    began: datetime
    photos: Path | None = None

    @property
    def seed(self) -> int:
        return int(self.id, 16)

    def posts(self, site: str) -> tuple[Post, ...]:
        """A site's posts, oldest first."""
        return tuple(post for post in posts_of(self) if post.site == site)

    def original(self) -> bytes:
        """The picture that the victim reports."""
        return subject(self, 0)

    def media(self, post: Post, width: int | None = None) -> bytes:
        """The post's picture as its site serves it, scaled down to `width` pixels."""
        return rendered(self, post.subject, post.copy or "same", width)


@lru_cache(maxsize=8)
def posts_of(run: Run) -> tuple[Post, ...]:
    """Every post of the run, oldest first: copies among unrelated pictures."""
    rng = default_rng(run.seed)
    wanted: list[tuple[str, int, str | None]] = []
    for place, site in enumerate(SITES):
        wanted += [(site, 0, edit) for edit in COPIES[site]]
        subjects = range(1 + place * UNRELATED, 1 + (place + 1) * UNRELATED)
        wanted += [(site, number, None) for number in subjects]
    order = rng.permutation(len(wanted))
    span = timedelta(days=14)
    posts = []
    for number, chosen in enumerate(order):
        site, what, copy = wanted[int(chosen)]
        ago = span * (1 - number / len(order)) + timedelta(
            minutes=int(rng.integers(60))
        )
        posts.append(
            Post(
                number=number,
                site=site,
                account=ACCOUNTS[int(rng.integers(len(ACCOUNTS)))],
                posted_at=(run.began - ago).replace(microsecond=0),
                title=TITLES[int(rng.integers(len(TITLES)))],
                picture=f"{int(rng.integers(16**8)):08x}",
                subject=what,
                copy=copy,
            )
        )
    return tuple(posts)


@lru_cache(maxsize=256)
def rendered(run: Run, number: int, edit: str, width: int | None) -> bytes:
    data = EDITS[edit](subject(run, number))
    if width is None:
        return data
    image = opened(data)
    if width >= image.width:
        return data
    return encode(image.resize((width, image.height * width // image.width)))


@lru_cache(maxsize=64)
def subject(run: Run, number: int) -> bytes:
    """One picture before any edit: the user's own as far as they go, else drawn."""
    photos = own_photos(run.photos) if run.photos else ()
    if number < len(photos):
        image = opened(photos[number].read_bytes())
        image.thumbnail((LARGEST, LARGEST))
    else:
        image = draw(run.seed * 1000 + number)
    return encode(image, quality=92)


@lru_cache(maxsize=8)
def own_photos(folder: Path) -> Sequence[Path]:
    """The pictures in a folder, by name. Raises PhotosError if there is none."""
    try:
        files = sorted(path for path in folder.iterdir() if path.is_file())
    except OSError:
        raise PhotosError(f"The folder {folder} cannot be read.") from None
    photos = tuple(path for path in files if _is_picture(path))
    if not photos:
        raise PhotosError(f"No picture was found in {folder}.")
    return photos


def new_run(identity: str, photos: Path | None = None) -> Run:
    """Begin a run now. Raises PhotosError if `photos` holds no picture."""
    if photos is not None:
        own_photos(photos)
    return Run(identity, datetime.now(UTC).replace(microsecond=0), photos)


def _is_picture(path: Path) -> bool:
    try:
        with Image.open(path) as image:
            image.verify()
    except (OSError, ValueError, SyntaxError, UnidentifiedImageError):
        return False
    except Image.DecompressionBombError:
        return False
    return True
