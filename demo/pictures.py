"""Pictures drawn by code from a seed: landscapes, seas, skylines, still life. Never a body.

The same seed gives the same picture; different seeds give pictures that no hash confuses.
"""

from collections.abc import Callable
from itertools import pairwise

import numpy as np
from numpy.random import Generator, default_rng
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFilter

WIDTH, HEIGHT = 960, 720
Colour = tuple[int, int, int]
Grid = NDArray[np.float64]

SKIES: list[tuple[Colour, Colour]] = [
    ((86, 142, 205), (214, 231, 240)),
    ((52, 71, 120), (244, 178, 128)),
    ((38, 84, 124), (250, 218, 180)),
    ((110, 124, 142), (206, 210, 208)),
    ((94, 77, 138), (245, 196, 196)),
]
CLOTHS: list[Colour] = [(178, 92, 78), (70, 110, 126), (196, 166, 110), (96, 118, 84)]
FRUITS: list[Colour] = [
    (196, 48, 40),
    (226, 146, 36),
    (122, 158, 52),
    (238, 206, 72),
    (108, 44, 92),
    (216, 118, 96),
]


def draw(seed: int) -> Image.Image:
    """A picture of 960 x 720 pixels."""
    rng = default_rng(seed)
    scenes: list[Callable[[Generator], Image.Image]] = [
        mountains,
        seaside,
        skyline,
        still_life,
    ]
    return grain(scenes[int(rng.integers(len(scenes)))](rng), rng)


