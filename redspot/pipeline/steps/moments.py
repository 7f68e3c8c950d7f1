"""Times as numbers: the parts of a date, and where in the day, week and year it lies."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import ClassVar
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray

from redspot.pipeline.column import Column, Table, unique_names
from redspot.pipeline.errors import InvalidStepError
from redspot.pipeline.node import State, Step, Target, require_choice
from redspot.pipeline.rowcode import RowCode, Value
from redspot.pipeline.steps.calendar import (
    PARTS,
    PARTS_OF_ONE,
    PHASES,
    PHASES_OF_ONE,
    Calendar,
    local_datetime,
    require_zone,
)
from redspot.pipeline.steps.parameters import require_names
from redspot.pipeline.steps.values import called, made, require_dtype, table_of, with_unique_names

Numbers = Sequence[float]


@dataclass(frozen=True)
class _OfTimes(Step):
    """Several numbers of each time."""

    parts: tuple[str, ...] = ()
    zone: str | None = None

    _known: ClassVar[tuple[str, ...]] = ()

    def __post_init__(self) -> None:
        if isinstance(self.parts, str):
            raise InvalidStepError(f"{self.kind}: parts is a list, such as [{self.parts!r}].", parameter="parts")
        object.__setattr__(self, "parts", tuple(self.parts))
        for part in self.parts:
            require_choice(self.kind, "parts", part, self._known)
        require_names(self.kind, "parts", self.parts)
        require_zone(self.kind, self.zone)

    def fit(self, table: Table, target: Target | None) -> State:
        """Learn nothing; check the columns."""
        for column in table.columns:
            require_dtype(self.kind, column, ("datetime",))
        return {}

    def apply(self, table: Table, state: State) -> Table:
        """Return the numbers of each time."""
        columns: list[Column] = []
        for column in table.columns:
            times = column.times()
            missing = np.isnat(times)
            micros = np.where(missing, np.datetime64(0, "us"), times).astype(np.int64)
            made_of = self._numbers(Calendar(micros, self.zone))
            for name, numbers in zip(self._output_names(column.name), made_of, strict=True):
                columns.append(column.numeric(np.where(missing, np.nan, numbers), name))
        return table_of(columns, table.rows)

    def row(self, code: RowCode, inputs: Sequence[Value], state: State) -> list[Value]:
        """Write down the numbers of each time."""
        outputs: list[Value] = []
        function = self._of_one()
        for value in inputs:
            names = self._output_names(value.name)
            numbers = [code.fresh() for _ in names]
            found = called(code, value, function, (math.nan,) * len(names))
            code.line(f"{', '.join(numbers)}, = {found}")
            outputs.extend(
                made(name, "float", number, may_miss=value.may_miss)
                for name, number in zip(names, numbers, strict=True)
            )
        return with_unique_names(outputs)

    def names(self, inputs: tuple[str, ...]) -> tuple[str, ...]:
        """Return the names of the numbers."""
        return tuple(unique_names([each for name in inputs for each in self._output_names(name)]))

    def _numbers(self, calendar: Calendar) -> list[NDArray[np.float64]]:
        raise NotImplementedError

    def _of_one(self) -> Callable[[int], Numbers]:
        """Return the function from the microseconds of one time to its numbers."""
        raise NotImplementedError

    def _of_array(self, micros: int) -> Numbers:
        calendar = Calendar(np.array([micros], dtype=np.int64), self.zone)
        return [float(numbers[0]) for numbers in self._numbers(calendar)]

    def _output_names(self, name: str) -> list[str]:
        raise NotImplementedError


@dataclass(frozen=True)
class TimeParts(_OfTimes):
    """Year, month, hour, … of each time."""

    kind: ClassVar[str] = "time_parts"
    _known: ClassVar[tuple[str, ...]] = tuple(PARTS)

    def _numbers(self, calendar: Calendar) -> list[NDArray[np.float64]]:
        return [PARTS[part](calendar).astype(np.float64) for part in self.parts]

    def _of_one(self) -> Callable[[int], Numbers]:
        functions = [PARTS_OF_ONE[part] for part in self.parts]
        zone = None if self.zone is None else ZoneInfo(self.zone)

        def parts(micros: int) -> Numbers:
            moment = local_datetime(micros, zone)
            return self._of_array(micros) if moment is None else [float(part(moment)) for part in functions]

        return parts

    def _output_names(self, name: str) -> list[str]:
        return [f"{name} {part}" for part in self.parts]


@dataclass(frozen=True)
class TimeCycles(_OfTimes):
    """Sine and cosine of where each time lies in the day, the week and the year."""

    kind: ClassVar[str] = "time_cycles"
    _known: ClassVar[tuple[str, ...]] = tuple(PHASES)

    def _numbers(self, calendar: Calendar) -> list[NDArray[np.float64]]:
        angles = [2.0 * np.pi * PHASES[part](calendar) for part in self.parts]
        return [wave(angle) for angle in angles for wave in (np.sin, np.cos)]

    def _of_one(self) -> Callable[[int], Numbers]:
        functions = [PHASES_OF_ONE[part] for part in self.parts]
        zone = None if self.zone is None else ZoneInfo(self.zone)

        def cycles(micros: int) -> Numbers:
            moment = local_datetime(micros, zone)
            if moment is None:
                return self._of_array(micros)
            angles = [2.0 * math.pi * phase(moment) for phase in functions]
            return [wave(angle) for angle in angles for wave in (math.sin, math.cos)]

        return cycles

    def _output_names(self, name: str) -> list[str]:
        return [f"{name} {part} {wave}" for part in self.parts for wave in ("sin", "cos")]


def time_parts(
    parts: Sequence[str] = ("year", "month", "day", "weekday", "hour"), *, zone: str | None = None
) -> TimeParts:
    """Take times apart.

    Times in; out comes one float column ``<column> <part>`` for each part, missing where the time is.

    Parameters
    ----------
    parts
        Of ``year``; ``quarter`` and ``month`` from 1; ``day`` of the month from 1; ``weekday`` from 0 for Monday;
        ``hour``; ``minute``; ``day_of_year`` from 1; ``week`` by ISO 8601 (the last days of December may be in week
        1); ``is_weekend``, 1 on Saturday and Sunday.
    zone
        IANA name of the time zone whose clocks are read, such as ``Europe/Berlin``; UTC when not given.

    Examples
    --------
    >>> from redspot.pipeline import Pipeline, branch
    >>> times = {"when": np.array(["2026-06-30T23:30", "NaT"], dtype="datetime64[us]")}
    >>> made = Pipeline(x=branch("when").then(time_parts(["month", "hour"], zone="Europe/Berlin"))).fit(times)
    >>> {name: values.tolist() for name, values in made.transform(times).items()}
    {'when month': [7.0, nan], 'when hour': [1.0, nan]}
    """
    return TimeParts(tuple(parts) if not isinstance(parts, str) else parts, zone)  # type: ignore[arg-type]


def time_cycles(parts: Sequence[str] = ("hour", "weekday", "day_of_year"), *, zone: str | None = None) -> TimeCycles:
    """Place times on circles, so that 23:59 is next to 00:00.

    Times in; out come two float columns for each part, ``<column> <part> sin`` and ``<column> <part> cos``, of 2π
    times the share of the period that has passed; missing where the time is.

    Parameters
    ----------
    parts
        Of ``hour``, time since midnight by the clock, in 24 hours; ``weekday``, time since Monday 00:00, in 7 days;
        ``month``, months since January, in 12; ``day_of_year``, time since 1 January, in the 365 or 366 days of that
        year. All but ``month`` count parts of an hour or a day.
    zone
        IANA name of the time zone whose clocks are read; UTC when not given.

    Examples
    --------
    >>> from redspot.pipeline import Pipeline, branch
    >>> times = {"when": np.array(["2026-06-30T06:00", "2026-06-30T18:00"], dtype="datetime64[us]")}
    >>> made = Pipeline(x=branch("when").then(time_cycles(["hour"]))).fit(times).transform(times)
    >>> {name: values.round(6).tolist() for name, values in made.items()}
    {'when hour sin': [1.0, -1.0], 'when hour cos': [0.0, -0.0]}
    """
    return TimeCycles(tuple(parts) if not isinstance(parts, str) else parts, zone)  # type: ignore[arg-type]
