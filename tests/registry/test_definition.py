from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from redspot.registry.definition import Access, EndpointDefinition
from redspot.registry.definition_file import parse_definition, render_definition
from redspot.registry.policy import DefinitionError, Parity, RolloutPolicy, Strategy

FILE = """
name = "penguins"
model = "penguins@champion"
follow = true
min_replicas = 0
max_replicas = 4
sticky = "header:X-User"
log_sample = 0.1
redact = ["island"]

[access]
callers = ["bob"]
cors_origins = ["https://app.example.org"]

[rollout]
strategy = "shadow-canary"
steps = [0.05, 0.25, 1]
parity = "require"
"""


def test_a_file_says_what_the_dataclass_says() -> None:
    definition = parse_definition(FILE)
    assert definition == EndpointDefinition(
        "penguins",
        model="penguins@champion",
        follow=True,
        min_replicas=0,
        max_replicas=4,
        sticky="header:X-User",
        log_sample=0.1,
        redact=("island",),
        access=Access(("bob",), ("https://app.example.org",)),
        rollout=RolloutPolicy(Strategy.SHADOW_CANARY, (0.05, 0.25, 1.0), parity=Parity.REQUIRE),
    )


names = st.from_regex(r"[A-Za-z0-9][A-Za-z0-9._-]{0,20}", fullmatch=True)
texts = st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=20)
shares = st.floats(0.01, 1)


@st.composite
def definitions(draw: st.DrawFn) -> EndpointDefinition:
    least = draw(st.integers(0, 5))
    steps = sorted({draw(st.floats(0.001, 0.9)) for _ in range(draw(st.integers(0, 4)))})
    part = draw(shares)
    split = {"a@1": part, "b@champion": 1 - part} if draw(st.booleans()) and part < 1 else {}
    return EndpointDefinition(
        draw(names),
        model="" if split else f"m@{draw(st.integers(1, 99))}",
        split=split,
        min_replicas=least,
        max_replicas=draw(st.integers(max(1, least), 9)),
        target_in_flight=draw(st.floats(0.01, 1e5)),
        sticky=draw(st.sampled_from(("", "header:X-Id", "column:a b"))),
        log_sample=draw(st.none() | st.floats(0, 1)),
        redact=draw(st.none() | st.lists(texts, max_size=3).map(tuple)),
        owner=draw(texts),
        access=Access(tuple(draw(st.lists(texts, max_size=3)))),
        rollout=RolloutPolicy(draw(st.sampled_from(Strategy)), (*steps, 1.0), step_s=draw(st.floats(0, 1e5))),
    )


@given(definitions())
def test_a_definition_comes_back_from_toml_and_from_a_dict(definition: EndpointDefinition) -> None:
    assert EndpointDefinition.from_dict(definition.to_dict()) == definition
    assert parse_definition(render_definition(definition)) == definition


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"models": "m@1"}, "'models' does not exist; there are name, model"),
        ({"rollout": {"step": 1}}, "'rollout.step' does not exist; there are strategy, steps"),
        ({"min_replicas": "2"}, "'min_replicas' is '2'; it is a whole number"),
        ({"follow": 1}, "'follow' is 1; it is true or false"),
        ({"idle_s": float("nan")}, "'idle_s' is nan; it is a number"),
        ({"rollout": {"strategy": "big-bang"}}, "'rollout.strategy' is 'big-bang'; there is blue-green, canary"),
        ({"min_replicas": 3, "max_replicas": 2}, "'max_replicas' is 2; with 'min_replicas' it is from 3"),
        ({"model": "", "split": {"m@1": 0.5, "m@2": 0.4}}, "'split' has shares that sum to 0.9"),
        ({"split": {"m@1": 1.0}}, "'model' and 'split' exclude each other"),
        ({"model": ""}, "'model' and 'split' exclude each other"),
        ({"follow": True}, "'follow' needs a version that can move"),
        ({"sticky": "cookie:x"}, "'sticky' is 'cookie:x'"),
        ({"access": {"cors_origins": ["*"]}}, "'access.cors_origins' has '*'"),
        ({"access": {"cors_origins": ["https://a/b"]}}, "an origin is like"),
        ({"rollout": {"steps": [0.5]}}, "'rollout.steps' is"),
        ({"rollout": {"steps": [0.5, 0.5, 1.0]}}, "'rollout.steps' is"),
        ({"rollout": {"max_error_rate": 1.5}}, "'rollout.max_error_rate' is 1.5; it is a share"),
        ({"rollout": []}, "'rollout' is not an object"),
        ({"redact": "a"}, "'redact' is 'a'; it is a list"),
        ({"split": [1]}, "'split' is .1.; it is an object"),
        ({"log_sample": 2}, "'log_sample' is 2; it is a share"),
        ({"keep_days": -1}, "'keep_days' is -1"),
        ({"target_in_flight": 0}, "'target_in_flight' is 0"),
        ({"max_in_flight": 0}, "'max_in_flight' is 0"),
    ],
)
def test_each_mistake_names_its_field_and_what_there_is(changes: dict[str, Any], says: str) -> None:
    with pytest.raises(DefinitionError, match=says) as caught:
        EndpointDefinition.from_dict({"name": "front", "model": "m@1", **changes})
    assert caught.value.message.endswith(".")


def test_what_is_no_toml_and_has_no_name_is_refused() -> None:
    with pytest.raises(DefinitionError, match="not TOML"):
        parse_definition("name = ")
    with pytest.raises(DefinitionError, match="'name' is missing"):
        parse_definition('model = "m@1"')


def test_an_installation_refuses_what_it_does_not_have() -> None:
    definition = EndpointDefinition("front", model="m@1", backend="mainframe")
    with pytest.raises(DefinitionError, match="'backend' is 'mainframe'; there is process"):
        definition.check(instance_types=["cpu.small"], backends=["process"])


def test_an_endpoint_is_private_until_somebody_is_named() -> None:
    assert Access().allows("ada", "ada")
    assert not Access().allows("bob", "ada")
    assert Access(("bob",)).allows("bob", "ada")
    assert Access(("*",)).allows("eve", "ada")
