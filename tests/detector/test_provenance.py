"""What a file says about itself, in every place, and hostile metadata in each."""

import json
import struct
import time
from collections.abc import Callable
from typing import Final

import pytest
from PIL import Image, PngImagePlugin

from detector import Assessment, Evidence, assess, provenance
from detector.provenance.containers import described
from tests import clips

Save = Callable[..., bytes]
Reopen = Callable[[bytes], Image.Image]

IPTC: Final = "http://cv.iptc.org/newscodes/digitalsourcetype/"
DST: Final = "Iptc4xmpExt:DigitalSourceType"
AI: Final = f"{IPTC}trainedAlgorithmicMedia"
WEB_UI: Final = (
    "a red teapot on a table\nNegative prompt: people\nSteps: 20, Sampler: Euler a, "
    "CFG scale: 7, Seed: 1234, Size: 512x512, Model hash: 0123456789, Model: made-up"
)
COMFY: Final = json.dumps(
    {
        "3": {"class_type": "KSampler", "inputs": {"seed": 1, "steps": 20}},
        "4": {"class_type": "CheckpointLoaderSimple", "inputs": {}},
    }
)
COMFY_WORKFLOW: Final = json.dumps(
    {"last_node_id": 9, "last_link_id": 9, "nodes": [{"id": 1, "type": "KSampler"}]}
)
INPAINT: Final = json.dumps(
    {
        "1": {"class_type": "LoadImage", "inputs": {"image": "photo.png"}},
        "2": {"class_type": "VAEEncodeForInpaint", "inputs": {}},
    }
)


def label(value: object = "1") -> str:
    return json.dumps(
        {
            "Label": value,
            "ContentProducer": "001191110000000000000000000000",
            "ProduceID": "made-up-1",
            "ReservedCode1": "",
            "ContentPropagator": "",
            "PropagateID": "",
            "ReservedCode2": "",
        }
    )


def packet(body: str = "", attributes: str = "") -> bytes:
    return (
        '<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF '
        'xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"><rdf:Description '
        'rdf:about="" xmlns:dc="http://purl.org/dc/elements/1.1/" '
        'xmlns:xmp="http://ns.adobe.com/xap/1.0/" '
        'xmlns:xmpMM="http://ns.adobe.com/xap/1.0/mm/" '
        'xmlns:stEvt="http://ns.adobe.com/xap/1.0/sType/ResourceEvent#" '
        'xmlns:photoshop="http://ns.adobe.com/photoshop/1.0/" '
        'xmlns:Iptc4xmpExt="http://iptc.org/std/Iptc4xmpExt/2008-02-29/" '
        'xmlns:TC260="http://www.tc260.org.cn/ns/AIGC/1.0/" '
        f"{attributes}>{body}</rdf:Description></rdf:RDF></x:xmpmeta>"
    ).encode()


def texts(**items: str) -> PngImagePlugin.PngInfo:
    info = PngImagePlugin.PngInfo()
    for key, value in items.items():
        info.add_itxt(key, value)
    return info


def exif(tags: dict[int, str], comment: bytes = b"") -> bytes:
    block = Image.Exif()
    for tag, value in tags.items():
        block[tag] = value
    if comment:
        block.get_ifd(0x8769)[0x9286] = comment
    return block.tobytes()


def user_comment(text: str, encoding: str = "utf-16-be") -> bytes:
    return b"UNICODE\0" + text.encode(encoding)


@pytest.fixture(scope="session")
def small() -> Image.Image:
    """Enough for a file; the pixels do not matter here."""
    return Image.effect_noise((80, 80), 50).convert("RGB")


@pytest.fixture
def ask(save: Save, reopen: Reopen, small: Image.Image) -> Callable[..., Assessment]:
    """Save a picture with metadata, open the file and assess it."""

    def ask(kind: str = "PNG", **metadata: object) -> Assessment:
        data = save(kind, small, **metadata)
        return assess(reopen(data), data=data)

    return ask


Ask = Callable[..., Assessment]


def only(assessment: Assessment, kind: str) -> Evidence:
    (found,) = [piece for piece in assessment.evidence if piece.kind == kind]
    return found


# The IPTC digital source type


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_a_digital_source_type_of_ai_declares_the_picture(ask: Ask, kind: str) -> None:
    written = packet(attributes=f'{DST}="{AI}"')
    options = {"pnginfo": texts(**{"XML:com.adobe.xmp": written.decode()})}

    assessment = ask(kind, **(options if kind == "PNG" else {"xmp": written}))

    assert assessment.finding == "declared"
    piece = only(assessment, "digital_source_type")
    assert piece.strength == "declared"
    assert AI in piece.detail


