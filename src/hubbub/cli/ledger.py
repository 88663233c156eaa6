"""The ledger: what was spent of people's privacy."""

import sys
from typing import Final

import msgspec
from rich.table import Table

from hubbub.cli.root import FAILED, Asked, command, hubbub, told
from hubbub.run.children import python, run_to_end
from hubbub.run.house import open_shelf
from hubbub.terms.errors import BadInput

_ACCOUNTS_SHOWN: Final = 40


@hubbub.group()
def ledger() -> None:
    """Look at what was spent of people's privacy."""


@command(ledger, "show")
def ledger_show(asked: Asked) -> None:
    """Show what was spent of what, and what is left."""
    spent = open_shelf(asked.home).accounts()
    if asked.as_json:
        asked.answer(spent)
        return
    table = Table("period", "product", "hides", "spent", "cap", box=None, pad_edge=False)
    for row in spent[:_ACCOUNTS_SHOWN]:
        shown = (f"{row.spent_epsilon:.2f}", f"{row.cap_epsilon:.2f}")
        table.add_row(row.account.period, row.account.scope, row.account.unit, *shown)
    told.print(table if spent else "nothing was spent yet")
    if len(spent) > _ACCOUNTS_SHOWN:
        told.print(f"and {len(spent) - _ACCOUNTS_SHOWN} older ones: --json has them all")


@command(ledger, "verify")
def ledger_verify(asked: Asked) -> None:
    """Check the ledger from its first entry: chain, balances, digests. Ends with 1 on a fault."""
    if not asked.home.ledger.exists():
        raise BadInput(f"{asked.home.folder} has no ledger yet: nothing was released")
    (line,) = run_to_end(python("hubbub.run.verify", str(asked.home.folder)))
    report = msgspec.json.decode(line, type=_Verified)
    lines = [f"{report.entries} entries, {report.releases} releases; head {report.head}"]
    asked.answer(report, [*lines, *(report.faults or ["sound"])])
    if report.faults:
        sys.exit(FAILED)


class _Verified(msgspec.Struct):
    entries: int
    releases: int
    head: str
    faults: list[str]
