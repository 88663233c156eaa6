"""The code keeps to the house's style where a machine can tell and the linter does not."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from house.tree import CORE, MODULES, OURS, ROOT, SOURCE, Function, functions, short, tree_of

LINES_MAX = 400
FUNCTION_LINES_MAX = 60
POSITIONAL_MAX = 3
FOLDERS_MAX = 2

EMPTY_NAMES = frozenset({"data", "handle", "info", "process"})
EMPTY_WORDS = frozenset({"helper", "helpers", "manager", "misc", "util", "utils"})
SPELLED_OTHERWISE = {
    "consent": "grant, receipt",
    "consents": "grants, receipts",
    "eps": "epsilon",
    "l0": "keys_per_person_max",
    "linf": "value_max",
    "uid": "subject",
    "user": "subject",
    "user_id": "subject",
    "users": "subjects",
}
PLACES = ("src", "bench", "packages", "web/src", "tools")
SHELL_CALLS = frozenset({"input", "open", "print"})
HIDDEN_IMPORTS = frozenset({"__builtins__", "__import__", "__loader__", "__spec__", "eval", "exec"})

SEALED = SOURCE / "terms" / "sealed.py"
FORGING = SOURCE / "prove" / "forging.py"
"""Goes around the seal on purpose, to see that it gets nowhere."""

every_module = pytest.mark.parametrize("module", OURS, ids=short)
core_module = pytest.mark.parametrize(
    "module", [m for m in MODULES if m.relative_to(SOURCE).parts[0] in CORE], ids=short
)


def names_made(module: Path) -> Iterator[str]:
    """Find the names that a module gives: of itself, its classes, functions, parameters, values."""
    yield module.stem
    for node in ast.walk(tree_of(module)):
        match node:
            case ast.ClassDef(name=name) | ast.FunctionDef(name=name):
                yield name
            case ast.AsyncFunctionDef(name=name) | ast.TypeAlias(name=ast.Name(id=name)):
                yield name
            case ast.arg(arg=name) | ast.Name(id=name, ctx=ast.Store()):
                yield name


def words_in(name: str) -> set[str]:
    """Split a name in its words: `ReceiptNumber` and `receipt_number` alike."""
    return {word.lower() for word in re.findall(r"[A-Z]?[a-z0-9]+|[A-Z0-9]+(?![a-z])", name)}


@every_module
def test_a_module_fits_a_sitting_and_a_function_a_screen(module: Path) -> None:
    assert module.read_text().count("\n") <= LINES_MAX, "split it by what it is about"
    for function in functions(module):
        assert function.end_lineno is not None
        lines = function.end_lineno - function.lineno + 1
        assert lines <= FUNCTION_LINES_MAX, f"{function.name} has {lines} lines"


def is_command(function: Function) -> bool:
    """Tell whether a framework calls `function`, by the names of its options."""
    calls = [d.func for d in function.decorator_list if isinstance(d, ast.Call)]
    names = {c.attr if isinstance(c, ast.Attribute) else getattr(c, "id", "") for c in calls}
    return "command" in names


@every_module
def test_options_are_given_by_keyword(module: Path) -> None:
    for function in functions(module):
        if is_command(function):
            continue
        positional = [arg.arg for arg in (*function.args.posonlyargs, *function.args.args)]
        own = [name for name in positional if name not in {"self", "cls"}]
        assert len(own) <= POSITIONAL_MAX, f"{function.name}({', '.join(own)})"


@every_module
def test_a_module_says_first_what_it_is_for(module: Path) -> None:
    docstring = ast.get_docstring(tree_of(module))
    assert docstring is not None
    assert docstring.splitlines()[0].endswith((".", ":", "?")), "one sentence"


@every_module
def test_a_name_says_something(module: Path) -> None:
    names = {name: words_in(name) for name in names_made(module)}
    empty = {n for n, words in names.items() if words & EMPTY_WORDS or words < EMPTY_NAMES}
    assert {name for name in empty if names[name]} == set()


@every_module
def test_every_word_of_the_domain_has_one_spelling(module: Path) -> None:
    found = {name for name in names_made(module) if name.lower() in SPELLED_OTHERWISE}
    assert {name: SPELLED_OTHERWISE[name.lower()] for name in found} == {}


@every_module
def test_imports_stand_at_the_top(module: Path) -> None:
    for function in functions(module):
        inner = [n for n in ast.walk(function) if isinstance(n, ast.Import | ast.ImportFrom)]
        assert not inner, f"{function.name} imports"


@core_module
def test_the_core_calls_nothing_of_the_shell(module: Path) -> None:
    calls = [n.func for n in ast.walk(tree_of(module)) if isinstance(n, ast.Call)]
    assert {c.id for c in calls if isinstance(c, ast.Name)} & SHELL_CALLS == set()


@pytest.mark.parametrize("module", [m for m in MODULES if "run" in m.parts], ids=short)
def test_the_shell_draws_from_the_operating_system(module: Path) -> None:
    """A test may hand a seed to the gate; the house never does."""
    handed = [
        keyword.value
        for call in ast.walk(tree_of(module))
        if isinstance(call, ast.Call)
        for keyword in call.keywords
        if keyword.arg == "entropy"
    ]
    assert {ast.unparse(value) for value in handed} <= {"os.urandom"}


def hidden_imports(tree: ast.Module) -> set[str]:
    """Find what imports or runs code that neither the contracts nor the linter see."""
    return {n.id for n in ast.walk(tree) if isinstance(n, ast.Name)} & HIDDEN_IMPORTS


@every_module
def test_every_import_can_be_seen(module: Path) -> None:
    assert hidden_imports(tree_of(module)) == set()


def test_a_hidden_import_is_found() -> None:
    assert hidden_imports(ast.parse('__import__("hubbub.record")')) == {"__import__"}


@every_module
def test_only_its_own_module_seals_a_promise(module: Path) -> None:
    tree = tree_of(module)
    own = {node.name for node in ast.walk(tree) if isinstance(node, ast.ClassDef)}
    for call in (node for node in ast.walk(tree) if isinstance(node, ast.Call)):
        if isinstance(call.func, ast.Name) and call.func.id == "_seal":
            kind = call.args[0].value if isinstance(call.args[0], ast.Subscript) else call.args[0]
            assert isinstance(kind, ast.Name), "a promise is sealed by its name"
            assert kind.id in own, f"{kind.id} is another module's promise"


@pytest.mark.parametrize("module", sorted({*MODULES} - {SEALED, FORGING}), ids=short)
def test_nothing_goes_around_the_seal(module: Path) -> None:
    around = [
        f"object.{node.attr}"
        for node in ast.walk(tree_of(module))
        if isinstance(node, ast.Attribute)
        and isinstance(node.value, ast.Name)
        and node.value.id == "object"
    ]
    assert around == []


def test_folders_go_two_levels_deep() -> None:
    depths = {short(module): len(module.relative_to(SOURCE).parts) - 1 for module in MODULES}
    assert {name: depth for name, depth in depths.items() if depth > FOLDERS_MAX} == {}


def test_nothing_is_left_for_later() -> None:
    left = re.compile(r"\b(?:TO[D]O|FIX[M]E|XX[X]|HAC[K]|NotImplemented[E]rror)\b")
    kinds = (".py", ".ts", ".svelte", ".css", ".html", ".sh")
    ours = [f for place in PLACES for f in (ROOT / place).rglob("*")]
    files = [f for f in ours if f.suffix in kinds and "static" not in f.parts]
    assert {str(f.relative_to(ROOT)) for f in files if left.search(f.read_text())} == set()
