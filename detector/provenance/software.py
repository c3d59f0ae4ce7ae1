"""The software that a picture's metadata names: an AI tool, an editor or another.

A name is easily written and easily removed, and editing is not forgery.
"""

import re
from collections.abc import Iterator
from typing import Final

from detector import explain
from detector.assessment import Evidence
from detector.provenance import exif
from detector.provenance.metadata import Metadata

_AI_TOOLS: Final = (
    "stable diffusion", "stablediffusion", "automatic1111", "comfyui", "invokeai",
    "fooocus", "novelai", "midjourney", "dall-e", "dall·e", "dalle", "gpt-image",
    "gpt-4o", "chatgpt", "openai", "adobe firefly", "google gemini", "google ai",
    "bing image creator", "leonardo.ai", "ideogram", "black forest labs", "flux.1",
    "dreamstudio", "nightcafe", "draw things", "diffusionbee", "swarmui", "sd.next",
    "easy diffusion", "seaart", "tensor.art", "liblib", "faceapp", "reface",
    "deepfacelab", "deepfacelive", "faceswap", "facefusion", "roop", "deepnude",
    "即梦", "豆包", "文心一格", "通义万相", "可灵", "混元",
)  # fmt: skip
_EDITORS: Final = (
    "photoshop", "lightroom", "gimp", "affinity photo", "snapseed", "picsart", "meitu",
    "美图", "canva", "pixelmator", "capcut", "vsco", "facetune", "beautyplus", "b612",
    "faceu", "krita", "paint.net", "imagemagick", "photoscape", "pixlr",
    "polarr", "luminar", "capture one", "darktable", "rawtherapee", "acdsee",
)  # fmt: skip

_XMP_NAMES: Final = (
    "{http://ns.adobe.com/xap/1.0/}CreatorTool",
    "{http://ns.adobe.com/xap/1.0/sType/ResourceEvent#}softwareAgent",
    "{http://ns.adobe.com/tiff/1.0/}Software",
    # Google writes "Made with Google AI" and "Edited with Google AI" here.
    "{http://ns.adobe.com/photoshop/1.0/}Credit",
)
_MAX_NAMES: Final = 16
_MAX_NAME: Final = 1000


def _any_of(names: tuple[str, ...]) -> re.Pattern[str]:
    """Match any of the names as a whole word, where its script has words."""
    return re.compile("|".join(map(_word, names)), re.IGNORECASE)


def _word(name: str) -> str:
    return rf"(?<![a-z]){re.escape(name)}(?![a-z])" if name.isascii() else name


_AI_TOOL: Final = _any_of(_AI_TOOLS)
_EDITOR: Final = _any_of(_EDITORS)


def read(metadata: Metadata) -> Iterator[Evidence]:
    named: dict[str, str] = {}
    for place, name in _names(metadata):
        named.setdefault(name[:_MAX_NAME].strip(), place)
    for name, place in list(named.items())[:_MAX_NAMES]:
        if _AI_TOOL.search(name):
            yield explain.evidence(
                "editing_software.ai", "strong", place=place, quote=name
            )
        elif _EDITOR.search(name):
            yield explain.evidence(
                "editing_software.editor", "weak", place=place, quote=name
            )
        elif name:
            yield explain.evidence(
                "editing_software.other", "none", place=place, quote=name
            )


def _names(metadata: Metadata) -> Iterator[tuple[str, str]]:
    for tag in (exif.SOFTWARE, exif.PROCESSING_SOFTWARE):
        yield "exif", metadata.exif.get(tag, "")
    yield metadata.texts_in, metadata.texts.get("Software", "")
    for key in _XMP_NAMES:
        for value in metadata.xmp_values(key):
            yield "xmp", value
