"""Graphs: what can be written down, how steps are named, and what the messages say."""

from __future__ import annotations

import pytest
from sklearn.decomposition import PCA
from sklearn.linear_model import LogisticRegression, Ridge

from redspot.pipeline import Pipeline, branch, estimate, impute, join, one_hot, scale, select, step
from redspot.pipeline.errors import InvalidPipelineError, StepNotFoundError


def test_steps_are_named_by_part_and_kind() -> None:
    pipeline = Pipeline(
        numbers=branch("a", "b").then(impute()).then(scale()),
        words=branch("c").then(one_hot()),
        model=estimate(Ridge()),
    )
    assert list(pipeline.steps) == ["numbers_impute", "numbers_scale", "words_one_hot", "model"]
    assert pipeline.columns == ("a", "b", "c")


def test_a_step_is_found_by_the_last_part_of_its_name_while_that_is_unambiguous() -> None:
    pipeline = Pipeline(x=branch("a").then(scale()), y=branch("b").then(scale()).then(impute()))
    assert pipeline["impute"] is pipeline["y_impute"]
    with pytest.raises(StepNotFoundError, match=r"2 steps are called 'scale'; there are 'x_scale', 'y_scale'"):
        pipeline["scale"]
    with pytest.raises(StepNotFoundError, match=r"No step 'nix'; there are 'x_scale'"):
        pipeline["nix"]


def test_the_same_kind_twice_in_a_branch_is_counted() -> None:
    pipeline = Pipeline(x=branch("a").then(scale()).then(scale()).then(scale(), name="last"))
    assert list(pipeline.steps) == ["x_scale", "x_scale_2", "x_last"]


def test_a_join_continues_chosen_parts_and_a_bare_step_all_open_ends() -> None:
    pipeline = Pipeline(
        a=branch("x").then(impute()),
        b=branch("y").then(impute()),
        both=join("a", "b").then(estimate(PCA(1))),
        c=branch("z").then(one_hot()),
        model=estimate(LogisticRegression()),
    )
    inputs = {node.name: node.inputs for node in pipeline.graph.nodes}
    assert inputs["both_estimate"] == ("a_impute", "b_impute")
    assert inputs["model"] == ("both_estimate", "c_one_hot")


def test_one_part_may_feed_two_joins() -> None:
    pipeline = Pipeline(
        a=branch("x", "y").then(impute()),
        left=join("a").then(scale()),
        right=join("a").then(select("x")),
        model=estimate(Ridge()),
    )
    assert pipeline.graph.node("model").inputs == ("left_scale", "right_select")


@step
def double(x):  # type: ignore[no-untyped-def]
    return 2 * x


@pytest.mark.parametrize(
    ("parts", "message"),
    [
        ({}, "A pipeline starts at columns"),
        ({"model": estimate(Ridge())}, "model comes first and has no columns"),
        ({"a": branch("x"), "b": join("nix").then(scale())}, r"b joins 'nix'; the parts before it are 'a'"),
        ({"a": branch("x"), "b": join("a")}, "b joins parts and does nothing"),
        ({"a": branch("x"), "m": estimate(Ridge()), "b": branch("y")}, r"m predicts|'b' lead nowhere"),
        (
            {"a": branch("x").then(estimate(Ridge())).then(scale())},
            r"a_estimate predicts \(Ridge\), so it must be the last",
        ),
        ({"a": branch("x"), "b": branch("y"), "m": join("a").then(estimate(Ridge()))}, "'b' lead nowhere"),
        ({"a__b": branch("x")}, "'a__b' is no name for a step"),
        ({"1a": branch("x")}, "'1a' is no name"),
        ({"a": branch("x").then(scale()), "a_scale": branch("y")}, "'a_scale' is taken twice"),
        ({"a": Ridge()}, r"Ridge is an estimator; write estimate\(Ridge"),
        ({"a": 3}, "belongs here, not 3"),
    ],
)
def test_what_cannot_exist_is_refused_where_it_is_written(parts: dict[str, object], message: str) -> None:
    with pytest.raises(InvalidPipelineError, match=message):
        Pipeline(**parts)  # type: ignore[arg-type]


@pytest.mark.parametrize("columns", [(), ("a", "a"), (1,)])
def test_a_branch_needs_distinct_column_names(columns: tuple[object, ...]) -> None:
    with pytest.raises(InvalidPipelineError, match=r"branch\(\) takes"):
        branch(*columns)  # type: ignore[arg-type]


def test_a_marked_function_is_a_step_without_being_called() -> None:
    assert list(Pipeline(a=branch("x").then(double)).steps) == ["a_double"]


def test_a_branch_is_not_changed_by_then() -> None:
    start = branch("a")
    start.then(scale())
    assert start.steps == ()


def test_same_column_from_two_parts_is_told_apart() -> None:
    pipeline = Pipeline(raw=branch("x").then(impute()), scaled=branch("x").then(scale()), model=estimate(Ridge())).fit(
        {"x": [1.0, 2.0, 3.0]}, [1.0, 2.0, 3.0]
    )
    assert list(pipeline.transform({"x": [2.0]})) == ["raw_impute.x", "scaled_scale.x"]
