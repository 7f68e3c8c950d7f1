"""Steps on texts, and the sparse columns that they make."""

from __future__ import annotations

import tracemalloc
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from lightgbm import LGBMClassifier
from sklearn.ensemble import RandomForestClassifier
from sklearn.feature_extraction.text import CountVectorizer, TfidfVectorizer
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.naive_bayes import GaussianNB
from sklearn.neighbors import KNeighborsClassifier
from sklearn.tree import DecisionTreeClassifier

from redspot.pipeline import (
    Pipeline,
    branch,
    count_words,
    estimate,
    hash_words,
    impute,
    loads,
    normalize_text,
    one_hot,
    scale,
    select,
    tfidf,
    tokenize,
)
from redspot.pipeline.column import Column, Table
from redspot.pipeline.errors import ColumnTypeError, InvalidStepError, MissingValueError
from redspot.pipeline.sparse import SparseBlock, SparseMember
from redspot.pipeline.sparse_table import csr_of, stretch_of
from tests.pipeline.steps.agreement import FEW, assert_agrees, fitted, outcome

NOTES = ["Old town, old flat", "A flat in town", None, "Größe: 20 m²", "", "old town, old flat", "İstanbul ŒUVRE ﬁne"]
WORDS = "old town flat near the river cosy quiet sunny loft a of in m² größe 20 studio".split()

texts = st.one_of(
    st.none(),
    st.text(max_size=12),
    st.lists(st.sampled_from(WORDS), max_size=8).map(" ".join),
    st.sampled_from(
        ["see https://a.example/b?c=1 now", "mail me@host.example or +1,234.50", "  two\n\nlines ", "\x00"]
    ),
)
later_texts = st.lists(texts, min_size=1, max_size=8)

STEPS: list[Any] = [
    normalize_text(),
    normalize_text(unicode="none", lower=False, strip_accents=True, tags=["url", "email", "number"], squeeze=False),
    normalize_text(tags=["number"]),
    tokenize(),
    tokenize(ngrams=(1, 3), stop_words=["the", "of"], min_length=1),
    tokenize(unit="characters", ngrams=(2, 3), lower=False),
    count_words(),
    count_words(ngrams=(1, 2), min_support=2, binary=True),
    count_words(unit="characters", max_words=5),
    tfidf(),
    tfidf(sublinear=True, norm="none", stop_words=["old"]),
    hash_words(7),
    hash_words(4, binary=True, norm="none", ngrams=(2, 2)),
]


@pytest.mark.parametrize("step", STEPS, ids=lambda step: f"{step.kind}-{list(step.params().values())}")
@FEW
@given(later=later_texts)
def test_one_row_is_as_many_rows(step: Any, later: list[str | None]) -> None:
    assert_agrees(step, {"a": NOTES, "b": NOTES[::-1]}, {"a": later, "b": later[::-1]})


@pytest.mark.parametrize("step", [count_words(ngrams=(1, 2)), tfidf(), hash_words(5)])
@FEW
@given(later=st.lists(st.one_of(st.none(), st.lists(st.sampled_from(WORDS), max_size=5)), min_size=1, max_size=8))
def test_lists_of_tokens_are_read_too(step: Any, later: list[Any]) -> None:
    assert_agrees(step, {"a": [["old", "town"], None, [], ["flat", "Old"]]}, {"a": later})


@pytest.mark.parametrize("step", STEPS[:6] + STEPS[-2:])
def test_names_are_known_before_fitting(step: Any) -> None:
    assert step.names(("a", "b")) == tuple(outcome(step, {"a": NOTES, "b": NOTES}))


def corpus(rows: int, words: int, seed: int = 0) -> list[str]:
    """Texts of 2 to 20 words whose frequencies fall as those of a language."""
    generator = np.random.default_rng(seed)
    lengths = generator.integers(2, 20, rows)
    drawn = (generator.zipf(1.3, int(lengths.sum())) - 1) % words
    parts = np.split(drawn, np.cumsum(lengths)[:-1])
    return [" ".join(f"w{word}" for word in part.tolist()) for part in parts]