@pytest.mark.parametrize(
    "body",
    [
        f"<{DST}>{IPTC}compositeSynthetic</{DST}>",
        f'<{DST} rdf:resource="{IPTC}compositeWithTrainedAlgorithmicMedia"/>',
        f"<{DST}><rdf:Bag><rdf:li>{AI}/</rdf:li></rdf:Bag></{DST}>",
    ],
    ids=["element", "resource", "list"],
)
def test_a_digital_source_type_is_read_in_every_spelling_of_rdf(
    ask: Ask, body: str
) -> None:
    assert ask("JPEG", xmp=packet(body)).finding == "declared"


@pytest.mark.parametrize(
    ("source", "strength"),
    [("digitalCapture", "none"), ("humanEdits", "none"), ("algorithmicMedia", "weak")],
)
def test_another_digital_source_type_is_told_and_raises_nothing(
    ask: Ask, source: str, strength: str
) -> None:
    attribute = f'{DST}="{IPTC}{source}"'

    assessment = ask("JPEG", xmp=packet(attributes=attribute))

    assert assessment.finding == "no sign found"
    assert only(assessment, "digital_source_type").strength == strength


# China's label


def test_a_label_in_xmp_declares_the_picture(ask: Ask) -> None:
    body = f"<TC260:AIGC>{label()}</TC260:AIGC>"

    assessment = ask("JPEG", xmp=packet(body))

    assert assessment.finding == "declared"
    piece = only(assessment, "aigc_label")
    assert "(label 1)" in piece.finding
    assert "XMP" in piece.detail
    assert "001191110000000000000000000000" in piece.detail


def test_a_label_in_png_text_declares_the_picture(ask: Ask) -> None:
    assert ask(pnginfo=texts(AIGC=label(1))).finding == "declared"


@pytest.mark.parametrize("encoding", ["utf-16-be", "utf-16-le"])
def test_a_label_in_the_exif_comment_declares_the_picture(
    ask: Ask, encoding: str
) -> None:
    comment = user_comment(f'{{"AIGC": {label()}}}', encoding)

    assessment = ask("JPEG", exif=exif({}, comment))

    assert assessment.finding == "declared"
    assert "EXIF" in only(assessment, "aigc_label").detail


@pytest.mark.parametrize("value", ["2", 3])
def test_a_label_of_possible_or_suspected_ai_is_some_signs(
    ask: Ask, value: object
) -> None:
    assessment = ask(pnginfo=texts(AIGC=label(value)))

    assert assessment.finding == "some signs"
    assert only(assessment, "aigc_label").strength == "medium"


def test_a_label_loose_in_the_files_bytes_is_found(
    save: Save, reopen: Reopen, small: Image.Image
) -> None:
    data = save("JPEG", small) + b"\0\xff" + label().encode() + b"\xfe"

    assessment = assess(reopen(data), data=data)

    assert assessment.finding == "declared"
    assert "bytes" in only(assessment, "aigc_label").detail


@pytest.mark.parametrize(
    "value",
    [
        "not JSON",
        "[" * 50_000,
        '{"Label": "9"}',
        '{"Label": {"deep": 1}}',
        '{"Label": ' + "1" * 10_000 + "}",
        "[1, 2]",
        "",
    ],
)
def test_a_label_that_makes_no_sense_is_told_and_raises_nothing(
    ask: Ask, value: str
) -> None:
    assessment = ask(pnginfo=texts(AIGC=value))

    assert assessment.finding == "no sign found"
    assert only(assessment, "aigc_label").strength == "weak"


def test_a_damaged_label_is_read_as_far_as_its_value(ask: Ask) -> None:
    assert ask(pnginfo=texts(AIGC=label()[:40])).finding == "declared"


def told(**fields: object) -> str:
    return json.dumps({"Label": "1", **fields})


@pytest.mark.parametrize(
    ("fields", "who"),
    [
        ({"ContentProducer": "a"}, "that producer's own statement"),
        ({"ContentPropagator": "b"}, "that platform's opinion"),
        ({"ContentProducer": "a", "ContentPropagator": "b"}, "whose statement this is"),
        (
            {"Label": "3", "ContentProducer": "a", "ContentPropagator": "b"},
            "a label of this degree is the platform's opinion",
        ),
        ({"ContentProducer": "", "ContentPropagator": []}, "does not tell who"),
    ],
)
def test_who_declares_a_label_is_told(
    ask: Ask, fields: dict[str, object], who: str
) -> None:
    assert who in only(ask(pnginfo=texts(AIGC=told(**fields))), "aigc_label").detail