def mountains(rng: Generator) -> Image.Image:
    """Ridges that fade into the distance, under a sky with clouds."""
    image = sky(rng)
    near = rng.integers(25, 110, 3)
    far = np.array(image.getpixel((WIDTH // 2, HEIGHT // 2)), float)
    layers = int(rng.integers(4, 7))
    for layer in range(layers):
        depth = (layer + 1) / layers
        base = HEIGHT * (0.35 + 0.55 * depth * rng.uniform(0.8, 1.0))
        line = base + ridge(rng, roughness=1.1 + rng.random()) * 200 * (1.2 - depth / 2)
        colour = far + (near - far) * depth
        _ground(image, line, colour, rng, texture=40 * depth)
    if rng.random() < 0.6:
        _trees(image, rng)
    return image


def seaside(rng: Generator) -> Image.Image:
    """A horizon, water with the light on it, islands, sometimes sails."""
    image = sky(rng)
    horizon = int(HEIGHT * rng.uniform(0.35, 0.65))
    water = np.asarray(image, float)[::-1][: HEIGHT - horizon] * rng.uniform(0.5, 0.8)
    waves = clouds(rng, WIDTH, HEIGHT - horizon, power=1.3, squeeze=6)
    water = water + (waves[..., None] - 0.5) * 120
    image.paste(Image.fromarray(_bytes(water)), (0, horizon))
    for _ in range(int(rng.integers(1, 4))):
        _island(image, horizon, rng)
    pen = ImageDraw.Draw(image)
    for _ in range(int(rng.integers(0, 5))):
        x, y = int(rng.uniform(60, WIDTH - 60)), horizon + int(rng.uniform(10, 120))
        tall = int(rng.uniform(50, 150))
        sail: Colour = (250, 246, 236) if rng.random() < 0.7 else (190, 70, 60)
        pen.polygon([(x, y), (x, y - tall), (x + tall // 2, y)], fill=sail)
        pen.polygon(
            [(x - tall // 3, y + 4), (x + tall // 2, y + 4), (x, y + tall // 5)],
            fill=(70, 50, 40),
        )
    return image


def skyline(rng: Generator) -> Image.Image:
    """Towers in several rows, some windows lit."""
    image = sky(rng)
    pen = ImageDraw.Draw(image)
    for row in range(3):
        x = -int(rng.integers(0, 60))
        while x < WIDTH:
            wide = int(rng.integers(50, 150))
            top = int(HEIGHT * (0.2 + 0.18 * row) + rng.uniform(0, 0.3) * HEIGHT)
            shade = rng.integers(30, 90, 3) + 90 - 40 * row
            pen.rectangle((x, top, x + wide, HEIGHT), fill=_colour(shade))
            _windows(pen, (x, top, wide), shade, rng)
            x += wide + int(rng.integers(0, 40))
    return image


def still_life(rng: Generator) -> Image.Image:
    """Fruit and jars on a striped cloth, lit from one side."""
    wall = clouds(rng, WIDTH, HEIGHT, power=2.0)[..., None] * 90 + rng.integers(
        40, 130, 3
    )
    image = Image.fromarray(_bytes(wall))
    table = int(HEIGHT * rng.uniform(0.45, 0.7))
    image.paste(_cloth(rng, HEIGHT - table), (0, table))
    for _ in range(int(rng.integers(1, 4))):
        _jar(image, table, rng)
    for _ in range(int(rng.integers(7, 14))):
        radius = int(rng.uniform(35, 95))
        at = (
            int(rng.uniform(0, WIDTH)),
            int(rng.uniform(table - radius, HEIGHT - radius)),
        )
        _ball(image, at, radius, FRUITS[int(rng.integers(len(FRUITS)))])
    return image


def sky(rng: Generator) -> Image.Image:
    """A gradient, clouds, perhaps a sun."""
    top, low = (
        np.array(colour, float) for colour in SKIES[int(rng.integers(len(SKIES)))]
    )
    ramp = np.linspace(0, 1, HEIGHT)[:, None, None]
    base = top + (low - top) * ramp
    cover = np.clip(
        clouds(rng, WIDTH, HEIGHT, power=1.8, squeeze=2) * 2.4 - 0.9, 0, 0.85
    )
    lit = base + (np.array([250, 246, 240]) - base) * cover[..., None]
    image = Image.fromarray(_bytes(np.broadcast_to(lit, (HEIGHT, WIDTH, 3))))
    if rng.random() < 0.6:
        x, y, r = rng.uniform(80, WIDTH - 80), rng.uniform(60, 260), rng.uniform(25, 80)
        glow = Image.new("L", image.size)
        ImageDraw.Draw(glow).ellipse((x - r, y - r, x + r, y + r), fill=235)
        image.paste(
            (255, 240, 205), (0, 0), glow.filter(ImageFilter.GaussianBlur(r / 4))
        )
    return image


def clouds(
    rng: Generator, width: int, height: int, *, power: float, squeeze: int = 1
) -> Grid:
    """Noise with a spectrum of 1 / frequency ** power, from 0 to 1."""
    noise = np.fft.rfft2(rng.standard_normal((height, width)))
    down = np.fft.fftfreq(height)[:, None] / squeeze
    across = np.fft.rfftfreq(width)[None, :]
    frequency = np.maximum(np.hypot(down, across), 1 / (2 * width))
    field = np.fft.irfft2(noise / frequency**power, (height, width))
    low, high = np.percentile(field, (1, 99))
    return np.asarray(np.clip((field - low) / (high - low), 0, 1))


def ridge(rng: Generator, roughness: float) -> Grid:
    """A line of heights over the width, about -1 to 1."""
    noise = np.fft.rfft(rng.standard_normal(2 * WIDTH))
    frequency = np.maximum(np.fft.rfftfreq(2 * WIDTH), 1 / WIDTH)
    line = np.fft.irfft(noise / frequency**roughness)[:WIDTH]
    return np.asarray((line - line.mean()) / (np.abs(line - line.mean()).max()))


def grain(image: Image.Image, rng: Generator) -> Image.Image:
    """What a sensor adds."""
    noise = rng.normal(0, 3, (HEIGHT, WIDTH, 1))
    return Image.fromarray(_bytes(np.asarray(image, float) + noise))


def _ground(
    image: Image.Image, line: Grid, colour: Grid, rng: Generator, texture: float
) -> None:
    """Everything below `line`, with light and shade."""
    shade = clouds(rng, WIDTH, HEIGHT, power=1.2)[..., None] - 0.5
    below = (np.arange(HEIGHT)[:, None] > line[None, :]).astype(np.uint8) * 255
    layer = Image.fromarray(_bytes(colour + shade * texture * 3))
    image.paste(layer, (0, 0), Image.fromarray(below))


def _trees(image: Image.Image, rng: Generator) -> None:
    pen = ImageDraw.Draw(image)
    for x in rng.uniform(0, WIDTH, int(rng.integers(6, 30))):
        foot, tall = rng.uniform(HEIGHT * 0.8, HEIGHT), rng.uniform(60, 240)
        colour = _colour(rng.integers(15, 70, 3) + np.array([0, 25, 0]))
        for part in (1.0, 0.75, 0.5):
            half, top = tall * part * 0.22, foot - tall * (1.25 - part * 0.75)
            pen.polygon(
                [(x, top - tall * 0.2), (x - half, top + 30), (x + half, top + 30)],
                colour,
            )
        pen.rectangle((x - 4, foot - tall * 0.4, x + 4, foot), (60, 44, 34))


def _island(image: Image.Image, horizon: int, rng: Generator) -> None:
    wide, left = int(rng.integers(150, 500)), int(rng.integers(-80, WIDTH - 80))
    hump = np.sin(np.linspace(0, np.pi, wide)) * rng.uniform(40, 160)
    rough = ridge(rng, 1.2)[:wide] * 25
    tops = np.maximum(hump + rough, 0)
    points = [(left + x, horizon - float(top)) for x, top in enumerate(tops)]
    outline = [(left, horizon), *points, (left + wide, horizon)]
    ImageDraw.Draw(image).polygon(outline, _colour(rng.integers(40, 110, 3)))


def _windows(
    pen: ImageDraw.ImageDraw,
    house: tuple[int, int, int],
    shade: NDArray[np.int64],
    rng: Generator,
) -> None:
    left, top, wide = house
    step = int(rng.integers(14, 26))
    lit = rng.random()
    for y in range(top + 10, HEIGHT, step):
        for x in range(left + 8, left + wide - 10, step):
            bright = rng.random() < lit * 0.6
            glass = (250, 224, 150) if bright else _colour(shade * 0.6)
            pen.rectangle((x, y, x + step // 2, y + step // 2), glass)


def _cloth(rng: Generator, height: int) -> Image.Image:
    first, second = rng.permutation(len(CLOTHS))[:2]
    across = np.linspace(0, rng.uniform(6, 16) * np.pi, WIDTH)[None, :]
    lean = np.linspace(0, rng.uniform(-8, 8), height)[:, None]
    stripe = (np.sin(across + lean) > rng.uniform(-0.5, 0.5))[..., None]
    cloth = np.where(stripe, CLOTHS[first], CLOTHS[second]).astype(float)
    folds = clouds(rng, WIDTH, height, power=1.6)[..., None] - 0.5
    return Image.fromarray(_bytes(cloth + folds * 110))


def _jar(image: Image.Image, table: int, rng: Generator) -> None:
    """A turned jar: half-widths at five heights, joined."""
    x, foot = rng.uniform(120, WIDTH - 120), table + rng.uniform(20, 120)
    heights = foot - np.array([0.0, 90, 180, 230, 280]) * rng.uniform(0.8, 1.5)
    widths = rng.uniform(25, 110, 5)
    colour = rng.integers(50, 190, 3)
    pen = ImageDraw.Draw(image)
    for (low, wide), (high, narrow) in pairwise(zip(heights, widths, strict=True)):
        for at in np.linspace(-1, 1, 40):
            light = 0.55 + 0.75 * np.exp(-((at + 0.35) ** 2) * 5)
            fill = _colour(colour * light)
            step = 2 / 40
            pen.polygon(
                [
                    (x + at * wide, low),
                    (x + (at + step) * wide, low),
                    (x + (at + step) * narrow, high),
                    (x + at * narrow, high),
                ],
                fill,
            )


def _ball(image: Image.Image, at: tuple[int, int], radius: int, colour: Colour) -> None:
    """A sphere lit from the upper left, with its shadow."""
    y, x = np.mgrid[-1 : 1 : 2 * radius * 1j, -1 : 1 : 2 * radius * 1j]
    depth = np.sqrt(np.maximum(1 - x**2 - y**2, 0))
    light = np.clip(-0.5 * x - 0.55 * y + 0.67 * depth, 0, 1)[..., None]
    shine = (light**24) * 190
    ball = Image.fromarray(_bytes(np.array(colour) * (0.25 + 0.9 * light) + shine))
    inside = Image.fromarray(((x**2 + y**2 < 1) * 255).astype(np.uint8))
    shadow = inside.resize((int(radius * 2.2), radius)).point(lambda v: v * 110 // 255)
    image.paste((20, 16, 14), (at[0], at[1] + int(radius * 1.25)), shadow)
    image.paste(ball, at, inside)


def _colour(values: NDArray[np.generic]) -> Colour:
    red, green, blue = (int(v) for v in np.clip(np.asarray(values, float), 0, 255))
    return red, green, blue


def _bytes(values: Grid) -> NDArray[np.uint8]:
    return np.clip(values, 0, 255).astype(np.uint8)
