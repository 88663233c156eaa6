"""A plugin for pytest that writes down how tests fail: by an assertion, a refusal, or otherwise."""

import json
import os
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import pytest

import hubbub
from hubbub.terms.errors import HubbubError

VERDICTS: Final = (AssertionError, pytest.fail.Exception, HubbubError, sqlite3.IntegrityError)
"""The last is how the file of the ledger refuses."""


def pytest_configure() -> None:
    """Make sure that the copy is what is tested."""
    source = Path(os.environ["PLANTED_SOURCE"]) / "hubbub"
    assert Path(hubbub.__path__[0]) == source, "another hubbub would be tested than the copy"


def pytest_exception_interact(node: Any, call: Any) -> None:
    """Write down one failure."""
    if call.excinfo is None:
        return
    found = list(_leaves(call.excinfo.value))
    death = {
        "test": node.nodeid.removeprefix("tests/"),
        "kind": ", ".join(sorted({type(each).__name__ for each in found})),
        "is_verdict": isinstance(node, pytest.Item) and all(map(_is_verdict, found)),
    }
    with Path(os.environ["PLANTED_SEEN"]).open("a") as seen:
        seen.write(json.dumps(death) + "\n")


def _leaves(error: BaseException) -> Iterator[BaseException]:
    """Hypothesis tells several different failures as a group."""
    if isinstance(error, BaseExceptionGroup):
        for inner in error.exceptions:
            yield from _leaves(inner)
    else:
        yield error


def _is_verdict(error: BaseException) -> bool:
    return isinstance(error, VERDICTS) and not str(error).startswith("Timeout")
