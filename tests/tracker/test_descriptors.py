import hashlib
import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper

from tests import clips
from tests.drawing import blank, encode, landscape, recompress, resize
from tests.tracker.test_command_line import tracker
from tracker import Descriptor, DescriptorError, DescriptorIndex, Picture
from tracker.descriptors import POSSIBLE, prepared, unit
from tracker.images import decoded

Network = Callable[..., str]


def a_picture(seed: int) -> Picture:
    image = landscape(seed)
    return decoded(image, format="PNG", sha256="", size=0)


@pytest.fixture
def network(tmp_path: Path) -> Network:
    """Writes a network that averages a picture into 8 x 8 fields, and returns its URL."""

    def written(
        *, operator: str = "Flatten", shape: tuple[int | str, ...] = (1, 3, 64, 64)
    ) -> str:
        asked = helper.make_tensor_value_info("picture", TensorProto.FLOAT, shape)
        given = helper.make_tensor_value_info("fields", TensorProto.FLOAT, None)
        field = [8, 8]
        nodes = [
            helper.make_node(
                "AveragePool", ["picture"], ["few"], kernel_shape=field, strides=field
            ),
            helper.make_node("Flatten", ["few"], ["flat"]),
            helper.make_node(operator, ["flat"], ["fields"]),
        ]
        graph = helper.make_graph(nodes, "fields", [asked], [given])
        versions = [helper.make_opsetid("", 13)]
        model = helper.make_model(graph, opset_imports=versions, ir_version=8)
        path = tmp_path / f"{operator}.onnx"
        onnx.save(model, path)
        return f"onnx:{path}#sha256={hashlib.sha256(path.read_bytes()).hexdigest()}"

    return written


def test_a_descriptor_has_length_one_and_knows_a_copy(network: Network) -> None:
    descriptor = Descriptor(network())
    drawn = landscape(1)
    copy = recompress(resize(drawn))
    one, other, stranger = (
        descriptor.describe(decoded(image, format="PNG", sha256="", size=0))
        for image in (drawn, copy, landscape(2))
    )
    assert one.shape == (192,)
    assert np.linalg.norm(one) == pytest.approx(1)
    assert one @ other > 0.99 > one @ stranger
    assert descriptor.version.startswith("onnx/")


def test_a_size_that_a_network_leaves_open_is_what_sscd_publishes(
    network: Network,
) -> None:
    descriptor = Descriptor(network(shape=("n", 3, "h", "w")))
    assert descriptor._shape == (320, 320)


def test_pixels_are_prepared_as_imagenets() -> None:
    grey = prepared(blank("#808080", (50, 20)), (8, 4))
    assert grey.shape == (1, 3, 8, 4)
    expected = (128 / 255 - np.array([0.485, 0.456, 0.406])) / [0.229, 0.224, 0.225]
    assert grey[0, :, 3, 2] == pytest.approx(expected, abs=1e-5)


def test_another_file_than_was_named_is_not_loaded(
    network: Network, tmp_path: Path
) -> None:
    url = network()
    with pytest.raises(DescriptorError, match="is another one"):
        Descriptor(url[:-64] + "0" * 64)
    (tmp_path / "Flatten.onnx").unlink()
    with pytest.raises(DescriptorError, match="cannot be read"):
        Descriptor(url)
    for told in ("", "onnx:/x.onnx", "torch:/x#sha256=" + "0" * 64, url.upper()):
        with pytest.raises(DescriptorError, match="is given as"):
            Descriptor(told)


def test_a_file_that_is_no_network_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "text.onnx"
    path.write_bytes(b"hello")
    sha256 = hashlib.sha256(b"hello").hexdigest()
    with pytest.raises(DescriptorError, match="no ONNX network"):
        Descriptor(f"onnx:{path}#sha256={sha256}")


@pytest.mark.parametrize("shape", [(1, 1, 64, 64), (3, 64), (1, 3, 9000, 64)])
def test_a_network_that_takes_no_picture_is_refused(
    network: Network, shape: tuple[int, ...]
) -> None:
    operator = "Flatten" if len(shape) == 4 else "Identity"
    with pytest.raises(DescriptorError):
        Descriptor(network(operator=operator, shape=shape))


def test_what_is_no_number_is_refused(network: Network) -> None:
    # The logarithm of what is darker than the mean is none.
    with pytest.raises(DescriptorError, match="no finite number"):
        Descriptor(network(operator="Log")).describe(a_picture(1))


def test_an_index_finds_all_within_a_cosine_and_the_nearest_first() -> None:
    rng = np.random.default_rng(1)
    vectors = unit(rng.normal(size=(200, 16)).astype(np.float32))
    ids = np.arange(200, dtype=np.uint64) + np.uint64(2**63)
    index = DescriptorIndex(16)
    index.add(ids, vectors)
    cosines = vectors[:5] @ vectors.T
    for row, hits in zip(cosines, index.search(vectors[:5], 0.3), strict=True):
        wanted = sorted(np.flatnonzero(row >= 0.3), key=lambda at: -row[at])
        assert [hit[0] for hit in hits] == [int(ids[at]) for at in wanted]
    assert len(index) == 200
    (only,) = index.search(vectors[:1])
    assert only[0][1] == pytest.approx(1)
    assert all(cosine >= POSSIBLE for _, cosine in only)


@pytest.mark.parametrize("bad", [np.nan, np.inf, 0.0])
def test_an_index_takes_no_descriptor_without_a_direction(bad: float) -> None:
    index = DescriptorIndex(4)
    spoilt = np.full((1, 4), bad, np.float32)
    with pytest.raises(DescriptorError):
        index.add(np.array([1], np.uint64), spoilt)
    with pytest.raises(DescriptorError):
        index.search(spoilt)
    with pytest.raises(DescriptorError, match="of 4 numbers"):
        index.add(np.array([1], np.uint64), np.ones((1, 5), np.float32))
    assert len(index) == 0


def test_the_command_line_asks_the_descriptor_too(
    network: Network, tmp_path: Path
) -> None:
    still, clip = tmp_path / "still.png", tmp_path / "clip.mp4"
    still.write_bytes(encode(clips.scenes((2,))[4]))
    clip.write_bytes(clips.clip(1, 2))
    url = network()
    done = tracker("compare", still, clip, "--descriptor", url, "--json")
    told = json.loads(done.stdout)
    assert (told["kind"], told["descriptor"]["kind"]) == ("near", "possible")
    assert told["descriptor"]["cosine"] > 0.9
    wrong = tracker("compare", still, clip, "--descriptor", url[:-1] + "g")
    assert (wrong.returncode, b"is given as" in wrong.stdout) == (1, True)


def test_onnxruntime_is_loaded_only_for_a_descriptor() -> None:
    program = "import sys, tracker; sys.exit('onnxruntime' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0
