from __future__ import annotations

import importlib
import socket
from pathlib import Path
from typing import Any

import pytest
from redspot_hub.password import hub_password
from redspot_hub.ports import Ports
from redspot_hub.setup import ProxyMissingError, TrustDomainError, find_proxy, setup
from redspot_hub.spawner import ImageNotFoundError, copy_examples, parse_choices, render_form
from redspot_hub.verb import config_file
from traitlets.config import Config as Traits

from redspot.compute.instance import InstanceTypeNotFoundError, local_instance_types
from redspot.compute.port import PortTakenError
from redspot.config import Config
from redspot.images.process import running_image

TYPES = local_instance_types(2**31)


def traits(**authenticator: Any) -> Traits:
    made = Traits()
    made.Authenticator.update(authenticator)
    return made


@pytest.mark.parametrize(
    ("authenticator", "says"),
    [
        ({"allowed_users": {"ada", "bob"}}, "2 people"),
        ({"allowed_users": {"ada"}, "admin_users": {"bob"}}, "2 people"),
        ({"allowed_users": {"ada"}, "allow_all": True}, "anybody"),
        ({}, "0 people"),
    ],
)
def test_a_hub_for_several_is_refused(config: Config, authenticator: dict[str, Any], says: str) -> None:
    with pytest.raises(TrustDomainError, match=says):
        setup(traits(**authenticator), config)


def test_a_hub_for_one_says_whose_rights_everything_has(config: Config) -> None:
    c = traits(allowed_users={"ada"})
    setup(c, config)
    assert "rights of ada" in c.JupyterHub.template_vars["announcement_login"]
    assert [service["name"] for service in c.JupyterHub.services] == ["redspot"]
    assert c.JupyterHub.bind_url.startswith("http://127.0.0.1:")
    tokens = c.Spawner.server_token_scopes
    assert "custom:redspot:author" in tokens
    assert "custom:redspot:admin" not in tokens


def test_the_shipped_configuration_is_short() -> None:
    assert config_file().exists()
    assert len(config_file().read_text().splitlines()) < 60


def test_a_taken_port_is_named(config: Config) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(PortTakenError, match=str(port)):
            Ports(port, port, port, port).check_free()


def test_a_missing_proxy_is_told_with_the_remedy(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    module = importlib.import_module("redspot_hub.setup")  # the package's own name `setup` is the function
    monkeypatch.setattr(module, "__file__", str(tmp_path / "a" / "b" / "setup.py"))
    with pytest.raises(ProxyMissingError, match="npm"):
        find_proxy()


def test_the_password_is_the_owners_alone_and_stays(config: Config) -> None:
    first = hub_password(config)
    assert len(first) >= 20
    assert hub_password(config) == first
    assert (config.state_dir / "hub-password").stat().st_mode & 0o777 == 0o600


def test_the_form_offers_what_exists_and_nothing_else_is_taken() -> None:
    image = running_image()
    form = render_form(TYPES, image)
    assert all(f'value="{each.name}"' in form for each in TYPES)
    assert image.lock[7:19] in form
    assert parse_choices({"instance_type": ["cpu.large"], "image": ["process"]}, TYPES, image) == {
        "instance_type": "cpu.large",
        "image": "process",
    }
    with pytest.raises(InstanceTypeNotFoundError, match=r"cpu\.small"):
        parse_choices({"instance_type": ["gpu.p9"]}, TYPES, image)
    with pytest.raises(ImageNotFoundError, match="process"):
        parse_choices({"image": ["evil"]}, TYPES, image)


def test_an_example_that_was_changed_stays(tmp_path: Path) -> None:
    copy_examples(tmp_path)
    (tmp_path / "penguins.ipynb").write_text("mine")
    copy_examples(tmp_path)
    assert (tmp_path / "penguins.ipynb").read_text() == "mine"
