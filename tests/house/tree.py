"""Where things are in the house, for the tests of the house itself."""

import ast
import subprocess
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import hubbub

ROOT = Path(__file__).parents[2]
SOURCE = Path(hubbub.__path__[0])  # what is looked at is what runs
CORE = ("terms", "deal", "crowd", "products")
FORGERIES = SOURCE / "prove" / "forgeries"
"""What a type checker must refuse: nothing of it is imported, ever."""
MODULES = tuple(sorted(set(SOURCE.rglob("*.py")) - set(FORGERIES.iterdir())))
BESIDE = ROOT / "packages" / "hubbub-synapse" / "src"
"""What runs inside the homeserver: another program, of another licence, in the same style."""
OURS = (*MODULES, *sorted(BESIDE.rglob("*.py")))

type Function = ast.FunctionDef | ast.AsyncFunctionDef


def short(module: Path) -> str:
    """Name a module by its place under src/hubbub: the id of a test."""
    return module.relative_to(SOURCE if SOURCE in module.parents else BESIDE).as_posix()


def modules_of(*rooms: str) -> list[str]:
    """List the dotted names of the modules in `rooms`."""
    files = [file for file in MODULES if file.relative_to(SOURCE).parts[0] in rooms]
    named = [file.relative_to(SOURCE.parent).with_suffix("").as_posix() for file in files]
    return [name.removesuffix("/__init__").replace("/", ".") for name in named]


@cache
def tree_of(module: Path) -> ast.Module:
    """Parse a module."""
    return ast.parse(module.read_text())


def functions(module: Path) -> Iterator[Function]:
    """Find every function of a module, methods and inner ones too."""
    nodes = ast.walk(tree_of(module))
    return (node for node in nodes if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef))


def tracked_files() -> list[Path]:
    """List the files that belong to the repository: those in git, and those about to be."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    return [file for name in listed.stdout.split("\0") if name and (file := ROOT / name).is_file()]
