"""A notebook that answers: its ``endpoint`` cells, run once, and the function ``predict`` that they define.

For models that no pipeline can hold. The code is its owner's, as in the notebook, and runs with the replica's rights.
"""

from __future__ import annotations

import asyncio
import builtins
import inspect
import time
import types
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any, Self

import orjson

from redspot.jobs.endpoint_notebook import EXAMPLE, EXPECTED, FUNCTION, EndpointNotebook
from redspot.pipeline.schema import InputColumn, OutputColumn, Schema
from redspot.serving.answer import Answer, Request, json_answer, to_json
from redspot.serving.binary import JSON_SIZE_HEADER, split
from redspot.serving.body import read_json
from redspot.serving.comparing import compare_answers
from redspot.serving.errors import (
    InvalidBodyError,
    NotebookFailedError,
    NotebookRefusedError,
    ParityFailedError,
    RequestTooSlowError,
)
from redspot.serving.events.recorder import Recorder
from redspot.serving.limits import Limits
from redspot.serving.metrics import ModelMetrics
from redspot.serving.notebook_openapi import notebook_openapi
from redspot.serving.predictor import PREDICTION, ColumnPredictions
from redspot.serving.protocol import infer_answer, model_metadata, read_infer
from redspot.serving.served import Served

PAYLOAD = "payload"
# What the protocol of tensors sees: texts that hold JSON.
SCHEMA = Schema(
    "other",
    (InputColumn(name=PAYLOAD, dtype="text", nullable=False, example="{}", categories=None, range=None),),
    (OutputColumn(name=PREDICTION, dtype="text", categories=None),),
)
_OPTIONS = orjson.OPT_SERIALIZE_NUMPY
Function = Callable[[Any], Any]


class Notebook:
    """What the cells left behind.

    Parameters
    ----------
    function
        ``predict``, a plain function or a coroutine function.
    example
        A payload to try it with; None when there is none.
    """

    def __init__(self, function: Function, example: Any) -> None:
        self.function = function
        self.example = example
        self.is_async = inspect.iscoroutinefunction(function)

    @classmethod
    def open(cls, file: Path) -> Self:
        """Run the notebook's cells and prove that it answers its example as it says.

        Raises
        ------
        NotebookError, EndpointCellError
            When the file cannot serve.
        NotebookFailedError
            When a cell or the example raises.
        ParityFailedError
            When the answer to the example is not the expected one.
        """
        read = EndpointNotebook.read(file.read_bytes())
        module = types.ModuleType("notebook")
        module.__dict__["__builtins__"] = builtins
        for cell in read.cells:
            try:
                exec(compile(cell.source, cell.name, "exec"), module.__dict__)
            except Exception as error:
                raise NotebookFailedError(f"In {cell.name}: {type(error).__name__}: {error}.") from error
        function = module.__dict__.get(FUNCTION)
        if not callable(function):
            raise NotebookFailedError(f"After its cells ran, {FUNCTION!r} is {function!r}, which cannot be called.")
        opened = cls(function, module.__dict__.get(EXAMPLE))
        if read.has_example:
            opened._check(module.__dict__.get(EXPECTED), is_expected=read.has_expected)
        return opened

    @property
    def schema(self) -> Schema:
        """What the protocol of tensors sees."""
        return SCHEMA

    def model(
        self,
        served: Served,
        limits: Limits,
        metrics: ModelMetrics,
        on_hang: Callable[[str], None],
        events: Recorder | None,
    ) -> NotebookModel:
        """Return what answers with it."""
        return NotebookModel(served, self, limits, metrics, on_hang, events)

    def _check(self, expected: Any, *, is_expected: bool) -> None:
        try:
            answer = self.function(self.example)
            if inspect.iscoroutine(answer):
                answer = asyncio.run(answer)
        except Exception as error:
            raise NotebookFailedError(f"Its example is answered by {type(error).__name__}: {error}.") from error
        found = as_json(answer)
        if is_expected and not compare_answers(as_json(expected), found).is_equal:
            raise ParityFailedError(
                f"The notebook answers its example with {found[:200].decode()}, and says to expect"
                f" {as_json(expected)[:200].decode()}.",
                rows=1,
                matched=0,
            )


