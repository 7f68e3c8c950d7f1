"""Images as one column per pixel."""

from __future__ import annotations

import io
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Literal

import numpy as np
from numpy.typing import NDArray

from redspot.errors import MissingExtraError
from redspot.pipeline.column import Column, Table, unique_names
from redspot.pipeline.errors import ColumnTypeError, InvalidStepError
from redspot.pipeline.node import State, Step, Target, require_choice
from redspot.pipeline.rowcode import RowCode, Value
from redspot.pipeline.steps.parameters import require_number, require_whole
from redspot.pipeline.steps.values import called, made, require_dtype, table_of, with_unique_names

Mode = Literal["L", "RGB"]

# A photo of a good camera has 50 million pixels; a small file that unpacks to far more is made to fill memory.
MAX_PIXELS = 100_000_000
# Each is a column, with a name in the file.
MAX_COLUMNS = 2**17


@dataclass(frozen=True)
class Pixels(Step):
    """Reads images, brings them to one size, and gives each pixel a column."""

    kind: ClassVar[str] = "pixels"

    width: int = 32
    height: int = 32
    mode: Mode = "L"
    mean: tuple[float, ...] = (0.0,)
    spread: tuple[float, ...] = (1.0,)

    def __post_init__(self) -> None:
        require_choice(self.kind, "mode", self.mode, ("L", "RGB"))
        require_whole(self.kind, "width", self.width, 1, MAX_COLUMNS)
        require_whole(self.kind, "height", self.height, 1, MAX_COLUMNS)
        if self.size > MAX_COLUMNS:
            raise InvalidStepError(
                f"pixels: {self.width} times {self.height} in mode {self.mode!r} would give {self.size} columns; "
                f"at most {MAX_COLUMNS}."
            )
        for name, least in (("mean", -math.inf), ("spread", 1e-6)):
            given = getattr(self, name)
            numbers = (given,) if isinstance(given, int | float) else tuple(given)
            for number in numbers:
                require_number(self.kind, name, number, least)
            if len(numbers) not in (1, len(self.mode)):
                raise InvalidStepError(
                    f"pixels: {name} is one number, or one for each of {list(self.mode)}, not {list(numbers)}."
                )
            object.__setattr__(self, name, tuple(float(number) for number in numbers))

    @property
    def size(self) -> int:
        """Number of columns of one image."""
        return self.width * self.height * len(self.mode)

    def fit(self, table: Table, target: Target | None) -> State:
        """Learn nothing; check the columns."""
        for column in table.columns:
            require_dtype(self.kind, column, ("image",))
        return {}

    def apply(self, table: Table, state: State) -> Table:
        """Return the pixels, row by row from the top, of each column in turn."""
        columns: list[Column] = []
        for column in table.columns:
            require_dtype(self.kind, column, ("image",))
            # One column of it is contiguous, as whoever reads columns likes it.
            numbers = np.full((table.rows, self.size), np.nan, order="F")
            for row, image in enumerate(column.values):
                if image is not None:
                    numbers[row] = self._numbers(image, column.name, row)
            columns.extend(
                column.numeric(numbers[:, index], name) for index, name in enumerate(self._output_names(column.name))
            )
        return table_of(columns, table.rows)

    def row(self, code: RowCode, inputs: Sequence[Value], state: State) -> list[Value]:
        """Write down the reading of each image."""
        outputs: list[Value] = []
        for value in inputs:
            found = called(code, value, self._reader(value.name), [math.nan] * self.size)
            outputs.extend(
                made(name, "float", f"{found}[{index}]", may_miss=value.may_miss, is_atom=False)
                for index, name in enumerate(self._output_names(value.name))
            )
        return with_unique_names(outputs)

    def names(self, inputs: tuple[str, ...]) -> tuple[str, ...]:
        """Return the names of the pixels."""
        return tuple(unique_names([each for name in inputs for each in self._output_names(name)]))

    def _reader(self, name: str) -> Callable[[Any], list[float]]:
        def read(image: Any) -> list[float]:
            numbers: list[float] = self._numbers(image, name, None).tolist()
            return numbers

        return read

    def _numbers(self, image: Any, name: str, row: int | None) -> NDArray[np.float64]:
        """Return one image as float64, shape (size,)."""
        pixels = np.asarray(_decoded(image, name, row, self.mode, (self.width, self.height)), dtype=np.float64) / 255.0
        pixels = pixels.reshape(self.height * self.width, len(self.mode))
        return np.asarray((pixels - np.array(self.mean)) / np.array(self.spread)).ravel()

    def _output_names(self, name: str) -> list[str]:
        channels = [f" {channel}" for channel in self.mode] if len(self.mode) > 1 else [""]
        return [
            f"{name} {row},{column}{channel}"
            for row in range(self.height)
            for column in range(self.width)
            for channel in channels
        ]


