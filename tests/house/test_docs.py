"""What the docs say is true where a machine can tell: commands, options, paths, links, tests."""

import ast
import re
import shlex
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import click
import pytest

from house.tree import MODULES, ROOT, SOURCE, tracked_files
from hubbub.cli import hubbub
from hubbub.cli.ledger import ShownUnlessNamed
from hubbub.prove.checks import CHECKS
from hubbub.run.home import Home
from hubbub.run.settings import Settings, explain

README_LINES_MAX = 80
PAGES = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")])
MAKEFILE = (ROOT / "Makefile").read_text()
VERSION = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]

LINK = re.compile(r"(?<!!)\[([^\]]*)\]\(([^)\s]+)\)")
PICTURE = re.compile(r"!\[[^\]]*\]\(([^)\s]+)\)")
CODE = re.compile(r"```[a-z]*\n(.*?)```|`([^`\n]+)`", re.DOTALL)
OUR_PATH = re.compile(r"^(?:src|tests|docs|tools|bench|web|\.ci)/[\w./-]+$")

each_page = pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))


def code_lines(page: Path) -> Iterator[str]:
    """Find the lines of code on a page: in fences, with their continuations, and inline."""
    for fence, inline in CODE.findall(page.read_text()):
        yield from (fence or inline).replace("\\\n", " ").splitlines()


def commands(page: Path) -> Iterator[list[str]]:
    """Find the `hubbub` commands on a page, each as its words."""
    for line in code_lines(page):
        for part in re.split(r"\||&&|;", line.removeprefix("$ ")):
            words = shlex.split(part.partition(" #")[0].replace("…", ""))
            while words and re.fullmatch(r"[A-Z_]+=\S*", words[0]):
                words = words[1:]
            if words and words[0] == "hubbub":
                yield words[1:]