class NotebookModel:
    """Answers requests with a notebook's function; the same questions as a `Model` answers.

    A plain function is called in one thread of its own, so that requests to others are answered meanwhile.

    Parameters
    ----------
    on_hang
        Called with a sentence when the function does not come back in time.
    """

    def __init__(
        self,
        served: Served,
        notebook: Notebook,
        limits: Limits,
        metrics: ModelMetrics,
        on_hang: Callable[[str], None],
        events: Recorder | None = None,
    ) -> None:
        self.served = served
        self.events = events
        self._notebook = notebook
        self._limits = limits
        self._metrics = metrics
        self._on_hang = on_hang
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="redspot-notebook")

    def predict(self, request: Request) -> Awaitable[Answer]:
        """Answer ``POST /predict``: the body is the payload."""
        return self._measured(request, self._predict)

    def invoke(self, request: Request) -> Awaitable[Answer]:
        """Answer ``POST /invocations``: the body is the payload, whatever its form."""
        return self._measured(request, self._invoke)

    def infer(self, request: Request) -> Awaitable[Answer]:
        """Answer ``POST …/infer``: each element of the tensor ``payload`` is JSON text."""
        return self._measured(request, self._infer)

    def metadata(self, versions: list[str]) -> Answer:
        """Return inputs and outputs as the protocol tells them."""
        return json_answer({**model_metadata(self.served.model, versions, SCHEMA), "platform": "redspot_notebook"})

    def description(self, prefix: str) -> Answer:
        """Return the OpenAPI document."""
        return Answer(200, as_json(notebook_openapi(self.served, self._notebook.example, prefix)))

    def close(self) -> None:
        """Let go of thread and spool."""
        self._thread.shutdown(wait=False, cancel_futures=True)
        if self.events is not None:
            self.events.close()

    async def _predict(self, request: Request) -> tuple[Answer, list[Any], list[bytes]]:
        payload = read_json(request.body)
        made = await self._call(payload)
        start = to_json({"model": self.served.model, "version": self.served.version})[:-1]
        return Answer(200, b'%b,"prediction":%b}' % (start, made)), [payload], [made]

    async def _invoke(self, request: Request) -> tuple[Answer, list[Any], list[bytes]]:
        payload = read_json(request.body)
        made = await self._call(payload)
        return Answer(200, b'{"predictions":%b}' % made), [payload], [made]

    async def _infer(self, request: Request) -> tuple[Answer, list[Any], list[bytes]]:
        head, binary = split(request.body, request.headers.get(JSON_SIZE_HEADER, ""))
        asked = read_infer(read_json(head), SCHEMA, self._limits.rows, binary)
        payloads = [_payload(text, row) for row, text in enumerate(asked.columns[PAYLOAD])]
        made = [await self._call(payload) for payload in payloads]
        answered = ColumnPredictions([each.decode() for each in made], (), None)
        return infer_answer(asked, answered, self.served.model, self.served.version, SCHEMA), payloads, made

    async def _call(self, payload: Any) -> bytes:
        """Return the function's answer as JSON.

        Raises
        ------
        NotebookRefusedError
            When it raises ValueError.
        NotebookFailedError
            When it raises anything else, or answers what is no JSON.
        RequestTooSlowError
            When it takes longer than a request may.
        """
        self._metrics.count_rows(1)
        notebook, seconds = self._notebook, self._limits.seconds
        try:
            async with asyncio.timeout(seconds):
                if notebook.is_async:
                    answer = await notebook.function(payload)
                else:
                    loop = asyncio.get_running_loop()
                    answer = await loop.run_in_executor(self._thread, notebook.function, payload)
        except TimeoutError:
            if not notebook.is_async:
                # The thread cannot be interrupted, and all others wait for it.
                self._on_hang(f"{FUNCTION} of {self.served.model} has not come back for {seconds:g} s")
            raise RequestTooSlowError(f"{FUNCTION} has not come back within {seconds:g} s.") from None
        except ValueError as error:
            raise NotebookRefusedError(f"{FUNCTION} refused the payload: {error}") from error
        except Exception as error:
            raise NotebookFailedError(f"{FUNCTION} raised {type(error).__name__}: {error}") from error
        return as_json(answer)

    async def _measured(
        self, request: Request, handle: Callable[[Request], Awaitable[tuple[Answer, list[Any], list[bytes]]]]
    ) -> Answer:
        begun = time.perf_counter()
        try:
            answer, payloads, made = await handle(request)
        except Exception as error:
            self._metrics.note_failure(begun)
            if self.events is not None:
                self.events.note_failure(request, error, begun)
            raise
        self._metrics.note(begun)
        if self.events is None:
            return answer
        # Events have rows: a payload is one, under its name.
        rows = replace(request, path="/predict", body=as_json([{PAYLOAD: payload} for payload in payloads]))
        predictions = b",".join(b'{"%b":%b}' % (PREDICTION.encode(), each) for each in made)
        named = self.events.note(rows, Answer(200, b'{"predictions":[%b]}' % predictions), begun)
        return replace(answer, headers=(*answer.headers, *named.headers))


def as_json(value: Any) -> bytes:
    """Return what a function answered as JSON; NumPy's arrays and numbers are plain ones.

    Raises
    ------
    NotebookFailedError
        When it is none.
    """
    try:
        return orjson.dumps(value, option=_OPTIONS)
    except TypeError as error:
        raise NotebookFailedError(f"{FUNCTION} answered what is no JSON: {error}.") from error


def _payload(text: Any, row: int) -> Any:
    try:
        return orjson.loads(text)
    except (orjson.JSONDecodeError, TypeError) as error:
        raise InvalidBodyError(f"Element {row} of tensor {PAYLOAD!r} is no JSON: {error}.") from None
