"""Runs checks, one after the other, in a process of its own, so that the command stays light."""

import sys
from pathlib import Path

import msgspec

from hubbub.prove.check import Case, Named, Verdict, failed
from hubbub.prove.checks import BY_NAME, CHECKS
from hubbub.run.home import Home


def run_check(name: str, case: Case) -> Verdict:
    """Run one check. A check that ends in an error did not show that its sentence holds."""
    try:
        return BY_NAME[name].run(case)
    except Exception as error:  # noqa: BLE001 - whatever it is, it is told
        return failed(f"stopped by {type(error).__name__}: {str(error)[:300]}")


def main() -> None:
    """List the checks in a line; then answer each line, a check's name, with its verdict."""
    folder, effort = sys.argv[1:]
    case = Case(home=Home(Path(folder)), effort=float(effort))
    _write([check.named for check in CHECKS])
    for line in sys.stdin:
        _write(run_check(line.rstrip("\n"), case))


def _write(answer: Verdict | list[Named]) -> None:
    sys.stdout.buffer.write(msgspec.json.encode(answer) + b"\n")
    sys.stdout.buffer.flush()


if __name__ == "__main__":
    main()
