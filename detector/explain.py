"""Every sentence that the detector says, as data keyed by code, and its making safe.

It must not know how a finding came about; another language is another table here.
"""

import unicodedata
from collections.abc import Iterator, Sequence
from typing import Final, NamedTuple

from detector.assessment import Assessment, Evidence, Finding, ModelOpinion, Strength

QUOTE_LIMIT: Final = 500


class Text(NamedTuple):
    """A short finding and a sentence or two, with placeholders for facts."""

    finding: str
    detail: str


# The code's first part is the evidence's kind.
TEXTS: Final[dict[str, Text]] = {
    "provenance.nothing": Text(
        "nothing declared",
        "The file says nothing about how it was made. Most platforms and messengers "
        "remove such statements, so their absence means nothing.",
    ),
    "metadata.unreadable": Text(
        "unreadable metadata",
        "The file's {block} could not be read safely: {reason}. It was left unread, "
        "and nothing follows from that.",
    ),
    "c2pa.ai.trusted": Text(
        "made or altered by AI, signed by a trusted signer",
        "A signed history (Content Credentials) says that AI made or altered this "
        "picture. The file is unchanged since it was signed, and the signer is on the "
        "configured trust list. It says: “{quote}”.",
    ),
    "c2pa.ai.valid": Text(
        "made or altered by AI, signature valid, signer not verified",
        "A signed history (Content Credentials) says that AI made or altered this "
        "picture. The file is unchanged since it was signed, but no configured trust "
        "list names the signer, so who signed is only what the certificate claims. It "
        "says: “{quote}”.",
    ),
    "c2pa.ai.invalid": Text(
        "made or altered by AI according to a history that fails its check",
        "A history (Content Credentials) says that AI made or altered this picture, "
        "but its check failed ({failures}): the file or the history was changed after "
        "signing, or the history belongs to another picture. It says: “{quote}”.",
    ),
    "c2pa.other.trusted": Text(
        "a signed history without a statement about AI, by a trusted signer",
        "The file carries a signed history (Content Credentials) that is intact and by "
        "a signer on the configured trust list. It does not mention AI; that is not a "
        "statement that none was used. It says: “{quote}”.",
    ),
    "c2pa.other.valid": Text(
        "a signed history without a statement about AI, signer not verified",
        "The file carries a signed history (Content Credentials) that is intact, but "
        "no configured trust list names the signer. It does not mention AI; that is "
        "not a statement that none was used. It says: “{quote}”.",
    ),
    "c2pa.other.invalid": Text(
        "a history that fails its check",
        "The file carries a history (Content Credentials) that fails its check "
        "({failures}): the file or the history was changed after signing. Ordinary "
        "editing does this too. It says: “{quote}”.",
    ),
    "c2pa.unreadable": Text(
        "unreadable manifest",
        "The file carries what looks like a signed history (Content Credentials), but "
        "it is damaged or too costly to read. Nothing follows from that.",
    ),
    "c2pa.remote": Text(
        "manifest elsewhere, not fetched",
        "The file says that its signed history (Content Credentials) lies on a server. "
        "The detector asks no server. The address given is “{quote}”.",
    ),
    "digital_source_type.ai": Text(
        "declared as made or altered by AI",
        "The file's description (IPTC digital source type) says that AI made or "
        "altered this picture. The description is not signed, so anybody could have "
        "written it. It says: “{quote}”.",
    ),
    "digital_source_type.algorithmic": Text(
        "declared as drawn by an algorithm",
        "The file's description (IPTC digital source type) says that software drew or "
        "enhanced this picture, without saying that it was trained on pictures. The "
        "description is not signed. It says: “{quote}”.",
    ),
    "digital_source_type.other": Text(
        "declared source without AI",
        "The file's description (IPTC digital source type) names a source that is not "
        "AI. The description is not signed and proves nothing. It says: “{quote}”.",
    ),
    "aigc_label.unreadable": Text(
        "a label for generated content without a readable value",
        "The {place} holds China's label for generated content (GB 45438-2025), but "
        "its value is none of 1, 2 and 3 or is damaged. It says: “{quote}”.",
    ),
    "generator_parameters.made": Text(
        "settings of an AI image generator",
        "The file holds the settings with which {tool} made a picture. Such text is "
        "not signed, but it is rarely faked. It says: “{quote}”.",
    ),
    "generator_parameters.from_source": Text(
        "settings of an AI image generator that worked on a given picture",
        "The file holds the settings with which {tool} made a picture, and they name a "
        "loaded picture and a mask: a source picture was probably altered in part. "
        "Such text is not signed, but it is rarely faked. It says: “{quote}”.",
    ),
    "generator_parameters.job": Text(
        "a description as {tool} writes it",
        "The file's description looks as {tool} writes it for the pictures that it "
        "makes. It is short and easily copied. It says: “{quote}”.",
    ),
    "editing_software.ai": Text(
        "an AI tool is named as the software",
        "The {place} names software that makes or alters pictures by AI. The name is "
        "not signed. It says: “{quote}”.",
    ),
    "editing_software.editor": Text(
        "an editing program is named",
        "The {place} names an editing program. Cropping or brightening a photo leaves "
        "the same trace, so this is no sign of forgery. It says: “{quote}”.",
    ),
    "editing_software.other": Text(
        "software is named",
        "The {place} names the software below, which is not known as an AI tool. "
        "Cameras write such a name too, and anybody can; it proves nothing. It says: "
        "“{quote}”.",
    ),
    "reliability.low": Text(
        "the measurements are of little use here",
        "{reason} The measurements below are less reliable than usual: small size and "
        "strong compression wipe out what they look for.",
    ),
    "reliability.none": Text(
        "nothing to measure",
        "{reason} No measurement was taken.",
    ),
    "jpeg_quantisation.standard": Text(
        "JPEG quality about {quality}",
        "The file was last saved as JPEG at quality {quality} of 100, with the usual "
        "tables, as most programs and platforms do. This says how the copy was saved, "
        "not how the picture was made.",
    ),
    "jpeg_quantisation.own": Text(
        "own JPEG tables, like quality {quality}",
        "The file was last saved as JPEG with tables of its maker's own, comparable to "
        "quality {quality} of 100. Cameras and some editing programs have such tables. "
        "This says how the copy was saved, not how the picture was made.",
    ),
    "jpeg_ghosts.earlier": Text(
        "traces of an earlier JPEG quality",
        "Saved again at different qualities, the picture changes unusually little at "
        "quality {qualities}, so it was probably saved at that quality before; "
        "{share:.0%} of its textured areas show yet another one. Most pictures that "
        "were passed on were saved more than once, and smooth areas mislead this "
        "measurement.",
    ),
    "jpeg_ghosts.none": Text(
        "no trace of an earlier JPEG quality of the whole",
        "Saved again at different qualities, the picture as a whole shows no earlier "
        "quality; {share:.0%} of its textured areas show one of their own, as pasted "
        "parts can, but so do repeated saving and smooth areas. Resizing removes the "
        "trace.",
    ),
    "error_level.measured": Text(
        "error level {median:.2f}, busiest areas {ratio:.1f} times that",
        "Saved again at quality 90, the middle area changes by {median:.2f} grey "
        "levels and the most changed twentieth by {ratio:.1f} times as much. Edges and "
        "text always stand out, so a high number alone means nothing.",
    ),
    "blocking_grid.aligned": Text(
        "JPEG grid in its usual place",
        "The 8 x 8 grid that JPEG leaves begins at the picture's corner; {share:.0%} "
        "of the areas with a clear grid disagree. Straight lines in the scene can "
        "imitate a grid.",
    ),
    "blocking_grid.shifted": Text(
        "JPEG grid shifted by {x}, {y} pixels",
        "The 8 x 8 grid that JPEG leaves begins {x} pixels from the left and {y} from "
        "the top of its cells; {share:.0%} of the areas with a clear grid disagree. "
        "Cropping or turning a JPEG shifts its grid, so this is common in pictures "
        "passed on. Straight lines in the scene can imitate a grid.",
    ),
    "blocking_grid.absent": Text(
        "no JPEG grid",
        "The 8 x 8 grid that JPEG leaves is not visible. High quality, resizing and "
        "pictures that never were a JPEG all lead to this.",
    ),
    "noise_map.measured": Text(
        "noise level {median:.2f}, uneven by {spread:.1f} times",
        "The fine noise is {median:.2f} grey levels in the middle area; the tenth with "
        "most has {spread:.1f} times that of the tenth with least. Pasted parts can "
        "differ in noise, but so do focus, sky, shade and texture in any photo.",
    ),
    "resampling.periodic": Text(
        "a periodic trace of resizing or turning",
        "The picture's fine structure repeats regularly (strongest at {x:.3f}, {y:.3f} "
        "cycles per pixel, {ratio:.0f} times its surroundings), as after enlarging, "
        "turning or warping. Nearly every platform resizes, and woven or printed "
        "patterns repeat too.",
    ),
    "resampling.none": Text(
        "no periodic trace of resizing or turning",
        "The picture's fine structure does not repeat regularly (the strongest "
        "repetition is {ratio:.1f} times its surroundings). Shrinking and later JPEG "
        "compression remove the trace, so it may have been there.",
    ),
    "spectrum.measured": Text(
        "frequency slope {slope:.1f}, {peaks} regular peaks",
        "Detail fades with frequency at a slope of {slope:.1f} (photos mostly lie "
        "between -1.5 and -4), the finest detail lies {tail:+.1f} orders of magnitude "
        "off that line, and {peaks} regular peaks stand out. Some generators leave "
        "peaks, but so do fabrics, screens and JPEG: about one photo in four has some. "
        "Blur and resizing change the slope.",
    ),
    "derivation.replaced": Text(
        "made from the original given, {replaced:.0%} of it replaced",
        "{points} places agree with the original in one arrangement, and so do the "
        "areas around them: this picture was made from it. {notes} Of what can be "
        "compared {registered:.0%} is a copy of the original. {replaced:.0%} of the "
        "picture is not: {where}. That part was painted over, recoloured, generated or "
        "taken from another picture; which of these, and whether with AI, a comparison "
        "cannot tell. {plain:.0%} of the picture is too plain to compare.",
    ),
    "derivation.rearranged": Text(
        "made from the original given, its parts put elsewhere",
        "{points} places agree with the original, and so do the areas around them: "
        "this picture was made from it. {notes} Of what can be compared "
        "{registered:.0%} is a copy of the original. {plain:.0%} of the picture is too "
        "plain to compare.",
    ),
    "derivation.copy": Text(
        "a copy of the original given, no part replaced",
        "{points} places agree with the original in one arrangement, and so do the "
        "areas around them: this picture was made from it. {notes} Of what can be "
        "compared {registered:.0%} is a copy, and no part was found to be replaced. "
        "Cropping, recompression and changes to the light or the colours of the whole "
        "are no such part. {plain:.0%} of the picture is too plain to compare.",
    ),
    "derivation.likely_replaced": Text(
        "probably made from the original given, {replaced:.0%} of it replaced",
        "{points} places agree with the original: too few for a proof. {notes} If this "
        "picture was made from it, {replaced:.0%} is no copy: {where}. That part was "
        "then painted over, recoloured, generated or taken from another picture; which "
        "of these, and whether with AI, a comparison cannot tell.",
    ),
    "derivation.likely_copy": Text(
        "probably a copy of the original given",
        "{points} places agree with the original: too few for a proof. {notes} No part "
        "was found to be replaced. {plain:.0%} of the picture is too plain to compare.",
    ),
    "derivation.not_shown": Text(
        "no derivation from the original shown",
        "No arrangement of places was found that this picture shares with the original "
        "given. It may still have been made from it: strong changes, a very small part "
        "and plain pictures leave too little to agree.",
    ),
    "c2pa.ai.unlisted": Text(
        "made or altered by AI, signature valid, signer not on the trust list",
        "A signed history (Content Credentials) says that AI made or altered this "
        "picture. The file is unchanged since it was signed, but the signer is not on "
        "the configured trust list, so who signed is only what the certificate claims. "
        "It says: “{quote}”.",
    ),
    "c2pa.other.unlisted": Text(
        "a signed history without a statement about AI, signer not on the trust list",
        "The file carries a signed history (Content Credentials) that is intact, but "
        "the signer is not on the configured trust list. It does not mention AI; that "
        "is not a statement that none was used. It says: “{quote}”.",
    ),
    "aigc_label.1.told": Text(
        "labelled as AI-generated (label 1)",
        "China's label for generated content (GB 45438-2025) in the {place} says that "
        "this is AI-generated. {who} The detector does not check a signature in it. "
        "It says: “{quote}”.",
    ),
    "aigc_label.2.told": Text(
        "labelled as possibly AI-generated (label 2)",
        "China's label for generated content (GB 45438-2025) in the {place} says that "
        "this is possibly AI-generated. {who} The detector does not check a signature "
        "in it. It says: “{quote}”.",
    ),
    "aigc_label.3.told": Text(
        "labelled as suspected to be AI-generated (label 3)",
        "China's label for generated content (GB 45438-2025) in the {place} says that "
        "this is suspected to be AI-generated. {who} The detector does not check a "
        "signature in it. It says: “{quote}”.",
    ),
    "generator_marks.watermark": Text(
        "the invisible watermark of {tool}",
        "The pixels hold, bit for bit, the invisible watermark that programs for "
        "{tool} write into what they make. It is no signature, so anybody could have "
        "written it, but hardly anybody does. Resizing and compression remove it.",
    ),
    "generator_marks.hidden": Text(
        "settings of an AI image generator, hidden in the pixels",
        "The lowest bits of the pixels hold a text of the form in which AI image "
        "generators such as NovelAI hide the settings of what they made. It is not "
        "signed, but it is rarely faked. It says: “{quote}”.",
    ),
    "generator_marks.damaged": Text(
        "a mark of AI image generators, hidden in the pixels, its text unreadable",
        "The lowest bits of the pixels begin with the mark under which AI image "
        "generators such as NovelAI hide the settings of what they made ({quote}), but "
        "the text behind it cannot be read.",
    ),
    "frames.raised": Text(
        "{count} of {judged} frames show signs",
        "{count} of the {judged} sampled frames that can be judged show such signs by "
        "themselves; with {enough} of them the whole is said to. They lie at {moments}.",
    ),
    "frames.few": Text(
        "too few of the frames show signs",
        "{count} of the {judged} sampled frames that can be judged show signs by "
        "themselves, at {moments}. That is below the {enough} with which the whole is "
        "said to: single frames may mislead.",
    ),
    "frames.clear": Text(
        "no sign in any frame",
        "None of the {judged} sampled frames that can be judged shows a sign by itself.",
    ),
    "frames.none": Text(
        "no frame can be judged",
        "{looked_at} frames were looked at, and none has enough in it to be judged.",
    ),
    "continuity.measured": Text(
        "the most abrupt change lies at {moment}",
        "From one sampled frame to the next, fine noise changes {noise:.2f} times and "
        "sharpness {sharpness:.2f} times in the middle of {pairs} pairs, at most "
        "{most_noise:.2f} and {most_sharpness:.2f} times.{patches} Measured against how "
        "much the scene itself changes, most changes at {moment}. Cuts, movement, light "
        "and the way in which videos are compressed all do this, so it decides nothing.",
    ),
    "continuity.single": Text(
        "no course to measure",
        "Fewer than two neighbouring frames could be compared.",
    ),
}

