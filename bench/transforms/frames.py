"""Transforms that put a picture into something larger."""

from collections.abc import Sequence

from PIL import Image, ImageDraw, ImageFilter, ImageFont, ImageOps

from bench.transforms.levels import saved

PHONE = (1080, 2340)


def meme_bar(image: Image.Image) -> Image.Image:
    """A white bar with two lines of text on top, 22 % of the new height."""
    bar = round(image.height * 0.22 / 0.78)
    sheet = Image.new("RGB", (image.width, image.height + bar), "white")
    sheet.paste(image, (0, bar))
    _write(sheet, image.width // 30, bar // 8, bar // 4, "When she thinks that")
    _write(sheet, image.width // 30, bar // 2, bar // 4, "nobody will ever find out")
    return sheet


def white_border_8(image: Image.Image) -> Image.Image:
    return ImageOps.expand(image, round(max(image.size) * 0.08), "white")


def black_border_3(image: Image.Image) -> Image.Image:
    return ImageOps.expand(image, round(max(image.size) * 0.03), "black")


def letterbox_square(image: Image.Image) -> Image.Image:
    return ImageOps.pad(image, (1080, 1080), color="black")


def letterbox_tall(image: Image.Image) -> Image.Image:
    return ImageOps.pad(image, (1080, 1920), color="black")


def letterbox_blurred(image: Image.Image) -> Image.Image:
    """A tall story: the picture before a blurred copy of itself."""
    sheet = ImageOps.fit(image, (1080, 1920)).filter(ImageFilter.GaussianBlur(30))
    shown = ImageOps.contain(image, (1080, 1920))
    sheet.paste(shown, ((1080 - shown.width) // 2, (1920 - shown.height) // 2))
    return sheet


def screenshot(image: Image.Image) -> Image.Image:
    """A light app: status bar, a name, the picture, buttons, what people say."""
    sheet = Image.new("RGB", PHONE, "white")
    _write(sheet, 40, 24, 40, "09:41")
    _write(sheet, 900, 24, 40, "87 %")
    _disc(sheet, (40, 120, 140, 220), "tomato")
    _write(sheet, 170, 145, 44, "somebody_42")
    shown = ImageOps.contain(image, (1080, 1350))
    sheet.paste(shown, ((1080 - shown.width) // 2, 260))
    below = 260 + shown.height
    for x in (50, 150, 250):
        _disc(sheet, (x, below + 30, x + 60, below + 90), "black")
    for line, text in enumerate(("1,204 likes", "look at her", "view 88 comments")):
        _write(sheet, 40, below + 130 + 70 * line, 40, text)
    for x in range(80, 1080, 215):
        _disc(sheet, (x, 2230, x + 60, 2290), "dimgrey")
    return sheet


def screenshot_dark(image: Image.Image) -> Image.Image:
    """Full screen: the picture in the middle of black, a clock and two buttons."""
    sheet = Image.new("RGB", PHONE, "black")
    _write(sheet, 40, 24, 40, "21:07", "white")
    shown = ImageOps.contain(image, (1080, 1900))
    sheet.paste(shown, ((1080 - shown.width) // 2, (2340 - shown.height) // 2))
    for x in (80, 900):
        _disc(sheet, (x, 2220, x + 70, 2290), "white")
    return sheet


def screenshot_trimmed(image: Image.Image) -> Image.Image:
    """A screenshot cut by hand, with a little too much of one side and too little."""
    shown = ImageOps.contain(image, (1080, 1350))
    left, top = round(shown.width * 0.02), round(shown.height * 0.03)
    return saved(shown.crop((left, top, shown.width, shown.height - top // 2)), 80)


def photo_of_a_screen(image: Image.Image) -> Image.Image:
    """Aslant, a little unsharp, with the screen's lines and too much light."""
    width, height = image.size
    corners = (0, 0, 0, height, width, height * 0.98, width, height * 0.02)
    aslant = image.transform(
        image.size, Image.Transform.QUAD, corners, Image.Resampling.BICUBIC
    )
    pen = ImageDraw.Draw(aslant, "RGBA")
    for y in range(0, height, 4):
        pen.line((0, y, width, y), (0, 0, 0, 40))
    lit = Image.blend(aslant, Image.new("RGB", image.size, "white"), 0.12)
    return saved(lit.filter(ImageFilter.GaussianBlur(1.2)), 70)


def collage_2x2(image: Image.Image, others: Sequence[Image.Image]) -> Image.Image:
    """One of four cells of the same size, without gutters."""
    width, height = image.width // 2, image.height // 2
    sheet = Image.new("RGB", (width * 2, height * 2))
    for place, cell in enumerate((others[0], image, *others[1:3])):
        # What is banked is seen whole; the rest is cut to fit.
        fitted = ImageOps.fit(cell, (width, height))
        sheet.paste(fitted, (width * (place % 2), height * (place // 2)))
    return sheet


def side_by_side(image: Image.Image, others: Sequence[Image.Image]) -> Image.Image:
    """Two pictures of the same height, with a thin white line between."""
    height, gutter = min(image.height, 720), 6
    cells = [
        cell.resize((round(cell.width * height / cell.height), height))
        for cell in (others[0], image)
    ]
    sheet = Image.new("RGB", (sum(c.width for c in cells) + gutter, height), "white")
    sheet.paste(cells[0], (0, 0))
    sheet.paste(cells[1], (cells[0].width + gutter, 0))
    return sheet


def _write(
    sheet: Image.Image, x: int, y: int, size: int, text: str, colour: str = "black"
) -> None:
    font = ImageFont.load_default(max(8, size))
    ImageDraw.Draw(sheet).text((x, y), text, colour, font)


def _disc(sheet: Image.Image, box: tuple[int, int, int, int], colour: str) -> None:
    ImageDraw.Draw(sheet).ellipse(box, colour)