@pytest.mark.parametrize(
    ("step", "reference"),
    [
        (count_words(), CountVectorizer()),
        (count_words(min_support=3, binary=True), CountVectorizer(min_df=3, binary=True)),
        (count_words(ngrams=(1, 3), min_support=2), CountVectorizer(ngram_range=(1, 3), min_df=2)),
        (
            count_words(unit="characters", ngrams=(2, 4), lower=False),
            CountVectorizer(analyzer="char", ngram_range=(2, 4), lowercase=False),
        ),
        (tfidf(), TfidfVectorizer()),
        (tfidf(sublinear=True, ngrams=(2, 2)), TfidfVectorizer(sublinear_tf=True, ngram_range=(2, 2))),
        (tfidf(norm="none", binary=True), TfidfVectorizer(norm=None, binary=True)),
        (tfidf(stop_words=["w0", "w1"]), TfidfVectorizer(stop_words=["w0", "w1"])),
    ],
)
def test_the_numbers_are_those_of_scikit_learn(step: Any, reference: Any) -> None:
    notes = [*corpus(150, 60), "Größe  20\t\tm²", "", "w3"]
    later = [*corpus(40, 80, seed=1), "", "unseen words only", *notes[-3:]]
    expected = reference.fit(notes).transform(later).toarray()
    made = outcome(step, {"x": notes}, {"x": later})
    assert [name.removeprefix("x: ") for name in made] == reference.get_feature_names_out().tolist()
    assert np.stack(list(made.values()), axis=1) == pytest.approx(expected, rel=1e-12)


def test_the_most_frequent_words_are_kept() -> None:
    made = outcome(count_words(max_words=2), {"x": ["bb aa", "bb cc bb", "aa cc dd"]})
    assert list(made) == ["x: aa", "x: bb"]
    assert list(outcome(count_words(min_support=2), {"x": ["bb bb", "aa", "aa", None]})) == ["x: aa"]


def test_texts_are_written_in_one_way() -> None:
    step = normalize_text(tags=["url", "email", "number"], strip_accents=True)
    written = outcome(step, {"x": ["Ｃａｆé  at www.a.example", "a.b@c.example: 3.5, -2 x2 1.5m 10,000"]})["x"]
    assert written == ["cafe at <url>", "<email>: <number>, <number> x2 1.5m <number>"]


def test_long_texts_are_not_looked_at_again_and_again() -> None:
    step = normalize_text(tags=["url", "email", "number"])
    for piece in ("a", "a@", "1.", "1", "a.", "www.", "@a.", "-"):
        assert step.written(piece * 100_000)


def test_a_column_without_a_word_is_refused() -> None:
    with pytest.raises(MissingValueError, match="Column 'x' has no word that 2 training rows have"):
        fitted(tfidf(min_support=2), {"x": ["a", "bb"]})
    for step in STEPS:
        with pytest.raises(ColumnTypeError, match=f"{step.kind} cannot read column 'x', which holds float"):
            fitted(step, {"x": [1.0]})


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: normalize_text(unicode="ASCII"), "unicode is one of"),
        (lambda: normalize_text(tags=["phone"]), "tags is one of 'url', 'email', 'number', not 'phone'"),
        (lambda: tokenize(unit="lines"), "unit is one of 'words', 'characters'"),
        (lambda: tokenize(ngrams=(2, 1)), "ngrams are the least and the most"),
        (lambda: tokenize(ngrams=3), "ngrams are the least and the most"),
        (lambda: tokenize(ngrams=(1, 11)), "ngrams is a whole number from 1 to 10"),
        (lambda: tokenize(unit="characters", stop_words=["a"]), "stop_words go with unit 'words'"),
        (lambda: tokenize(stop_words=["a", "a"]), "each once"),
        (lambda: tokenize(min_length=0), "min_length is a whole number from 1 to 1000"),
        (lambda: count_words(min_support=0), "min_support is a whole number, 1 or more"),
        (lambda: count_words(max_words=0), "max_words is a whole number, 1 or more"),
        (lambda: tfidf(norm="l1"), "norm is one of 'l2', 'none'"),
        (lambda: hash_words(1), "buckets is a whole number from 2"),
    ],
)
def test_a_wrong_parameter_is_refused_at_once(make: Any, message: str) -> None:
    with pytest.raises(InvalidStepError, match=message):
        make()