# Who declares what China's label says.
DECLARERS: Final[dict[str, str]] = {
    "producer": (
        "It names the service that made the content, so this is that producer's own "
        "statement."
    ),
    "propagator": (
        "It names no producer, only a platform that passed the content on, so this is "
        "that platform's opinion."
    ),
    "both.statement": (
        "It names the service that made the content, whose statement this is, and a "
        "platform that passed it on."
    ),
    "both.opinion": (
        "It names the service that made the content and a platform that passed it on; "
        "a label of this degree is the platform's opinion."
    ),
    "nobody": (
        "It names neither a producer nor a platform, so it does not tell who declares "
        "this."
    ),
    "company": (
        "The code in it holds the number {number}, under which China's public register "
        "lists companies."
    ),
}

# What is added to the measurement of a video's course where a model draws a map.
PATCHES: Final = " The model's map changes by {patches:.0%} in the middle."

# What a trained model says, or why it says nothing.
OPINIONS: Final[dict[str, Text]] = {
    "calibrated": Text(
        "{ratio:.2g} times as likely for AI as for a photo",
        "The trained model {name} gives this picture a score that was seen {ratio:.2g} "
        "times as often among pictures made or altered by AI as among photos.",
    ),
    "uncalibrated": Text(
        "{probability:.0%}, not calibrated",
        "This is how sure the trained model {name} calls itself that AI made or altered "
        "this picture. How often it is right was not measured here, so the number "
        "decides nothing.",
    ),
    "abstained": Text("no opinion", "The trained model {name} says nothing. {reason}"),
}

