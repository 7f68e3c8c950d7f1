"""How a graph is written down: branches that start at raw columns, and joins of earlier parts."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Literal, Protocol

from redspot.pipeline.column import listed
from redspot.pipeline.errors import InvalidPipelineError
from redspot.pipeline.node import Step, require_choice
from redspot.pipeline.selectors import Selector
from redspot.pipeline.steps.custom import CustomStep, StepFunction

if TYPE_CHECKING:
    from redspot.pipeline.graph import Graph

Role = Literal["features", "target", "output"]


class HasGraph(Protocol):
    """A pipeline, as a part of another one."""

    @property
    def graph(self) -> Graph: ...  # noqa: D102


@dataclass(frozen=True, slots=True)
class NamedStep:
    """A step, or a pipeline in its place, with the last part of its name."""

    name: str
    step: Step | HasGraph


@dataclass(frozen=True, slots=True)
class Branch:
    """A chain of steps, from raw columns or from the ends of earlier parts.

    `then` makes it longer; so does each step's own name, as a method: ``branch("mass").impute("median").scale()``.

    Attributes
    ----------
    columns, selectors
        Raw columns, and what chooses more of them, when it starts at the data.
    joins
        Names of earlier parts, when it continues them; empty together with `columns` means all open ends.
    steps
        The chain.
    role
        ``features`` for the predictor, the ``target`` of training, or an ``output`` beside the prediction.
    drops_missing
        Of a target: whether rows without one are left out.
    """

    columns: tuple[str, ...] = ()
    joins: tuple[str, ...] = ()
    steps: tuple[NamedStep, ...] = ()
    selectors: tuple[Selector, ...] = ()
    role: Role = "features"
    drops_missing: bool = False

    def then(self, step: Step | StepFunction | HasGraph, *, name: str | None = None) -> Branch:
        """Return the branch with one more step.

        Parameters
        ----------
        step
            What comes next; a pipeline in its place reads the columns by their names.
        name
            Last part of its name; the step's kind (``impute``, ``scale``, …) when not given, and ``pipeline`` for one.
        """
        if has_graph(step):
            return replace(self, steps=(*self.steps, NamedStep(name or "pipeline", step)))  # type: ignore[arg-type]
        made = as_step(step)
        return replace(self, steps=(*self.steps, NamedStep(name or short_name(made), made)))

    def output(self) -> Branch:
        """Return the branch as an output of its own: its columns come back with each answer, under its name.

        Raises
        ------
        InvalidPipelineError
            For a target.

        Examples
        --------
        >>> from redspot.pipeline import Pipeline, branch, estimate
        >>> from sklearn.linear_model import LinearRegression
        >>> size = branch("beds").bin("edges", edges=[3], output="text").output()
        >>> made = Pipeline(x=branch("beds"), size=size, price=estimate(LinearRegression()))
        >>> made.fit({"beds": [1, 2, 4]}, [10, 20, 40]).predict_one({"beds": 4})["size"]
        '3 or more'
        """
        if self.role == "target":
            raise InvalidPipelineError("A target is no output.")
        return replace(self, role="output")

    def __getattr__(self, name: str) -> Callable[..., Branch]:
        if name not in _factories():
            raise AttributeError(f"A branch has no {name!r}; it has then, output, {', '.join(sorted(_factories()))}.")
        import redspot.pipeline

        factory = getattr(redspot.pipeline, name)

        def longer(*arguments: Any, name: str | None = None, **options: Any) -> Branch:
            return self.then(factory(*arguments, **options), name=name)

        longer.__name__, longer.__doc__ = factory.__name__, factory.__doc__
        # What IPython shows when somebody asks how it is called.
        longer.__wrapped__ = factory  # type: ignore[attr-defined]
        return longer

    def __dir__(self) -> list[str]:
        return [*super(Branch, self).__dir__(), *_factories()]


def branch(*columns: str | Selector) -> Branch:
    """Start at raw columns: names, or `every` for all of a type.

    Examples
    --------
    >>> from redspot.pipeline import impute, scale
    >>> branch("price", "beds").then(impute()).then(scale()).columns
    ('price', 'beds')
    >>> branch("price", "beds").impute().scale() == branch("price", "beds").then(impute()).then(scale())
    True
    """
    names = tuple(column for column in columns if not isinstance(column, Selector))
    selectors = tuple(column for column in columns if isinstance(column, Selector))
    if names or not selectors:
        _require_names("branch", names, "column")
    return Branch(columns=names, selectors=selectors)


def target(*columns: str, missing: Literal["error", "drop"] = "error") -> Branch:
    """Start at the raw columns of which the target is made, in training only.

    The chain ends with one column, the target of the predictor; neither `predict` nor an endpoint needs these columns.
    Steps at its end that can be undone (`log`, `power`, `scale`) are undone in each predicted number, so predictions
    and metrics have the unit that the target had before.

    Parameters
    ----------
    *columns
        Raw columns. Where there is one, ``fit(X, y)`` and ``evaluate(X, y)`` take `y` in its place.
    missing
        What becomes of rows without a target: an ``error``, or ``drop``, which leaves them out of training and
        evaluation.

    Examples
    --------
    >>> from redspot.pipeline import Pipeline, branch, estimate, target
    >>> from sklearn.linear_model import LinearRegression
    >>> made = Pipeline(
    ...     beds=branch("beds"),
    ...     price=target("price", missing="drop").parse_number().log(),
    ...     model=estimate(LinearRegression()),
    ... )
    >>> made = made.fit({"beds": [1, 2, 3, 4], "price": ["$10.00", "$20.00", None, "$80.00"]})
    >>> round(made.predict_one({"beds": 3})["prediction"])
    40
    """
    _require_names("target", columns, "column")
    require_choice("target", "missing", missing, ("error", "drop"))
    return Branch(columns=columns, role="target", drops_missing=missing == "drop")


def join(*parts: str) -> Branch:
    """Continue at the ends of earlier parts, side by side.

    Examples
    --------
    >>> join("numbers", "words").joins
    ('numbers', 'words')
    """
    _require_names("join", parts, "part")
    return Branch(joins=parts)


def has_graph(part: object) -> bool:
    """Whether it is a pipeline."""
    return hasattr(part, "graph") and hasattr(part, "fit")


def as_step(step: object) -> Step:
    """Return a step, also for a marked function that was not called.

    Raises
    ------
    InvalidPipelineError
        When it is neither.
    """
    if isinstance(step, StepFunction):
        return step()
    if isinstance(step, Step):
        return step
    if hasattr(step, "fit"):
        raise InvalidPipelineError(f"{type(step).__name__} is an estimator; write estimate({type(step).__name__}(…)).")
    raise InvalidPipelineError(f"A step such as impute(), scale() or estimate(…) belongs here, not {step!r}.")


def short_name(step: Step) -> str:
    """Return the last part of a step's name when none is given."""
    return step.function.name if isinstance(step, CustomStep) else step.kind


def _factories() -> frozenset[str]:
    """Return the names of the steps that are methods of a branch."""
    from redspot.pipeline.step_file import KINDS

    return frozenset(
        {"estimate", *(kind for kind, home in KINDS.items() if home.partition(":")[0] not in _NOT_CHAINED)}
    )


# Made by `from_sklearn` only, and what belongs behind a predictor.
_NOT_CHAINED = frozenset({"given", "explaining"})


def _require_names(verb: str, names: tuple[object, ...], noun: str) -> None:
    for name in names:
        if not isinstance(name, str):
            raise InvalidPipelineError(f"{verb}() takes names of {noun}s, not {name!r}.")
    if not names or len(set(names)) != len(names):
        raise InvalidPipelineError(f"{verb}() takes one or more {noun}s, each once, not {listed(map(str, names))}.")
