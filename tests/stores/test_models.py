from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest

from redspot.ids import InvalidNameError, ModelRef
from redspot.registry.model import ModelNotFoundError, VersionNotFoundError
from redspot.stores.database import Database
from redspot.stores.models import SqlModelStore
from tests.stores.conftest import new_version


@pytest.fixture
def models(database: Database) -> SqlModelStore:
    return SqlModelStore(database)


def test_versions_count_up_within_their_model(models: SqlModelStore) -> None:
    refs = [str(models.add(new_version(name)).ref) for name in ("m", "n", "m")]
    assert refs == ["m@1", "n@1", "m@2"]
    assert models.model("m").version_count == 2


def test_concurrent_registrations_leave_no_gap_and_no_duplicate(models: SqlModelStore) -> None:
    with ThreadPoolExecutor(8) as pool:
        numbers = list(pool.map(lambda _: models.add(new_version()).number, range(40)))
    assert sorted(numbers) == list(range(1, 41))


def test_the_same_run_makes_one_version(models: SqlModelStore) -> None:
    first = models.add(new_version(run_id="r_1"))
    assert models.add(replace(new_version(run_id="r_1"), metrics={"r2": 0.9})) == first


def test_name_number_alias_and_latest_resolve(models: SqlModelStore) -> None:
    first, second = models.add(new_version()), models.add(new_version())
    models.set_alias("m", "champion", 1, by="ada")
    found = [models.get(ModelRef.parse(text)) for text in ("m@1", "m@champion", "m@latest", "m")]
    assert found == [first, first, second, second]


def test_an_unknown_reference_lists_what_exists(models: SqlModelStore) -> None:
    with pytest.raises(ModelNotFoundError, match="none yet"):
        models.get(ModelRef("m"))
    models.add(new_version())
    models.set_alias("m", "champion", 1, by="ada")
    with pytest.raises(ModelNotFoundError, match="registered models: m"):
        models.model("x")
    with pytest.raises(VersionNotFoundError, match="versions 1 to 1 and the aliases champion"):
        models.get(ModelRef("m", "7"))
    with pytest.raises(VersionNotFoundError):
        models.set_alias("m", "best", 3, by="ada")


def test_a_bad_name_registers_nothing(models: SqlModelStore) -> None:
    with pytest.raises(InvalidNameError):
        models.add(new_version("../m"))
    assert models.models(limit=10) == ()


def test_lists_go_on_where_they_ended(models: SqlModelStore) -> None:
    for name in ("a", "b", "c"):
        models.add(new_version(name))
    first = models.models(limit=2)
    assert [model.name for model in (*first, *models.models(limit=2, after="b"))] == ["a", "b", "c"]
