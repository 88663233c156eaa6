"""What may know what. The contracts hold, and they are able to fail."""

import os
import re
import subprocess
import sys
import tomllib
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

import pytest

from house.tree import CORE, MODULES, ROOT
from hubbub.prove.static import CONTRACTS_FILE

LINT = Path(sys.executable).with_name("lint-imports")
CONTRACTS = tomllib.loads(CONTRACTS_FILE.read_text())["tool"]["importlinter"]["contracts"]


def lint(root: Path, *arguments: str) -> str:
    """Check the contracts of the tree at `root`; give what the checker prints."""
    checked = subprocess.run(
        [LINT, CONTRACTS_FILE, "--no-logo", "--no-cache", *arguments],
        cwd=root,
        env={**os.environ, "PYTHONPATH": str(root / "src")},
        capture_output=True,
        text=True,
        check=False,
    )
    return checked.stdout + checked.stderr


def test_every_contract_is_kept() -> None:
    printed = lint(ROOT)
    assert f"Contracts: {len(CONTRACTS)} kept, 0 broken" in printed, printed


class Breach(NamedTuple):
    """Lines planted in the tree that one contract must catch."""

    contract: str
    module: str
    line: str


BREACHES = (
    Breach("journey", "terms/planted.py", "import hubbub.deal"),
    Breach("journey", "deal/planted.py", "import hubbub.crowd"),
    Breach("journey", "crowd/planted.py", "import hubbub.products"),
    Breach("journey", "products/planted.py", "import hubbub.record"),
    Breach("journey", "intake/planted.py", "import hubbub.record"),
    Breach("journey", "record/planted.py", "import hubbub.outlet"),
    Breach("journey", "intake/planted.py", "import hubbub.outlet"),
    Breach("journey", "run/planted.py", "import hubbub.prove"),
    Breach("journey", "prove/planted.py", "import hubbub.cli"),
    Breach("journey", "cellar.py", "'''A room that is not on the journey.'''"),
    Breach("products-independent", "products/planted.py", "import hubbub.products.traffic"),
    Breach("outlet-sees-no-rows", "outlet/planted.py", "import hubbub.record"),
    Breach("outlet-sees-no-rows", "outlet/planted.py", "from hubbub import intake"),
    Breach("outlet-sees-no-rows", "outlet/planted.py", "from hubbub.products import through"),
    Breach("record-is-protected", "intake/planted.py", "import hubbub.record"),
    *(
        Breach("engines", f"{room}/planted.py", f"import {engine}")
        for room in (*CORE, "intake", "outlet")
        for engine in ("duckdb", "sqlite3")
    ),
    Breach("engines", "outlet/planted.py", "from deltalake import DeltaTable"),
    Breach("engines", "intake/planted.py", "import valhalla"),
    Breach("engines", "products/planted.py", "import osmium"),
    Breach("engines", "deal/planted.py", "from sqlalchemy import text"),
    Breach("accounting", "crowd/planted.py", "import opendp"),
    Breach("accounting", "products/planted.py", "from dp_accounting import pld"),
    Breach("homeserver", "run/planted.py", "from synapse.app import homeserver"),
    Breach("homeserver", "run/messenger/planted.py", "import twisted"),
    Breach("noise", "products/planted.py", "import hubbub.crowd.noise"),
    Breach("noise", "run/planted.py", "from hubbub.crowd import noise"),
    *(
        Breach("core-is-pure", f"{room}/planted.py", line)
        for room in CORE
        for line in ("import os", "from pathlib import Path", "import time", "import secrets")
    ),
    Breach("core-is-pure", "crowd/planted.py", "from random import gauss"),
    Breach("core-is-pure", "deal/planted.py", "import asyncio"),
    Breach("core-is-pure", "products/planted.py", "import socket"),
    Breach("web", "products/planted.py", "import starlette"),
    Breach("web", "record/planted.py", "import granian"),
    Breach("server", "outlet/planted.py", "import granian"),
    Breach("server", "intake/planted.py", "import aiohttp"),
    Breach("acyclic", "run/planted/__init__.py", "from hubbub.run.planted import one"),
)
SUPPORT = {
    "products/through.py": "import hubbub.record\n",
    "run/planted/one.py": "import hubbub.run.planted.two\n",
    "run/planted/two.py": "import hubbub.run.planted.one\n",
}


def plant(breaches: list[Breach], root: Path) -> list[str]:
    """Copy the house to `root`, and break it there; give the names of the planted modules."""
    for module in MODULES:
        copy = root / module.relative_to(ROOT)
        copy.parent.mkdir(parents=True, exist_ok=True)
        copy.write_bytes(module.read_bytes())
    house = root / "src" / "hubbub"
    needed = dict(SUPPORT) if breaches else {}
    planted = []
    for number, breach in enumerate(breaches):
        name = breach.module.replace("planted.py", f"planted{number}.py")
        needed[name] = f"{breach.line}\n"
        planted.append(name.removesuffix(".py").removesuffix("/__init__").replace("/", "."))
    for name, text in needed.items():
        (house / name).parent.mkdir(exist_ok=True)
        (house / name).write_text(text)
    return planted


@cache
def caught(contract: str) -> dict[Breach, bool]:
    """Plant all breaches of `contract` at once, and tell which of them the checker names."""
    breaches = [breach for breach in BREACHES if breach.contract == contract]
    with TemporaryDirectory() as folder:
        planted = plant(breaches, Path(folder))
        printed = lint(Path(folder), "--contract", contract)
    assert "Contracts: 0 kept, 1 broken" in printed, printed
    return {
        breach: re.search(rf"\b{re.escape(name)}\b", printed) is not None
        for breach, name in zip(breaches, planted, strict=True)
    }


@pytest.mark.parametrize("breach", BREACHES, ids=lambda b: f"{b.contract}: {b.module}: {b.line}")
def test_a_planted_breach_is_caught(breach: Breach) -> None:
    assert caught(breach.contract)[breach]


def test_the_copy_without_a_breach_is_kept(tmp_path: Path) -> None:
    plant([], tmp_path)
    assert "0 broken" in lint(tmp_path)


def test_every_contract_has_a_breach() -> None:
    assert {breach.contract for breach in BREACHES} == {contract["id"] for contract in CONTRACTS}