ABSTENTIONS: Final[dict[str, str]] = {
    "models.nothing": "The picture is too small or too even to be judged.",
    "models.long": "The picture is too long and narrow to be judged.",
    "models.no_number": "Its weights lead to no number for this picture.",
    "models.small": (
        "The picture is too small, or too long and narrow, for what was learned."
    ),
    "models.recompressed": "The picture was saved too strongly compressed to be judged.",
    "models.not_a_photo": (
        "Most of the picture is even: it looks like a drawing or a screen, not a photo."
    ),
}

SUMMARIES: Final[dict[Finding, str]] = {
    "declared": "Made or altered by AI: the file itself declares it.",
    "strong signs": "Strong signs that AI made or altered this picture.",
    "some signs": "Some signs that AI made or altered this picture.",
    "no sign found": (
        "No sign of AI was found. That is no proof that the picture is authentic."
    ),
    "cannot say": "Nothing can be said: there is too little to look at.",
}
VIDEO_SUMMARIES: Final[dict[Finding, str]] = {
    "declared": "Made or altered by AI: the file itself declares it.",
    "strong signs": "Strong signs that AI made or altered this video.",
    "some signs": "Some signs that AI made or altered this video.",
    "no sign found": (
        "No sign of AI was found. That is no proof that the video is authentic."
    ),
    "cannot say": "Nothing can be said: there is no frame with enough in it.",
}
# Where nothing but the comparison with an original raised the finding.
_OF_DERIVATION: Final[dict[Finding, str]] = {
    "strong signs": "Strong signs that this picture is an edit of the original given.",
    "some signs": "Some signs that this picture is an edit of the original given.",
}
_VIDEO_OF_DERIVATION: Final[dict[Finding, str]] = {
    "strong signs": "Strong signs that this video is an edit of the original given.",
    "some signs": "Some signs that this video is an edit of the original given.",
}