def anchors(page: Path) -> set[str]:
    """Find the places on a page that a link may name."""
    headings = re.findall(r"^#+ (.+)$", page.read_text(), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", h.lower()).strip().replace(" ", "-") for h in headings}


@cache
def names_of_tests(file: Path) -> set[str]:
    """List the tests that a file holds."""
    nodes = ast.walk(ast.parse(file.read_text()))
    return {n.name for n in nodes if isinstance(n, ast.FunctionDef | ast.AsyncFunctionDef)}


def test_the_readme_fits_on_two_screens() -> None:
    assert (ROOT / "README.md").read_text().count("\n") <= README_LINES_MAX


@each_page
def test_every_link_leads_somewhere(page: Path) -> None:
    for _, target in LINK.findall(page.read_text()):
        place, _, anchor = target.partition("#")
        if re.match(r"https?:|mailto:", target):
            continue
        there = (page.parent / place).resolve() if place else page
        assert there.exists(), target
        assert not anchor or anchor in anchors(there), target


@each_page
def test_every_picture_is_there(page: Path) -> None:
    for target in PICTURE.findall(page.read_text()):
        assert (page.parent / target).is_file(), target


@each_page
def test_every_path_named_is_there(page: Path) -> None:
    named = {line.partition("::")[0] for line in code_lines(page)}
    assert {path for path in named if OUR_PATH.match(path) and not (ROOT / path).exists()} == set()


@each_page
def test_every_command_named_can_be_run(page: Path) -> None:
    for words in commands(page):
        command: click.Command = hubbub
        options = {flag for p in command.params for flag in (*p.opts, *p.secondary_opts)}
        for word in words:
            if word.startswith("-"):
                flag = word.partition("=")[0]
                assert flag in options | {"--help"}, f"hubbub {' '.join(words)}: no {flag}"
            elif isinstance(command, click.Group) and word in command.commands:
                command = command.commands[word]
                options |= {flag for p in command.params for flag in (*p.opts, *p.secondary_opts)}
            if isinstance(command, ShownUnlessNamed):
                shown = command.commands["show"]
                options |= {flag for p in shown.params for flag in p.opts}
        said = f"hubbub {' '.join(words)}"
        assert not words or words[0].startswith("-") or command is not hubbub, f"no such: {said}"
        can_run = not isinstance(command, click.Group) or isinstance(command, ShownUnlessNamed)
        assert can_run or "--help" in words or not words, said


@each_page
def test_every_make_target_named_is_there(page: Path) -> None:
    targets = set(re.findall(r"^([a-z-]+):", MAKEFILE, re.MULTILINE))
    named = {m for line in code_lines(page) for m in re.findall(r"\bmake ([a-z-]+)", line)}
    assert named <= targets


@each_page
def test_every_test_named_is_there(page: Path) -> None:
    for said, target in LINK.findall(page.read_text()):
        if name := re.fullmatch(r"`?(test_\w+)`?", said):
            assert name[1] in names_of_tests((page.parent / target).resolve()), said
    named = {line for line in code_lines(page) if re.fullmatch(r"test_\w+", line)}
    assert named <= {
        name for file in ROOT.glob("tests/**/test_*.py") for name in names_of_tests(file)
    }


def test_the_readme_links_both_promises_to_the_tests_that_hold_them() -> None:
    linked = [t for s, t in LINK.findall((ROOT / "README.md").read_text()) if "test_" in s]
    assert any("tests/deal/" in target for target in linked)
    assert any("tests/crowd/" in target for target in linked)


def test_every_promise_names_what_holds_it_and_what_proves_it() -> None:
    page = (ROOT / "docs" / "promises.md").read_text()
    rows = re.findall(r"^\| (?!promise \|)(.+) \| (.+) \| (.+) \|$", page, re.MULTILINE)
    assert len(rows) == len(re.findall(r"^\| (?!promise \|)", page, re.MULTILINE)) > 20
    assert [said for said, held, _ in rows if not LINK.search(held)] == []
    assert [said for said, _, proved in rows if "`" not in proved and proved != "tests only"] == []
    named = {name for *_, proved in rows for name in re.findall(r"`(\w+)`", proved)}
    assert named == {check.id for check in CHECKS}, "what is named is there, and shows something"


def test_the_command_explains_itself() -> None:
    shown = subprocess.run(
        [sys.executable, "-m", "hubbub", "--help"], capture_output=True, text=True, check=True
    ).stdout
    assert {name for name in hubbub.commands if name not in shown} == set()


def test_the_changelog_knows_the_version() -> None:
    assert f"## {VERSION}" in (ROOT / "CHANGELOG.md").read_text()


def test_no_registry_and_no_machine_is_named() -> None:
    unwanted = re.compile(
        r"py[p]i\.org|python[h]osted\.org|registry\.npm[j]s|crates\.[i]o|deb\.deb[i]an"
        r"|(?:^|[^\w.-])/(?:wor[k]|roo[t]|hom[e]/\w+)/",
        re.MULTILINE,
    )
    found = {}
    for file in tracked_files():
        if match := unwanted.search(file.read_text(errors="ignore")):
            found[str(file.relative_to(ROOT))] = match[0]
    assert found == {}


def test_the_map_data_is_attributed_wherever_it_goes() -> None:
    for place in ("README.md", "NOTICE"):
        assert "OpenStreetMap contributors" in (ROOT / place).read_text()
    assert list(SOURCE.glob("demo_data/*")), "the demo ships its city"


def test_the_operators_page_lists_every_setting_with_its_default() -> None:
    page = (ROOT / "docs" / "operator.md").read_text()
    shown = dict(re.findall(r"^\| `([a-z_]+\.[a-z_]+)` \| `([^`]*)` \|", page, re.MULTILINE))
    real = {row.name: row.value for row in explain(Path(), Settings()) if "." in row.name}
    written = {name: str(value).lower() for name, value in real.items()}
    assert {name: value.lower() for name, value in shown.items()} == written


def test_every_metric_named_is_measured() -> None:
    sources = "\n".join(file.read_text() for file in MODULES)
    for page in PAGES:
        for name in re.findall(r"`hubbub_(\w+?)(?:_total)?`", page.read_text()):
            room, _, what = name.partition("_")
            assert f'"hubbub_{name}"' in sources or (
                f'f"hubbub_{room}_{{name}}"' in sources and f'"{what}"' in sources
            ), name


def test_the_operators_page_lists_what_lies_in_the_data_folder() -> None:
    page = (ROOT / "docs" / "operator.md").read_text()
    shown = set(re.findall(r"^\| `([a-z.]+)/?` \| ", page, re.MULTILINE))
    there = {path.name for path in vars(Home(Path("home"))).values() if path.parent.name == "home"}
    notes = {"keeper.json", "swept.json", "sweep-asked", "audited.json"}
    assert there - shown == notes, "notes to and from the keeper, of no use to a person"