MODELS: list[Any] = [
    LogisticRegression(),
    Ridge(),
    DecisionTreeClassifier(max_depth=3, random_state=0),
    RandomForestClassifier(8, random_state=0),
    GaussianNB(),
    LGBMClassifier(n_estimators=5, min_child_samples=2, verbose=-1),
    KNeighborsClassifier(3, algorithm="brute"),
]


@pytest.mark.parametrize("model", MODELS, ids=lambda model: type(model).__name__)
@pytest.mark.parametrize("classes", [2, 3])
@pytest.mark.parametrize("max_cells", [0, 2**24])
def test_models_answer_the_same_for_one_row_and_for_many(
    model: Any, classes: int, max_cells: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("redspot.pipeline.sparse_table.MAX_CELLS", max_cells)
    notes: list[Any] = [*corpus(80, 30), None]
    target: Any = [len(note or "") % classes for note in notes]
    data = {"note": notes, "beds": [float(i % 5) if i % 7 else None for i in range(81)], "kind": ["a", "b", None] * 27}
    pipeline = Pipeline(
        words=branch("note").then(tfidf(min_support=2)),
        again=branch("note").then(count_words(max_words=4)).then(scale(), name="scale"),
        some=branch("note").then(hash_words(8)).then(select("note words 3", "note words 1")),
        beds=branch("beds").then(impute()),
        kind=branch("kind").then(one_hot()),
        model=estimate(model),
    ).fit(data, [float(each) for each in target] if isinstance(model, Ridge) else [f"c{each}" for each in target])
    many = pipeline.predict(data)
    again = loads(pipeline.dumps())
    assert again.check_parity().ok
    for index in range(0, 81, 5):
        row = {name: values[index] for name, values in data.items()}
        for each in (pipeline, again):
            one = each.predict_one(row)["prediction"]
            assert one == pytest.approx(many[index], rel=1e-9) if isinstance(model, Ridge) else one == many[index]


def test_a_table_is_written_out_in_any_order_of_columns() -> None:
    block = SparseBlock.of_bags([{2: 1.0, 0: 3.0}, {}, {1: 5.0}], 3)
    matrix = np.array([[3.0, 0.0, 1.0], [0.0, 0.0, 0.0], [0.0, 5.0, 0.0]])
    plain = np.array([7.0, 0.0, np.nan])
    for order in ([0, 1, 2], [2, 0, 1], [1, 1, 0, 2, 2], [], [2]):
        columns = [Column(f"c{i}", "float", SparseMember(block, p), ()) for i, p in enumerate(order)]
        table = Table((*columns, Column("x", "float", plain, ())), 3)
        expected = np.column_stack([matrix[:, order], plain])
        assert np.array_equal(table.matrix("it", allow_missing=True), expected, equal_nan=True)
        assert np.array_equal(csr_of(table, "it", allow_missing=True).toarray(), expected, equal_nan=True)
        part = stretch_of(table, np.array([2, 0, 2]))
        assert np.array_equal(part.matrix("it", allow_missing=True), expected[[2, 0, 2]], equal_nan=True)
        for column, values in zip(table.columns, expected.T, strict=True):
            assert np.array_equal(column.floats(), values, equal_nan=True)
            assert np.array_equal(column.at(np.array([1, 0])).floats(), values[[1, 0]], equal_nan=True)


def test_many_texts_take_little_memory() -> None:
    notes = corpus(20_000, 30_000)
    target = [float(len(note)) for note in notes]
    pipeline = Pipeline(words=branch("note").then(tfidf(max_words=10_000)), model=estimate(Ridge(solver="lsqr")))
    tracemalloc.start()
    pipeline.fit({"note": notes}, target)
    many = pipeline.predict({"note": notes})
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    # Written out, the words would take 1.6 GB.
    assert peak < 300e6
    assert pipeline.predict_one({"note": notes[7]})["prediction"] == pytest.approx(many[7], rel=1e-9)