def test_all_fields_of_a_label_are_told_and_long_ones_cut(ask: Ask) -> None:
    names = ["ContentProducer", "ProduceID", "ReservedCode1", "ContentPropagator"]
    names += ["PropagateID", "ReservedCode2"]
    full = told(**{name: f"<{name}>" + "x" * 60_000 for name in names})

    for text in (full[: full.index("x")], full):
        said = only(ask(pnginfo=texts(AIGC=text)), "aigc_label").detail
        assert "“Label: 1; ContentProducer: <ContentProducer>" in said
    short = told(**{name: f"<{name}>" for name in names})
    for text in (short, json.dumps({"AIGC": short}), short.replace('"', '\\"')):
        said = only(ask(pnginfo=texts(AIGC=text)), "aigc_label").detail
        assert all(f"{name}: <{name}>" in said for name in names)


def test_a_producers_code_with_a_right_check_digit_gives_the_companys_number(
    ask: Ask,
) -> None:
    # An often printed example of a number with its check digit.
    right, wrong = "91350100M000100Y43", "91350100M000100Y42"
    for number, known in ((right, True), (wrong, False)):
        label = told(ContentProducer=f"0011{number}00001")
        said = only(ask(pnginfo=texts(AIGC=label)), "aigc_label").detail
        assert (f"holds the number {number}" in said) is known


# The containers of videos


def said_by(video: bytes) -> dict[str, Evidence]:
    pieces = provenance.read(Image.new("RGB", (1, 1)), video)
    return {piece.kind: piece for piece in pieces}


@pytest.fixture(scope="module")
def moving() -> list[Image.Image]:
    return clips.scenes((1,))[:2]


@pytest.mark.parametrize("kind", ["mp4", "mov", "webm", "matroska"])
def test_a_label_in_a_videos_container_declares_it(
    moving: list[Image.Image], kind: str
) -> None:
    video = clips.encode(moving, kind, tags={"AIGC": label(), "software": "Kling AI"})

    piece = said_by(video)["aigc_label"]

    assert piece.strength == "declared"
    assert "video's own description" in piece.detail
    assert "ProduceID: made-up-1" in piece.detail


def test_a_label_in_a_videos_comment_is_found(moving: list[Image.Image]) -> None:
    video = clips.encode(moving, tags={"comment": json.dumps({"AIGC": label()})})

    assert said_by(video)["aigc_label"].strength == "declared"


@pytest.mark.parametrize(
    "tags",
    [
        {"prompt": COMFY},
        {"workflow": COMFY_WORKFLOW},
        {"comment": json.dumps({"prompt": COMFY, "workflow": COMFY_WORKFLOW})},
    ],
)
def test_the_graph_of_comfyui_in_a_video_is_strong_signs(
    moving: list[Image.Image], tags: dict[str, str]
) -> None:
    piece = said_by(clips.encode(moving, tags=tags))["generator_parameters"]

    assert piece.strength == "strong"
    assert "ComfyUI" in piece.detail


