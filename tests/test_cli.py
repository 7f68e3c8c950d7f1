"""The command line as people and programs use it."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest

from redspot.client.service import ServiceClient
from redspot.config import Config
from redspot.contracts.requests import JobIn
from tests.notebooks import notebook
from tests.services import ServiceProcess


def redspot(config: Config, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "redspot", *words],
        env={**os.environ, **config.to_environment()},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


def test_help_lists_the_verbs(config: Config) -> None:
    said = redspot(config)
    assert said.returncode == 0
    for verb in ("demo", "down", "endpoints", "hub", "jobs", "models", "router", "runs", "service", "status"):
        assert f"  {verb} " in said.stdout


def test_an_unknown_verb_is_refused_and_the_known_ones_are_listed(config: Config) -> None:
    said = redspot(config, "modles")
    assert said.returncode == 2
    assert "models" in said.stderr
    assert "[unknown-plugin]" in said.stderr


def test_without_a_service_it_says_what_to_start(config: Config) -> None:
    said = redspot(config, "status", "--json")
    assert said.returncode == 4
    assert json.loads(said.stdout)["code"] == "service-unreachable"
    assert "redspot service" in said.stderr


def test_down_without_anything_is_calm(config: Config) -> None:
    said = redspot(config, "down")
    assert (said.returncode, said.stderr) == (0, "")
    assert "nothing runs" in said.stdout


@pytest.mark.parametrize(
    ("words", "status", "code"),
    [
        (("models", "nix"), 3, "model-not-found"),
        (("runs", "show", "nix"), 3, "run-not-found"),
        (("runs", "show"), 2, "unreadable-request"),
        (("endpoints", "deploy", "front", "nix@1"), 3, "model-not-found"),
        (("jobs", "start", "nix"), 3, "job-not-found"),
    ],
)
def test_mistakes_have_the_services_sentence_and_code(
    shared_service: ServiceProcess, words: tuple[str, ...], status: int, code: str
) -> None:
    said = redspot(shared_service.config, *words)
    assert f"[{code}]" in said.stderr
    assert said.returncode == status


def test_what_is_there_is_listed_for_people_and_programs(shared_service: ServiceProcess, client: ServiceClient) -> None:
    config = shared_service.config
    job = client.freeze(JobIn(name="listed", notebook=notebook("1")))
    schedule = client.add_schedule(job.id, "0 7 * * *", "Europe/Berlin")
    assert "listed" in redspot(config, "jobs").stdout
    assert json.loads(redspot(config, "jobs", "--json").stdout)[0]["id"] == job.id
    assert "Europe/Berlin" in redspot(config, "jobs", "schedules").stdout
    assert "paused" in redspot(config, "jobs", "pause", schedule.id).stdout
    assert "One trust domain" in redspot(config, "status").stdout
    assert redspot(config, "endpoints", "token", "laptop").stdout.startswith("rsp_")
    assert "No endpoint" in redspot(config, "endpoints").stdout
