"""No setting without a test that turns it and syncs: read in the tests themselves."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from syncing.settings_pages import SETTINGS

TESTS = sorted(Path(__file__).parent.glob("test_*_settings.py"))


def test_a_test_of_every_setting_turns_it_and_syncs() -> None:
    turned = {name for path in TESTS for name in _turned(ast.parse(path.read_text()))}
    assert set(SETTINGS) - turned == set()


def test_a_setting_that_is_not_turned_is_missed() -> None:
    code = ast.parse("def test_it(): connected.change_settings(decimals=2)\ndef test_that(): connected.sync()")
    assert list(_turned(code)) == []


@pytest.mark.parametrize("call", ["connected.change_settings(decimals=2)", "change_settings(account, {'decimals': 2})"])
def test_a_setting_is_turned_by_its_name(call: str) -> None:
    code = ast.parse(f"def went(): connected.sync()\ndef test_it():\n    {call}\n    went()")
    assert list(_turned(code)) == ["decimals"]


def _turned(module: ast.Module) -> Iterator[str]:
    """The settings that the module's tests turn and sync with, in themselves or in what they call of the module."""
    functions = {one.name: one for one in module.body if isinstance(one, ast.FunctionDef)}
    for name, function in functions.items():
        if name.startswith("test_") and _reaches_sync(name, functions, set()):
            yield from _changed_in(function)


def _reaches_sync(name: str, functions: dict[str, ast.FunctionDef], seen: set[str]) -> bool:
    if name in seen or name not in functions:
        return name == "sync"
    called = {_name_of(call) for call in _calls(functions[name])}
    return any(_reaches_sync(each, functions, seen | {name}) for each in called)


def _changed_in(function: ast.FunctionDef) -> Iterator[str]:
    for call in _calls(function):
        if _name_of(call) != "change_settings":
            continue
        yield from (keyword.arg for keyword in call.keywords if keyword.arg)
        for values in (argument for argument in call.args if isinstance(argument, ast.Dict)):
            yield from (str(key.value) for key in values.keys if isinstance(key, ast.Constant))


def _calls(function: ast.FunctionDef) -> Iterator[ast.Call]:
    return (node for node in ast.walk(function) if isinstance(node, ast.Call))


def _name_of(call: ast.Call) -> str:
    return call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")