def _decoded(image: Any, name: str, row: int | None, mode: Mode, size: tuple[int, int]) -> Any:
    """Return the image as Pillow holds it, in that mode and size.

    Raises
    ------
    ColumnTypeError
        When it is damaged, of no known format or far too large; the message names the column and the row.
    """
    pillow = _pillow()
    try:
        opened = pillow.open(io.BytesIO(image)) if isinstance(image, bytes) else pillow.fromarray(_bytes_of(image))
        if opened.width * opened.height > MAX_PIXELS:
            raise ValueError(f"it has {opened.width} times {opened.height} pixels, and at most {MAX_PIXELS} are read")
        return opened.convert(mode).resize(size, pillow.Resampling.BILINEAR)
    except (pillow.UnidentifiedImageError, pillow.DecompressionBombError) as error:
        reason = "it is far too large" if isinstance(error, pillow.DecompressionBombError) else "its format is unknown"
        raise _refusal(name, row, reason) from error
    except (OSError, ValueError, SyntaxError, EOFError, IndexError, KeyError, TypeError, ArithmeticError) as error:
        # What Pillow's readers raise for damaged files depends on the format.
        raise _refusal(name, row, str(error) or type(error).__name__) from error


def _refusal(name: str, row: int | None, reason: str) -> ColumnTypeError:
    where = "" if row is None else f" in row {row}"
    facts = {} if row is None else {"row": row}
    return ColumnTypeError(f"Column {name!r} has an image{where} that cannot be read: {reason}.", column=name, **facts)


def _bytes_of(image: NDArray[np.generic]) -> NDArray[np.uint8]:
    """Return an array of shape (height, width) or (height, width, channels) as Pillow reads it."""
    if image.ndim == 3 and image.shape[2] == 1:
        image = image[:, :, 0]
    if image.ndim == 3 and image.shape[2] not in (3, 4):
        raise ValueError(f"an array has 1, 3 or 4 channels behind height and width, not the shape {image.shape}")
    if image.dtype == np.uint8:
        return np.ascontiguousarray(image, dtype=np.uint8)
    if image.dtype == np.bool_:
        return image.astype(np.uint8) * np.uint8(255)
    if image.dtype.kind not in "iuf":
        raise ValueError(f"an array holds numbers, not {image.dtype}")
    numbers = image.astype(np.float64)
    if not np.isfinite(numbers).all() or numbers.min(initial=0.0) < 0.0:
        raise ValueError("an array holds whole numbers from 0 to 255, or fractions from 0 to 1")
    most = 1.0 if image.dtype.kind == "f" else 255.0
    if numbers.max(initial=0.0) > most:
        raise ValueError(f"an array of {image.dtype} holds numbers from 0 to {most:g}, not {numbers.max():g}")
    return np.rint(numbers * (255.0 / most)).astype(np.uint8)


def _pillow() -> Any:
    try:
        from PIL import Image
    except ImportError as error:
        raise MissingExtraError("pixels() needs Pillow; install redspot[image].", extra="image") from error
    return Image


def pixels(
    width: int = 32,
    height: int = 32,
    *,
    mode: Mode = "L",
    mean: float | Sequence[float] = 0.0,
    spread: float | Sequence[float] = 1.0,
) -> Pixels:
    """Turn images into one column per pixel.

    Images in (bytes of a file that Pillow reads, or arrays of shape (height, width) or (height, width, channels) with
    whole numbers from 0 to 255 or fractions from 0 to 1); out comes, for each column, one float column ``<column>
    <row>,<column of the image>`` per pixel, from the top left, with the channel behind it in mode ``RGB``. A missing
    image gives missing pixels. Images are squeezed or stretched to the size, with bilinear weights.

    Needs the extra ``redspot[image]``. A file that is damaged, of an unknown format or larger than 100 million pixels
    is refused.

    Parameters
    ----------
    width, height
        In pixels.
    mode
        ``L``, one number for brightness (ITU-R 601-2 luma), or ``RGB``.
    mean, spread
        A pixel, from 0 to 1, less the mean and divided by the spread; one number, or one per channel.

    Examples
    --------
    >>> from redspot.pipeline import Pipeline, branch
    >>> image = np.array([[0, 255], [51, 102]], dtype=np.uint8)
    >>> made = Pipeline(x=branch("scan").then(pixels(2, 2))).fit({"scan": [image]})
    >>> {name: values.tolist() for name, values in made.transform({"scan": [image]}).items()}
    {'scan 0,0': [0.0], 'scan 0,1': [1.0], 'scan 1,0': [0.2], 'scan 1,1': [0.4]}
    """
    return Pixels(width, height, mode, _numbers(mean), _numbers(spread))


def _numbers(given: float | Sequence[float]) -> tuple[float, ...]:
    return (given,) if isinstance(given, int | float) else tuple(given)
