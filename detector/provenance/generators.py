"""The settings that AI image generators write into the pictures that they make.

Recognised by their form, not parsed: a stranger's JSON of 50 MB is only looked at.
"""

import re
from collections.abc import Iterator
from typing import Final

from detector import explain
from detector.assessment import Evidence
from detector.provenance import exif
from detector.provenance.metadata import Metadata

_WEB_UI: Final = "Stable Diffusion (A1111 or Forge)"
_COMFY: Final = "ComfyUI"
_INVOKE: Final = "InvokeAI"

# "Steps: 20, Sampler: Euler a, CFG scale: 7, Seed: 1, ..." after the prompt.
_WEB_UI_LINE: Final = re.compile(
    r"\bSteps: \d{1,5}, (?:Sampler|Schedule type|CFG scale|Seed|Size|Model): ?"
)
# Videos hold the graph as a text within JSON, with its quotes escaped.
_COMFY_NODE: Final = re.compile(r'"class_type\\?"\s*:\s*\\?"')
_COMFY_GRAPH: Final = re.compile(r'"(?:last_node_id|last_link_id)\\?"\s*:\s*\d')
_COMFY_SOURCE: Final = re.compile(r'"(?:class_)?type\\?"\s*:\s*\\?"LoadImage')
_COMFY_MASK: Final = re.compile(
    r'"(?:class_)?type\\?"\s*:\s*\\?"[^"]{0,60}(?:Inpaint|Mask)', re.IGNORECASE
)
_SETTINGS: Final = re.compile(
    r'"(?:prompt|negative_prompt|positive_prompt|steps|sampler|sampler_name|scheduler'
    r'|cfg_scale|guidance_scale|base_model|model|seed)"\s*:'
)
_MIDJOURNEY_JOB: Final = re.compile(
    r"\bJob ID: [0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}", re.IGNORECASE
)
_DESCRIPTION: Final = "{http://purl.org/dc/elements/1.1/}description"


def read(metadata: Metadata) -> Iterator[Evidence]:
    settings: dict[str, str] = {}
    for tool, text in _settings(metadata):
        settings.setdefault(tool, text)
    for tool, text in settings.items():
        yield explain.evidence(_code(text), "strong", tool=tool, quote=text)
    job = next(filter(_MIDJOURNEY_JOB.search, _descriptions(metadata)), None)
    if job is not None:
        yield explain.evidence(
            "generator_parameters.job", "medium", tool="Midjourney", quote=job
        )


def _settings(metadata: Metadata) -> Iterator[tuple[str, str]]:
    """Yield (tool, its text) for every text in the form of a known generator."""
    texts, tags = metadata.texts, metadata.exif
    parameters = texts.get("parameters", "")
    if "fooocus_scheme" in texts or tags.get(exif.SOFTWARE, "").startswith("Fooocus"):
        yield "Fooocus", parameters or tags.get(exif.USER_COMMENT, "")
    elif '"sui_image_params"' in parameters:
        yield "SwarmUI", parameters
    for text in (parameters, tags.get(exif.USER_COMMENT, "")):
        if _WEB_UI_LINE.search(text):
            yield _WEB_UI, text
    for text in _comfy_texts(metadata):
        if _COMFY_NODE.search(text) or _COMFY_GRAPH.search(text):
            yield _COMFY, text
    for key in ("invokeai_metadata", "invokeai_graph", "sd-metadata"):
        if _SETTINGS.search(texts.get(key, "")):
            yield _INVOKE, texts[key]
    if texts.get("Software", "").strip() == "NovelAI":
        yield "NovelAI", texts.get("Comment") or texts.get("Source") or "NovelAI"


def _comfy_texts(metadata: Metadata) -> Iterator[str]:
    """PNG keeps the two graphs as text items, WebP under EXIF's Make and Model.

    Videos have them under their names, or together in a comment.
    """
    for key in ("prompt", "workflow", "Comment"):
        yield metadata.texts.get(key, "")
    for tag, mark in ((exif.MODEL, "prompt:"), (exif.MAKE, "workflow:")):
        text = metadata.exif.get(tag, "")
        yield text if text.startswith(mark) else ""


def _code(text: str) -> str:
    altered = _COMFY_SOURCE.search(text) and _COMFY_MASK.search(text)
    return f"generator_parameters.{'from_source' if altered else 'made'}"


def _descriptions(metadata: Metadata) -> Iterator[str]:
    yield metadata.texts.get("Description", "")
    yield metadata.exif.get(exif.DESCRIPTION, "")
    yield from metadata.xmp_values(_DESCRIPTION)