_NOT_TESTED_MODELS: Final = (
    "Trained models: no calibrated model is installed, so there is no probability and "
    "no likelihood ratio."
)
_NOT_TESTED_CALIBRATED: Final = (
    "Trained models: none that answered is calibrated, so there is no likelihood ratio."
)
_NOT_TESTED_DEFENDERS: Final = (
    "DeepFakeDefenders: its weights may not be passed on, and none are configured here."
)
_NOT_TESTED_MANIFEST: Final = (
    "Content Credentials (C2PA): the bytes of the file were not given."
)
_NEVER_TESTED: Final = (
    "SynthID: no detector for Google's invisible watermark works offline.",
    "Stable Signature: there is no public detector for Meta's invisible watermark.",
    "Other invisible watermarks than the known ones of Stable Diffusion, FLUX and NovelAI.",
    "A visible label in the picture itself: the detector does not read writing.",
    "Camera noise fingerprint (PRNU): it needs other pictures of the same camera.",
)
_STOPPED: Final = (
    "Frames after the first {count}: the time allowed was over before they came."
)
_SAMPLED: Final = (
    "Frames between the sampled ones: {count} were looked at, from {first} to {last}."
)
_NOT_TESTED_SOUND: Final = "Sound and speech."
_NOT_TESTED_ORIGINAL: Final = "Comparison with an original: none was given."

