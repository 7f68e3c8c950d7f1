"""Steps on images."""

from __future__ import annotations

import io
import subprocess
import sys
import zlib
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image
from sklearn.linear_model import LogisticRegression

from redspot.errors import MissingExtraError
from redspot.pipeline import Pipeline, branch, estimate, impute, loads, pixels
from redspot.pipeline.errors import ColumnTypeError, InvalidStepError
from tests.pipeline.steps.agreement import FEW, assert_agrees, fitted, outcome

GENERATOR = np.random.default_rng(0)


def file_of(array: Any, kind: str = "PNG") -> bytes:
    """The bytes of an image file."""
    stream = io.BytesIO()
    Image.fromarray(array).save(stream, kind)
    return stream.getvalue()


GREY = GENERATOR.integers(0, 256, (5, 7), dtype=np.uint8)
COLOUR = GENERATOR.integers(0, 256, (4, 4, 3), dtype=np.uint8)
IMAGES: list[Any] = [
    None,
    file_of(GREY),
    file_of(COLOUR),
    file_of(COLOUR, "JPEG"),
    file_of(GENERATOR.integers(0, 256, (3, 3, 4), dtype=np.uint8)),
    GREY,
    COLOUR,
    COLOUR / 255.0,
    COLOUR[:, :, :1].astype(np.int64),
    GREY > 100,
]
STEPS = [pixels(3, 2), pixels(2, 3, mode="RGB", mean=[0.5, 0.4, 0.3], spread=0.25)]


@pytest.mark.parametrize("step", STEPS, ids=["L", "RGB"])
@FEW
@given(later=st.lists(st.sampled_from(range(len(IMAGES))), min_size=1, max_size=8))
def test_one_row_is_as_many_rows(step: Any, later: list[int]) -> None:
    assert_agrees(step, {"a": IMAGES}, {"a": [IMAGES[index] for index in later]})
    assert step.names(("a",)) == tuple(outcome(step, {"a": IMAGES[:1] + IMAGES[1:2]}))


def test_pixels_are_those_of_the_file() -> None:
    made = outcome(pixels(4, 4, mode="RGB"), {"x": [file_of(COLOUR), COLOUR]})
    assert list(made)[:4] == ["x 0,0 R", "x 0,0 G", "x 0,0 B", "x 0,1 R"]
    for row in (0, 1):
        assert [values[row] for values in made.values()] == (COLOUR / 255.0).ravel().tolist()
    normed = outcome(pixels(7, 5, mean=0.5, spread=0.5), {"x": [GREY]})
    assert [values[0] for values in normed.values()] == pytest.approx(((GREY / 255.0 - 0.5) / 0.5).ravel().tolist())


def bomb() -> bytes:
    """A small file that unpacks to 900 million pixels."""
    data = bytearray(file_of(np.zeros((1, 1), dtype=np.uint8)))
    data[16:24] = (30_000).to_bytes(4, "big") * 2
    data[29:33] = zlib.crc32(data[12:29]).to_bytes(4, "big")
    return bytes(data)


@pytest.mark.parametrize(
    ("image", "reason"),
    [
        (b"not an image", "its format is unknown"),
        (b"", "its format is unknown"),
        (file_of(COLOUR)[:60], "[Tt]runcated|cannot|broken"),
        (file_of(GENERATOR.integers(0, 256, (64, 64, 3), dtype=np.uint8), "JPEG")[:900], "truncated"),
        (bomb(), "far too large|pixels, and at most"),
        (np.zeros((2, 2, 5), dtype=np.uint8), "1, 3 or 4 channels"),
        (np.array([[0.5, 7.0]]), "numbers from 0 to 1, not 7"),
        (np.array([[0, 256]]), "numbers from 0 to 255, not 256"),
        (np.array([[np.nan, 0.0]]), "whole numbers from 0 to 255, or fractions"),
        (np.array([["a"]]), "holds numbers"),
    ],
)
def test_what_is_no_image_is_refused_with_its_row(image: Any, reason: str) -> None:
    pipeline = fitted(pixels(2, 2), {"x": [GREY]})
    with pytest.raises(ColumnTypeError, match=f"Column 'x' has an image in row 1 that cannot be read: .*({reason})"):
        pipeline.transform({"x": [GREY, image]})


def test_a_model_reads_images() -> None:
    images = [file_of(np.full((6, 6), value, dtype=np.uint8)) for value in range(0, 240, 10)]
    pipeline = Pipeline(
        scan=branch("scan").then(pixels(2, 2)).then(impute()), model=estimate(LogisticRegression())
    ).fit({"scan": images}, [index > 11 for index in range(24)])
    for each in (pipeline, loads(pipeline.dumps())):
        assert each.predict_one({"scan": images[0]})["prediction"] is False
        assert each.predict_one({"scan": images[-1]})["prediction"] is True
        with pytest.raises(ColumnTypeError, match="Column 'scan' has an image that cannot be read: its format is un"):
            each.predict_one({"scan": b"no"})


def test_a_model_reads_arrays_also_from_json() -> None:
    images: list[Any] = [GENERATOR.integers(0, 256, (6, 5, 3), dtype=np.uint8) for _ in range(20)]
    images += [image / np.float32(255) for image in images[:5]]
    pipeline = Pipeline(scan=branch("scan").then(pixels(2, 2)), model=estimate(LogisticRegression()))
    pipeline.fit({"scan": images}, [index > 11 for index in range(25)])
    assert loads(pipeline.dumps()).check_parity().ok
    for image in (images[0], images[-1]):
        assert pipeline.predict_one({"scan": image.tolist()}) == pipeline.predict_one({"scan": image})
    for wrong in ([[1], [1, 2]], [1.0], [["a"]], [[None]]):
        with pytest.raises(ColumnTypeError, match="Column 'scan' expects an image"):
            pipeline.predict_one({"scan": wrong})


def test_pillow_is_imported_only_when_it_is_used_and_missed_by_name(monkeypatch: pytest.MonkeyPatch) -> None:
    program = """
import sys
from redspot.pipeline import Pipeline, branch, pixels
Pipeline(x=branch("scan").then(pixels()))
assert not any(name.startswith("PIL") for name in sys.modules)
"""
    subprocess.run([sys.executable, "-c", program], check=True, timeout=120)
    monkeypatch.setitem(sys.modules, "PIL", None)
    with pytest.raises(MissingExtraError, match=r"pixels\(\) needs Pillow; install redspot\[image\]"):
        fitted(pixels(2, 2), {"x": [GREY]})


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: pixels(0), "width is a whole number from 1"),
        (lambda: pixels(1, 2.5), "height is a whole number from 1"),
        (lambda: pixels(1000, 1000), "would give 1000000 columns; at most 131072"),
        (lambda: pixels(mode="CMYK"), "mode is one of 'L', 'RGB'"),
        (lambda: pixels(spread=0.0), "spread is a number, 1e-06 or more"),
        (lambda: pixels(mean=[0.5, 0.5]), "mean is one number, or one for each of"),
    ],
)
def test_a_wrong_parameter_is_refused_at_once(make: Any, message: str) -> None:
    with pytest.raises(InvalidStepError, match=message):
        make()


def test_text_is_no_image() -> None:
    with pytest.raises(ColumnTypeError, match="pixels cannot read column 'x', which holds text; it reads image"):
        fitted(pixels(), {"x": ["a"]})