def box(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I", 8 + len(content)) + kind + content


FIRST: Final = box(b"ftyp", b"isom\0\0\2\0")
XMP_BOX: Final = bytes.fromhex("be7acfcb97a942e89c71999491e3afac")


def test_xmp_in_a_video_is_read_in_both_of_its_boxes() -> None:
    written = packet(attributes=f'{DST}="{AI}"')
    quicktime = box(b"moov", box(b"udta", box(b"XMP_", written)))

    for part in (box(b"uuid", XMP_BOX + written), quicktime):
        assert said_by(FIRST + part)["digital_source_type"].strength == "declared"
    bomb = said_by(FIRST + box(b"uuid", XMP_BOX + ENTITY_BOMB))
    assert "entities" in bomb["metadata"].detail


def test_the_texts_of_itunes_and_of_old_quicktime_are_read() -> None:
    data = box(b"data", bytes(8) + b"Sora AI")
    free = box(b"mean", bytes(4) + b"x") + box(b"name", bytes(4) + b"AIGC")
    items = box(b"\xa9too", data) + box(b"----", free + box(b"data", bytes(8) + b"{}"))
    itunes = box(b"udta", box(b"meta", bytes(4) + box(b"ilst", items)))
    old = box(b"udta", box(b"\xa9swr", b"\0\3\0\0Old") + box(b"AIGC", b"{1}"))

    new = described(FIRST + box(b"moov", itunes)).texts
    assert new == {"Software": "Sora AI", "AIGC": "{}"}
    long = struct.pack(">I4sQ", 1, b"moov", 16 + len(old)) + old
    assert described(FIRST + long).texts == {"Software": "Old", "AIGC": "{1}"}


def test_a_hostile_container_is_read_in_bounded_time_and_memory() -> None:
    deep = b""
    for _ in range(3000):
        deep = box(b"udta", deep)
    endless = b"\x12\x54\xc3\x67\x01" + b"\xff" * 7 + b"\x73\x73\x80" * 100_000
    for hostile in (
        FIRST + deep,
        FIRST + box(b"moov", box(b"free", b"") * 100_000),
        FIRST + struct.pack(">I4sQ", 1, b"moov", 2**63),
        FIRST + struct.pack(">I4s", 7, b"moov") + bytes(99),
        FIRST + box(b"moov", box(b"udta", box(b"AIGC", b"{" * 50_000_000))),
        FIRST + box(b"moov", box(b"meta", box(b"keys", b"\xff" * 99))),
        b"\x1a\x45\xdf\xa3" + endless * 5,
        b"\x1a\x45\xdf\xa3\x12\x54\xc3\x67",
        b"\x1a\x45\xdf\xa3\x12\x54\xc3\x67" + bytes(1000),
    ):
        begin = time.process_time()
        found = said_by(hostile)
        assert time.process_time() - begin < 2
        assert {piece.strength for piece in found.values()} <= {"none", "weak"}


@pytest.mark.parametrize("kind", ["mp4", "webm"])
def test_a_container_with_flipped_or_missing_bytes_never_raises(
    moving: list[Image.Image], kind: str
) -> None:
    whole = clips.encode(moving, kind, tags={"AIGC": label()})
    for at in range(0, len(whole), 7):
        spoilt = whole[:at] + bytes([whole[at] ^ 0xFF]) + whole[at + 1 :]
        assert isinstance(described(spoilt).texts, dict)
        assert isinstance(described(whole[:at]).texts, dict)


# The settings of generators


@pytest.mark.parametrize(
    ("tool", "items"),
    [
        ("A1111", {"parameters": WEB_UI}),
        ("ComfyUI", {"prompt": COMFY}),
        ("ComfyUI", {"workflow": COMFY_WORKFLOW}),
        ("InvokeAI", {"invokeai_metadata": '{"positive_prompt": "a", "steps": 30}'}),
        ("InvokeAI", {"sd-metadata": '{"model": "made-up", "image": {"seed": 1}}'}),
        ("Fooocus", {"parameters": '{"prompt": "a"}', "fooocus_scheme": "fooocus"}),
        ("SwarmUI", {"parameters": '{"sui_image_params": {"prompt": "a"}}'}),
        ("NovelAI", {"Software": "NovelAI", "Comment": '{"steps": 28}'}),
    ],
)
def test_the_settings_of_a_generator_in_png_text_are_strong_signs(
    ask: Ask, tool: str, items: dict[str, str]
) -> None:
    assessment = ask(pnginfo=texts(**items))

    piece = only(assessment, "generator_parameters")
    assert assessment.finding == "strong signs"
    assert tool in piece.detail


@pytest.mark.parametrize("kind", ["JPEG", "WEBP"])
@pytest.mark.parametrize("encoding", ["utf-16-be", "utf-16-le"])
def test_the_settings_of_a_generator_in_the_exif_comment_are_strong_signs(
    ask: Ask, kind: str, encoding: str
) -> None:
    assessment = ask(kind, exif=exif({}, user_comment(WEB_UI, encoding)))

    assert assessment.finding == "strong signs"
    assert "red teapot" in only(assessment, "generator_parameters").detail


def test_comfyui_graphs_in_webp_are_found(ask: Ask) -> None:
    block = exif({0x0110: f"prompt:{COMFY}", 0x010F: f"workflow:{COMFY_WORKFLOW}"})

    assert ask("WEBP", exif=block).finding == "strong signs"


def test_a_graph_that_loads_a_picture_and_a_mask_is_told_as_an_alteration(
    ask: Ask,
) -> None:
    piece = only(ask(pnginfo=texts(prompt=INPAINT)), "generator_parameters")

    assert "altered in part" in piece.detail


def test_a_midjourney_job_is_some_signs(ask: Ask) -> None:
    job = "a teapot --v 6 Job ID: 01234567-89ab-cdef-0123-456789abcdef"

    assessment = ask(pnginfo=texts(Description=job, Author="somebody"))

    assert assessment.finding == "some signs"
    assert only(assessment, "generator_parameters").strength == "medium"


@pytest.mark.parametrize(
    "items",
    [
        {"parameters": "three Steps: to a better garden"},
        {"prompt": "What is your name?"},
        {"workflow": '{"steps": ["scan", "crop"]}'},
        {"Description": "Job ID: 17"},
        {"Comment": '{"steps": 28, "sampler": "k_euler"}'},
    ],
)
def test_ordinary_text_under_a_generators_key_is_no_sign(
    ask: Ask, items: dict[str, str]
) -> None:
    assert ask(pnginfo=texts(**items)).finding == "no sign found"


# Software


@pytest.mark.parametrize("name", ["FaceApp 5.1", "Adobe Firefly 1.0"])
def test_an_ai_tool_named_in_exif_is_strong_signs(ask: Ask, name: str) -> None:
    assessment = ask("JPEG", exif=exif({0x0131: name}))

    assert assessment.finding == "strong signs"
    assert name in only(assessment, "editing_software").detail


def test_an_ai_tool_with_a_chinese_name_is_known(ask: Ask) -> None:
    assert ask(pnginfo=texts(Software="豆包AI")).finding == "strong signs"


def test_processing_software_and_a_credit_to_an_ai_are_strong_signs(ask: Ask) -> None:
    credit = packet(attributes='photoshop:Credit="Edited with Google AI"')

    assert ask("JPEG", exif=exif({0x000B: "ComfyUI"})).finding == "strong signs"
    assert ask("JPEG", xmp=credit).finding == "strong signs"


def test_an_editing_program_is_told_and_raises_nothing(ask: Ask) -> None:
    body = (
        "<xmpMM:History><rdf:Seq><rdf:li rdf:parseType='Resource'><stEvt:softwareAgent>"
        "Adobe Photoshop 25.0</stEvt:softwareAgent></rdf:li></rdf:Seq></xmpMM:History>"
    )
    assessment = ask("JPEG", xmp=packet(body, 'xmp:CreatorTool="GIMP 2.10"'))

    named = [one for one in assessment.evidence if one.kind == "editing_software"]
    assert assessment.finding == "no sign found"
    assert [piece.strength for piece in named] == ["weak", "weak"]
    assert "no sign of forgery" in named[0].detail


def test_other_software_is_told_and_means_nothing(ask: Ask) -> None:
    assessment = ask("JPEG", exif=exif({0x0131: "HDR+ 1.0.345618096zd"}))

    assert only(assessment, "editing_software").strength == "none"


@pytest.mark.parametrize("name", ["Prefacer 2", "Editor de imagen", "Firefly 8SE"])
def test_software_that_only_sounds_like_an_ai_tool_is_no_sign(
    ask: Ask, name: str
) -> None:
    assert ask("JPEG", exif=exif({0x0131: name})).finding == "no sign found"


def test_software_without_end_is_listed_up_to_a_limit(small: Image.Image) -> None:
    items = "".join(f"<rdf:li stEvt:softwareAgent='program {n}'/>" for n in range(2000))
    body = f"<xmpMM:History><rdf:Seq>{items}</rdf:Seq></xmpMM:History>"

    image = small.copy()
    image.info["xmp"] = packet(body)
    assert len(assess(image).evidence) < 30


# Hostile metadata

ENTITY_BOMB: Final = (
    b'<?xml version="1.0"?><!DOCTYPE lolz [<!ENTITY a "aaaaaaaaaa">'
    + b"".join(
        b'<!ENTITY %c "%s">' % (98 + n, b"&%c;" % (97 + n) * 10) for n in range(9)
    )
    + b"]><x:xmpmeta xmlns:x='adobe:ns:meta/'>&j;</x:xmpmeta>"
)
OUTWARD: Final = (
    b'<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/hostname">]>'
    b"<x:xmpmeta xmlns:x='adobe:ns:meta/'>&e;</x:xmpmeta>"
)


@pytest.mark.parametrize(
    ("xmp", "why"),
    [
        (ENTITY_BOMB, "entities"),
        (OUTWARD, "entities"),
        (packet()[:-30], "damaged"),
        (b"\xff\xfe\xfa" * 200, "damaged"),
        (b"<?xml version='1.0' encoding='made-up'?><a/>", "damaged"),
        (packet("<dc:title>\xe4</dc:title>").replace(b"\xc3", b""), "damaged"),
        (packet("x" * (1 << 20)), "too large"),
    ],
    ids=["bomb", "outward", "cut", "noise", "encoding", "latin-1", "large"],
)
def test_hostile_xmp_is_left_unread_and_said_so(
    small: Image.Image, xmp: bytes, why: str
) -> None:
    image = small.copy()
    image.info["xmp"] = xmp

    assessment = assess(image)

    assert assessment.finding == "no sign found"
    assert why in only(assessment, "metadata").detail


def test_xml_nested_without_end_is_read_in_bounded_time(small: Image.Image) -> None:
    image = small.copy()
    image.info["xmp"] = b"<a>" * 140_000 + b"</a>" * 140_000

    begin = time.process_time()
    assess(image)

    assert time.process_time() - begin < 3


def test_a_label_in_xmp_too_damaged_to_parse_is_still_found_in_the_bytes(
    small: Image.Image,
) -> None:
    image = small.copy()
    escaped = label().replace('"', "&quot;")
    image.info["xmp"] = packet(f"<TC260:AIGC>{escaped}</TC260:AIGC>")[:-20]

    assessment = assess(image, data=image.info["xmp"])

    assert assessment.finding == "declared"


@pytest.mark.parametrize("key", ["parameters", "prompt", "Comment", "AIGC", "Software"])
@pytest.mark.parametrize("start", ["", "Steps: 1, ", '{"class_type": "', "{[", '"'])
def test_fifty_megabytes_of_png_text_are_looked_at_in_bounded_time(
    small: Image.Image, key: str, start: str
) -> None:
    image = small.copy()
    image.info[key] = (start or " ") * (50_000_000 // max(len(start), 1))

    begin = time.process_time()
    assessment = assess(image)

    assert time.process_time() - begin < 2
    assert all(len(piece.detail) < 1200 for piece in assessment.evidence)


def test_truncated_exif_is_read_as_far_as_it_goes(small: Image.Image) -> None:
    block = exif({0x0131: "FaceApp 5.1", 0x010F: "Maker"}, user_comment(WEB_UI))

    for end in range(0, len(block), 3):
        image = small.copy()
        image.info["exif"] = block[:end]
        assert assess(image).finding in {"no sign found", "strong signs"}


def test_exif_that_points_into_itself_and_beyond_is_bounded(small: Image.Image) -> None:
    entry = struct.pack("<HHII", 0x8769, 4, 1, 8)
    beyond = struct.pack("<HHII", 0x0131, 2, 0xFFFFFFFF, 0xFFFFFFF0)
    image = small.copy()
    image.info["exif"] = (
        b"II*\0" + struct.pack("<IH", 8, 65535) + (entry + beyond) * 40_000
    )

    begin = time.process_time()
    assessment = assess(image)

    assert time.process_time() - begin < 1
    assert assessment.finding == "no sign found"


def test_oversized_exif_is_left_unread_and_said_so(small: Image.Image) -> None:
    image = small.copy()
    image.info["exif"] = b"II*\0" + b"\0" * (2 << 20)

    assert "too large" in only(assess(image), "metadata").detail


@pytest.mark.parametrize(
    "value", [None, 7, "text", b"\xff\xfe", [1], {"0": 1}, {0: None}, {0: [0] * 64}]
)
@pytest.mark.parametrize(
    "key", ["exif", "xmp", "quantization", "parameters", "AIGC", "Software", "format"]
)
def test_a_value_of_any_type_under_any_key_is_no_trouble(
    small: Image.Image, key: str, value: object
) -> None:
    image = small.copy()
    image.info[key] = value

    assert assess(image).finding == "no sign found"


def test_text_that_is_not_utf8_is_quoted_without_trouble(small: Image.Image) -> None:
    image = small.copy()
    image.info["exif"] = exif({0x0131: "x"}).replace(b"x\0", b"\xff\0")

    assert "\ufffd" in only(assess(image), "editing_software").detail


def test_control_characters_never_reach_the_reader(small: Image.Image) -> None:
    image = small.copy()
    image.info["parameters"] = "\x1b]0;owned\x07\u202e" + WEB_UI

    detail = only(assess(image), "generator_parameters").detail

    assert detail.isprintable()