REASONS: Final[dict[str, str]] = {
    "small": "The picture is only {width} x {height} pixels.",
    "flat": "The picture is one even area.",
    "quality": "The picture was saved at JPEG quality {quality}.",
    "entities": "it declares entities, which can be a trap",
    "oversized": "it is too large",
    "malformed": "it is damaged",
}

# What is added to a derivation.
NOTES: Final[dict[str, str]] = {
    "mirrored": "It was mirrored.",
    "parts": "Its parts agree in {parts} arrangements: some were moved or repeated.",
    "bound": (
        "Of pairs of unrelated photographs at most {bound:.3%} are called proved, "
        "counted over thousands of them with 95 % confidence."
    ),
    "by_points": (
        "Only features of the original were given, not its pixels: the regions are "
        "coarse, and a change of colour alone is not seen."
    ),
}

# Where a part lies, across and down.
POSITIONS: Final[dict[tuple[str, str], str]] = {
    ("left", "upper"): "at the upper left",
    ("centre", "upper"): "at the upper centre",
    ("right", "upper"): "at the upper right",
    ("left", "middle"): "at the left, half way down",
    ("centre", "middle"): "in the middle",
    ("right", "middle"): "at the right, half way down",
    ("left", "lower"): "at the lower left",
    ("centre", "lower"): "at the lower centre",
    ("right", "lower"): "at the lower right",
    ("wide", "upper"): "across the upper third",
    ("wide", "middle"): "across the middle third",
    ("wide", "lower"): "across the lower third",
    ("left", "tall"): "down the left third",
    ("centre", "tall"): "down the middle third",
    ("right", "tall"): "down the right third",
    ("wide", "tall"): "over most of the picture",
}
_EXTENT: Final = "{position} ({width:.0%} of the width, {height:.0%} of the height)"

