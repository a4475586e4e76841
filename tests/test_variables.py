"""The variables: what the settings read, what the README lists and what reaches the containers are the same."""

from __future__ import annotations

import ast
import re
from typing import Any

import pytest
import yaml
from django.conf import settings

APPLICATION = ("web", "worker", "beat", "migrate")


def read_by_the_settings() -> set[str]:
    """The names in `env.…("NAME", …)` and `required("NAME", …)`."""
    tree = ast.parse((settings.BASE_DIR / "cloud_depot" / "settings.py").read_text())
    calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call) and node.args]
    names = {
        call.args[0].value for call in calls if isinstance(call.args[0], ast.Constant) and _reads_a_variable(call.func)
    }
    return {str(name) for name in names}


def _reads_a_variable(called: ast.expr) -> bool:
    if isinstance(called, ast.Attribute):
        return isinstance(called.value, ast.Name) and called.value.id == "env"
    return isinstance(called, ast.Name) and called.id == "required"


def listed_in_the_readme() -> set[str]:
    rows = re.findall(r"^\| (`[A-Z].*?) \|", (settings.BASE_DIR / "README.md").read_text(), re.MULTILINE)
    return {name for row in rows for name in re.findall(r"`([A-Z_]+)`", row)}


@pytest.fixture(scope="module")
def services() -> dict[str, Any]:
    compose: dict[str, Any] = yaml.safe_load((settings.BASE_DIR / "docker-compose.yml").read_text())
    return dict(compose["services"])


def test_the_readme_lists_what_the_settings_read() -> None:
    assert listed_in_the_readme() == read_by_the_settings()
    assert len(read_by_the_settings()) > 30


@pytest.mark.parametrize("name", APPLICATION)
def test_whatever_stands_in_the_file_reaches_every_container(services: dict[str, Any], name: str) -> None:
    service = services[name]
    assert service["env_file"] == [{"path": ".env", "required": False}]
    for variable, value in service["environment"].items():
        taken = re.match(r"\$\{(\w+)", value)
        assert taken is None or taken[1] == variable, "it would have the last word over the file"


@pytest.mark.parametrize("name", APPLICATION)
def test_the_password_of_the_databases_administrator_does_not(services: dict[str, Any], name: str) -> None:
    assert services[name]["environment"]["POSTGRES_PASSWORD"] == ""
    assert services["postgres"]["environment"]["POSTGRES_PASSWORD"].startswith("${POSTGRES_PASSWORD:?")
