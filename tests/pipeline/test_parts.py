"""Pipelines inside of pipelines, and parts of pipelines as pipelines of their own."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from sklearn.linear_model import LinearRegression, LogisticRegression

from redspot.pipeline import (
    Pipeline,
    branch,
    estimate,
    every,
    explain,
    impute,
    join,
    loads,
    one_hot,
    scale,
    select,
    target,
)
from redspot.pipeline.errors import InvalidPipelineError, StepNotFoundError, UnknownColumnError

NUMBERS = ("bill_length_mm", "bill_depth_mm", "body_mass_g")


def prepared() -> Pipeline:
    return Pipeline(
        numbers=branch(*NUMBERS).impute().scale(),
        words=branch("island", "sex").one_hot(),
    )


@pytest.fixture
def nested() -> Pipeline:
    return Pipeline(features=prepared(), year=branch("year"), model=estimate(LogisticRegression(max_iter=3000)))


def test_a_pipeline_is_a_part_and_answers_as_if_it_had_been_written_out(nested: Pipeline, penguins: Any) -> None:
    flat = Pipeline(
        numbers=branch(*NUMBERS).then(impute()).then(scale()),
        words=branch("island", "sex").then(one_hot()),
        year=branch("year"),
        model=estimate(LogisticRegression(max_iter=3000)),
    )
    one, other = nested.fit(penguins, "species"), flat.fit(penguins, "species")
    assert list(nested.steps) == [
        "features__numbers_impute",
        "features__numbers_scale",
        "features__words_one_hot",
        "model",
    ]
    assert (one.predict_proba(penguins) == other.predict_proba(penguins)).all()
    again = loads(one.dumps())
    assert again.dumps() == one.dumps()
    assert (again.predict_proba(penguins) == one.predict_proba(penguins)).all()
    assert again["features"].transform(penguins).keys() == one["features"].transform(penguins).keys()
    assert [node["path"] for node in one.describe()["nodes"]] == [list(part.path) for part in one.graph.all_parts]


def test_a_part_in_a_chain_reads_what_comes_before_it_by_name() -> None:
    inner = Pipeline(a=branch("x").scale(), b=branch("y").log(signed=True))
    made = Pipeline(raw=branch("x", "y", "z").impute().then(inner, name="inner")).fit(
        {"x": [1.0, 3.0, None], "y": [0.0, 1.0, 2.0], "z": [1.0, 1.0, 1.0]}
    )
    assert list(made.steps) == [
        "raw_impute",
        "raw_inner__a",
        "raw_inner__b",
        "raw_inner__a_scale",
        "raw_inner__b_log",
    ]
    assert list(made.transform({"x": [2.0], "y": [1.0], "z": [0.0]})) == ["x", "y"]
    with pytest.raises(UnknownColumnError, match=r"raw_inner__a: select: no column 'x'; there are 'q'"):
        Pipeline(raw=branch("q").impute().then(inner, name="inner"))


def test_a_part_that_predicts_is_the_last(penguins: Any) -> None:
    whole = Pipeline(features=prepared(), model=estimate(LogisticRegression(max_iter=3000)))
    outer = Pipeline(whole=whole).fit(penguins, "species")
    assert outer.graph.predictor is not None
    assert outer.graph.predictor.name == "whole__model"
    assert outer.graph.subs == ("whole", "whole__features")
    assert outer["whole"]["features"]["numbers_scale"] == scale()
    assert (outer.predict(penguins) == whole.fit(penguins, "species").predict(penguins)).all()
    with pytest.raises(InvalidPipelineError, match="whole__model predicts"):
        Pipeline(whole=whole, rest=join("whole").scale())


def test_parameters_of_parts_are_set_by_their_path(nested: Pipeline) -> None:
    assert nested.get_params()["features__numbers_impute__strategy"] == "median"
    nested.set_params(features__numbers_impute__strategy="mean", numbers_scale__method="robust")
    assert nested["features"]["numbers_impute"] == impute("mean")
    assert nested["features__numbers_scale"].method == "robust"
    other = Pipeline(all=branch(*NUMBERS).impute("constant", 0.0))
    nested.set_params(features=other)
    assert list(nested.steps) == ["features__all_impute", "model"]
    assert nested.graph.node("model").inputs == ("features__all_impute", "year")
    with pytest.raises(InvalidPipelineError, match="features is a sub-pipeline; a Pipeline takes its place, not 3"):
        nested.set_params(features=3)


def test_a_part_in_a_chain_can_be_replaced_too() -> None:
    made = Pipeline(
        raw=branch("x").impute().then(Pipeline(a=branch("x").scale()), name="inner"), m=estimate(LinearRegression())
    )
    made.set_params(raw_inner=Pipeline(b=branch("x").clip(0, 1)))
    assert list(made.steps) == ["raw_impute", "raw_inner__b", "raw_inner__b_clip", "m"]
    fitted = made.fit({"x": [0.0, 1.0, 5.0]}, [0.0, 1.0, 1.0])
    assert fitted.predict({"x": [7.0]})[0] == pytest.approx(1.0)


def test_what_belongs_to_the_whole_is_refused_in_a_part() -> None:
    inner = Pipeline(x=branch("x"), y=target("y"), model=estimate(LinearRegression()))
    with pytest.raises(InvalidPipelineError, match="inner is a part, and has a target, outputs or explanations"):
        Pipeline(inner=inner)
    with pytest.raises(InvalidPipelineError, match="raw_in chooses columns by type"):
        Pipeline(raw=branch("x").then(Pipeline(a=branch(every())), name="in"))
    with pytest.raises(InvalidPipelineError, match="is no name for a part"):
        Pipeline(**{"a__b": prepared()})


# -- cutting ------------------------------------------------------------------------------------------


def test_slices_count_as_python_does_and_names_are_part_of_the_slice(nested: Pipeline, penguins: Any) -> None:
    fitted = nested.fit(penguins, "species")
    before = fitted[:-1]
    given = fitted.transform(penguins)
    assert set(before.transform(penguins)) == set(given)
    assert all((values == given[name]).all() for name, values in before.transform(penguins).items())
    assert list(fitted[:"features__numbers_scale"].steps) == ["features__numbers_impute", "features__numbers_scale"]
    assert fitted[:"features__numbers_scale"].columns == NUMBERS
    assert fitted[0] == impute()
    assert fitted[-1] is fitted["model"]
    assert before.is_fitted
    assert loads(before.dumps()).transform(penguins).keys() == before.transform(penguins).keys()


def test_what_comes_after_a_step_reads_its_columns(nested: Pipeline, penguins: Any) -> None:
    fitted = nested.fit(penguins, "species")
    after = fitted["model":]
    given = fitted.transform(penguins)
    assert set(after.columns) == set(given)
    # One-hot columns come as numbers now, and are added up in another order.
    assert np.allclose(after.predict_proba(dict(given)), fitted.predict_proba(penguins), rtol=1e-12, atol=1e-15)
    assert after.check_parity().ok
    again = loads(after.dumps())
    assert (again.predict(dict(given)) == fitted.predict(penguins)).all()
    assert set(after.features("model")[0].columns) <= set(after.columns)


def test_a_slice_of_what_is_not_fitted_is_not_fitted(nested: Pipeline) -> None:
    assert not nested[:-1].is_fitted
    assert not nested["features"].is_fitted
    with pytest.raises(InvalidPipelineError, match=r"What features__numbers_scale gives is known once|is known once"):
        nested["model":]


@pytest.mark.parametrize(
    ("cut", "error", "message"),
    [
        (slice(0, 0), InvalidPipelineError, "Nothing is left"),
        (slice("nix", None), StepNotFoundError, "No step 'nix'"),
        (slice(None, None, 2), InvalidPipelineError, "cut in their order"),
        (9, StepNotFoundError, "No step or sub-pipeline '9'"),
    ],
)
def test_a_cut_that_cannot_be_is_refused(nested: Pipeline, cut: Any, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        nested[cut]


def test_two_columns_by_one_name_cannot_start_a_part() -> None:
    made = Pipeline(a=branch("x").scale(), b=branch("x").clip(0, 1), m=estimate(LinearRegression()))
    fitted = made.fit({"x": [0.0, 1.0, 2.0]}, [0.0, 1.0, 2.0])
    with pytest.raises(InvalidPipelineError, match="a_scale and b_clip both give a column 'x'"):
        fitted["m":]


# -- columns chosen by type ---------------------------------------------------------------------------


def test_columns_are_chosen_when_the_data_is_there(penguins: Any) -> None:
    made = Pipeline(
        numbers=branch(every("number", without=["year"])).impute().scale(),
        words=branch(every("text")).one_hot(),
        model=estimate(LogisticRegression(max_iter=3000)),
    )
    made.fit(penguins, "species")
    assert made.columns == ("bill_length_mm", "bill_depth_mm", "flipper_length_mm", "body_mass_g", "island", "sex")
    assert loads(made.dumps()).columns == made.columns
    # What was written down is kept: other data, other columns.
    again = made.clone().fit({"mass": [1.0, 2.0, 3.0], "where": ["a", "b", "a"]}, ["x", "y", "x"])
    assert again.columns == ("mass", "where")


def test_the_target_is_never_among_the_chosen(penguins: Any) -> None:
    made = Pipeline(
        all=branch(every("number")).impute(), mass=target("body_mass_g", missing="drop"), m=estimate(LinearRegression())
    )
    assert "body_mass_g" not in made.fit(penguins).columns
    assert (
        "species"
        not in Pipeline(all=branch(every()).one_hot(), m=estimate(LogisticRegression()))
        .fit(penguins[["species", "island"]], "species")
        .columns
    )


def test_names_by_pattern_and_by_name_together() -> None:
    data = {"a1": [1.0], "a2": [2.0], "b1": [3.0], "c": ["x"]}
    made = Pipeline(x=branch("b1", every("float", matching="a.")).scale()).fit(data)
    assert made.columns == ("b1", "a1", "a2")


@pytest.mark.parametrize(
    ("arguments", "options", "message"),
    [
        (("colour",), {}, r"every\(\) knows 'number', 'float'.* not 'colour'"),
        ((), {"matching": "("}, r"'\(' is no regular expression"),
    ],
)
def test_a_choice_that_cannot_be_is_refused(arguments: tuple[str, ...], options: dict[str, Any], message: str) -> None:
    with pytest.raises(InvalidPipelineError, match=message):
        every(*arguments, **options)


def test_a_choice_of_nothing_names_what_there_is() -> None:
    with pytest.raises(
        UnknownColumnError, match=r"x chooses every\('datetime'\), and no column is such; .*'a \(float\)'"
    ):
        Pipeline(x=branch(every("datetime"))).fit({"a": [1.0]})


# -- how it is written --------------------------------------------------------------------------------


def test_steps_are_methods_of_a_branch() -> None:
    chained = branch("x").impute("mean", name="fill").scale().bin(count=3)
    assert [named.name for named in chained.steps] == ["fill", "scale", "bin"]
    assert {"impute", "scale", "one_hot", "estimate", "then", "output"} <= set(dir(chained))
    assert chained.impute.__doc__ == impute.__doc__
    with pytest.raises(AttributeError, match=r"A branch has no 'imput'; it has then, output, .*'?impute"):
        chained.imput  # noqa: B018
    assert not hasattr(chained, "affine")
    assert not hasattr(chained, "explain")


def test_a_step_that_names_an_absent_column_is_refused_where_it_is_written() -> None:
    with pytest.raises(UnknownColumnError, match=r"x_select: select: no column 'bed'; there are 'beds', 'baths'"):
        Pipeline(x=branch("beds", "baths").impute().scale().then(select("bed")))


def test_completion_offers_parts_and_steps(nested: Pipeline) -> None:
    assert nested._ipython_key_completions_()[:2] == ["features", "features__numbers_impute"]


# -- outputs ------------------------------------------------------------------------------------------


@pytest.fixture
def answering(penguins: Any) -> Pipeline:
    return Pipeline(
        features=prepared(),
        size=branch("body_mass_g").bin("edges", edges=[4000.0], output="text").output(),
        shape=join("features").select("bill_length_mm", "bill_depth_mm").output(),
        species=estimate(LogisticRegression(max_iter=3000)),
        why=explain(),
    ).fit(penguins, "species")


def test_outputs_come_back_beside_the_prediction(answering: Pipeline, penguins: Any) -> None:
    rows = penguins[list(answering.columns)].to_dict("records")
    alone = [answering.predict_one(row) for row in rows]
    assert list(alone[0]) == ["prediction", "probabilities", "size", "shape", "why"]
    assert {answer["size"] for answer in alone} == {"below 4000", "4000 or more", None}
    assert list(alone[0]["shape"]) == ["bill_length_mm", "bill_depth_mm"]
    together = answering.answers(penguins)
    for one, other in zip(alone, together, strict=True):
        assert one["prediction"] == other["prediction"]
        assert one["size"] == other["size"]
        for part in ("probabilities", "shape", "why"):
            assert list(one[part]) == list(other[part])
            assert list(one[part].values()) == pytest.approx(list(other[part].values()), rel=1e-9, abs=1e-12)
    assert [(o.name, o.dtype, o.categories) for o in answering.schema_.outputs[2:]] == [
        ("size", "text", None),
        ("shape", "float", ("bill_length_mm", "bill_depth_mm")),
        ("why", "float", answering.columns),
    ]


def test_outputs_do_not_change_the_prediction(answering: Pipeline, penguins: Any) -> None:
    plain = Pipeline(features=prepared(), species=estimate(LogisticRegression(max_iter=3000))).fit(penguins, "species")
    assert (plain.predict_proba(penguins) == answering.predict_proba(penguins)).all()


def test_outputs_survive_the_file(answering: Pipeline, penguins: Any) -> None:
    again = loads(answering.dumps())
    assert again.dumps() == answering.dumps()
    assert again.check_parity().ok
    assert again.answers(penguins[:20]) == answering.answers(penguins[:20])
    assert again.describe() == answering.describe()
    roles = {node["id"]: node["role"] for node in again.describe()["nodes"]}
    assert roles["why"] == roles["size_bin"] == roles["shape_select"] == "output"


def test_an_effect_is_the_change_of_the_answer(answering: Pipeline, penguins: Any) -> None:
    row = penguins[list(answering.columns)].iloc[5].to_dict()
    answer = answering.predict_one(row)
    learned = answering.learned("why")
    typical = dict(zip(learned["columns"], learned["typical"], strict=True))
    assert typical["body_mass_g"] == 4050.0
    assert typical["island"] == "Biscoe"
    for column, effect in answer["why"].items():
        other = answering.predict_one({**row, column: typical[column]})["probabilities"][answer["prediction"]]
        assert effect == pytest.approx(answer["probabilities"][answer["prediction"]] - other, abs=1e-12)


def test_only_the_largest_effects_are_told() -> None:
    made = Pipeline(x=branch("a", "b", "c"), m=estimate(LinearRegression()), why=explain(columns=["a", "b"], top=1))
    data = {name: np.random.default_rng(index).normal(size=50) for index, name in enumerate("abc")}
    made.fit(data, data["a"] + 10 * data["b"] + 100 * data["c"])
    assert list(made.predict_one({"a": 1.0, "b": 1.0, "c": 1.0})["why"]) == ["b"]


@pytest.mark.parametrize(
    ("parts", "message"),
    [
        ({"x": branch("x").scale(), "y": branch("y").output()}, "Only a pipeline that predicts has outputs"),
        ({"x": branch("x").scale(), "why": explain()}, r"Only a pipeline that predicts has explain\(\)"),
        ({"x": branch("x").scale(), "t": target("y")}, "Only a pipeline that predicts has a target"),
        (
            {"x": branch("x"), "a": target("y"), "b": target("z"), "m": estimate(LinearRegression())},
            "b is a second target",
        ),
        ({"x": branch("x"), "t": target("x"), "m": estimate(LinearRegression())}, "'x' is both the target and read"),
    ],
)
def test_parts_that_cannot_be_are_refused(parts: dict[str, Any], message: str) -> None:
    with pytest.raises(InvalidPipelineError, match=message):
        Pipeline(**parts)


def test_a_classifier_without_probabilities_cannot_be_explained() -> None:
    from sklearn.svm import LinearSVC

    made = Pipeline(x=branch("x"), m=estimate(LinearSVC()), why=explain())
    with pytest.raises(ValueError, match="this classifier gives none"):
        made.fit({"x": [0.0, 1.0]}, ["a", "b"])