PLACES: Final[dict[str, str]] = {
    "xmp": "file's description (XMP)",
    "png": "PNG text",
    "exif": "camera data (EXIF)",
    "bytes": "file's bytes",
    "video": "video's own description",
}


def evidence(code: str, strength: Strength, **facts: object) -> Evidence:
    """Put one piece of evidence into words.

    Args:
        code: A key of TEXTS.
        strength: How much it bears.
        facts: What the text's placeholders stand for. `place` and `quote` may come
            raw: the one is looked up, the other cleaned and cut.
    """
    text = TEXTS[code]
    if "quote" in facts:
        facts["quote"] = quote(str(facts["quote"]))
    if "place" in facts:
        facts["place"] = PLACES[str(facts["place"])]
    return Evidence(
        kind=code.partition(".")[0],
        finding=text.finding.format(**facts),
        strength=strength,
        detail=text.detail.format(**facts),
    )


def reason(code: str, **facts: object) -> str:
    return REASONS[code].format(**facts)


def note(code: str, **facts: object) -> str:
    return NOTES[code].format(**facts)


def declarer(code: str, **facts: object) -> str:
    return DECLARERS[code].format(**facts)


def position(across: str, down: str, *, width: float, height: float) -> str:
    """Where a part lies and how far it reaches, in words and shares of the picture."""
    return _EXTENT.format(position=POSITIONS[across, down], width=width, height=height)


