from __future__ import annotations

from pathlib import Path

import pytest

from redspot.config import Config, ConfigError


def test_the_environment_wins_over_the_file(tmp_path: Path) -> None:
    (tmp_path / "redspot.toml").write_text('router_port = 1\ntime_zone = "Europe/Berlin"\n')
    config = Config.load(tmp_path / "", {"REDSPOT_ROUTER_PORT": "2", "REDSPOT_STATE_DIR": str(tmp_path)})
    assert (config.router_port, config.time_zone, config.state_dir) == (2, "Europe/Berlin", tmp_path)


def test_settings_survive_the_way_through_the_environment(tmp_path: Path) -> None:
    config = Config.load(tmp_path, {"REDSPOT_STATE_DIR": str(tmp_path), "REDSPOT_MAX_RUNS": "3"})
    assert Config.load(tmp_path, config.to_environment()) == config


def test_an_unknown_setting_is_refused_and_the_known_ones_are_listed(tmp_path: Path) -> None:
    (tmp_path / "redspot.toml").write_text("router_prot = 1\n")
    with pytest.raises(ConfigError, match="'router_prot'.*router_port"):
        Config.load(tmp_path, {})


def test_a_setting_of_another_type_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="router_port.*whole number"):
        Config.load(tmp_path, {"REDSPOT_ROUTER_PORT": "many"})


def test_a_long_state_directory_gets_its_sockets_elsewhere(tmp_path: Path) -> None:
    config = Config(state_dir=tmp_path / ("x" * 100))
    folder = config.runtime_dir()
    assert len(str(folder / ("d_" + "0" * 20 + "-1.sock"))) < 100
    assert folder == config.runtime_dir()
    folder.rmdir()


def test_somebody_elses_socket_folder_is_refused(tmp_path: Path) -> None:
    config = Config(state_dir=tmp_path)
    folder = config.runtime_dir()
    folder.chmod(0o755)
    with pytest.raises(ConfigError, match="0700"):
        config.runtime_dir()
    folder.rmdir()


@pytest.mark.parametrize("share", ["half", "1.5", "nan"])
def test_a_share_is_from_0_to_1(tmp_path: Path, share: str) -> None:
    with pytest.raises(ConfigError, match="events_sample.*share from 0 to 1"):
        Config.load(tmp_path, {"REDSPOT_EVENTS_SAMPLE": share})
    assert Config.load(tmp_path, {"REDSPOT_EVENTS_SAMPLE": "0.5"}).events_sample == 0.5