def opinion(given: ModelOpinion) -> Text:
    """Put what a model says into words."""
    code = "calibrated"
    if given.abstained:
        code = "abstained"
    elif given.likelihood_ratio is None:
        code = "uncalibrated"
    facts = {
        "name": given.name,
        "probability": given.probability,
        "ratio": given.likelihood_ratio,
        "reason": ABSTENTIONS.get(given.abstained, ""),
    }
    text = OPINIONS[code]
    return Text(text.finding.format(**facts), text.detail.format(**facts))


def not_tested(
    given: Sequence[ModelOpinion], *, manifest: bool, original: bool
) -> tuple[str, ...]:
    """List what this assessment leaves open, as sentences."""
    lines = [*_models_not_tested(given)]
    if not manifest:
        lines.append(_NOT_TESTED_MANIFEST)
    lines.extend(_NEVER_TESTED)
    if not original:
        lines.append(_NOT_TESTED_ORIGINAL)
    return tuple(lines)


def video_not_tested(moments: Sequence[float], *, stopped: bool) -> Iterator[str]:
    """Say which frames were looked at, and that sound was not.

    Args:
        moments: Of the frames that were looked at, in order, in seconds.
        stopped: There were more frames, but time was over.
    """
    if stopped:
        yield _STOPPED.format(count=len(moments))
    if moments:
        first, last = moment(moments[0]), moment(moments[-1])
        yield _SAMPLED.format(count=len(moments), first=first, last=last)
    yield _NOT_TESTED_SOUND


def moment(seconds: float) -> str:
    """A moment as players show it.

    >>> moment(0), moment(75.26), moment(3725)
    ('0:00.0', '1:15.3', '1:02:05.0')
    """
    tenths = round(seconds * 10)
    minutes, rest = divmod(tenths, 600)
    clock = f"{minutes // 60}:{minutes % 60:02}" if minutes >= 60 else f"{minutes}"
    return f"{clock}:{rest / 10:04.1f}"


def patches(change: float) -> str:
    return PATCHES.format(patches=change)


def video_summary(finding: Finding, reasons: frozenset[str]) -> str:
    """The finding in a sentence, which names AI only where something else does.

    Args:
        finding: Of the whole video.
        reasons: The kinds of evidence that raised it.
    """
    if reasons == {"derivation"}:
        return _VIDEO_OF_DERIVATION[finding]
    return VIDEO_SUMMARIES[finding]


def summary(assessment: Assessment) -> str:
    """The finding in a sentence, which names AI only where something else does."""
    raising = {"strong signs": "strong", "some signs": "medium"}.get(assessment.finding)
    kinds = {e.kind for e in assessment.evidence if e.strength == raising}
    if kinds == {"derivation"}:
        return _OF_DERIVATION[assessment.finding]
    return SUMMARIES[assessment.finding]


def _models_not_tested(given: Sequence[ModelOpinion]) -> Iterator[str]:
    if not given:
        yield _NOT_TESTED_MODELS
    elif all(one.likelihood_ratio is None for one in given):
        yield _NOT_TESTED_CALIBRATED
    yield from (opinion(one).detail for one in given if one.abstained)
    if not any(one.name.startswith("defenders") for one in given):
        yield _NOT_TESTED_DEFENDERS


def quote(text: str) -> str:
    """Make a stranger's text fit to print, in at most QUOTE_LIMIT characters.

    Control, format (among them those that turn the writing direction), private and
    unassigned characters become spaces, and runs of spaces one space.
    """
    start = text[: QUOTE_LIMIT * 8]
    visible = "".join(
        " " if unicodedata.category(letter)[0] in "CZ" else letter for letter in start
    )
    words = " ".join(visible.split())
    if len(words) <= QUOTE_LIMIT and len(text) == len(start):
        return words
    return words[: QUOTE_LIMIT - 1].rstrip() + "…"
