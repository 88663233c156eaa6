"""The ledger: what was spent of people's privacy, on what, and what is left."""

import sys
from collections.abc import Iterable, Iterator
from contextlib import closing
from itertools import groupby
from typing import Final

import click
import msgspec

from hubbub.cli.root import FAILED, Asked, command, day_of, hubbub
from hubbub.record.ledger_shelf import Spent
from hubbub.record.ledger_tables import Adopted
from hubbub.run.adoption import adopt_ledger
from hubbub.run.children import python, run_to_end
from hubbub.run.house import house_clock, open_shelf
from hubbub.terms.errors import BadInput
from hubbub.terms.time import Instant, iso

_DAYS_SHOWN: Final = 14
_RELEASES_SHOWN: Final = 40
_ROW: Final = "{:<11} {:<18} {:<11} {:>6} {:>6} {:>7}  {}"


class ShownUnlessNamed(click.Group):
    """A group of commands whose first one, `show`, need not be named."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Put `show` in front of options of its own, and where nothing is given."""
        named = bool(args) and (args[0] in self.commands or args[0] in ctx.help_option_names)
        return super().parse_args(ctx, args if named else ["show", *args])


@hubbub.group(cls=ShownUnlessNamed)
def ledger() -> None:
    """Show what was spent of people's privacy on what, and what is left.

    `hubbub ledger` is `hubbub ledger show`, and takes its options.
    """


@command(ledger, "show")
@click.option("--day", metavar="YYYY-MM-DD", help="This day only, with its releases.")
@click.option("--product", help="What was spent from this product's budget only.")
def ledger_show(asked: Asked, day: str | None, product: str | None) -> None:
    """Show what was spent of what, on which releases, and what is left."""
    chosen = day_of(day)
    with closing(open_shelf(asked.home)) as shelf:
        days = [chosen.isoformat()] if chosen else shelf.days(scope=product)
        shown = days if asked.as_json else days[:_DAYS_SHOWN]
        spent = shelf.accounts(scope=product, since=shown[-1], until=shown[0]) if shown else []
        adoptions = shelf.adoptions()
    lines = [*_table(spent), *_left_out(days, shown), *_closed(adoptions)]
    lines += _releases(spent) if chosen else []
    asked.answer({"accounts": spent, "adoptions": adoptions}, lines)


@command(ledger, "verify")
def ledger_verify(asked: Asked) -> None:
    """Check the ledger and the log of reads from their first entries. Ends with 1 on a fault."""
    (line,) = run_to_end(python("hubbub.run.verify", str(asked.home.folder)))
    found = msgspec.json.decode(line, type=_Verified)
    if found.ledger is None and found.reads is None:
        raise BadInput(f"{asked.home.folder} has no ledger yet: nothing was released or read")
    asked.answer(found, [*_found(found), *_faults(found)])
    if any(_faults(found)):
        sys.exit(FAILED)


@command(ledger, "adopt")
def ledger_adopt(asked: Asked) -> None:
    """Go on with a ledger that was copied, moved or restored; closes all days up to today.

    Do this only if no other hubbub goes on with the same people's rows: two that do are two that
    must be trusted, and each spends every later day in full.
    """
    through = adopt_ledger(asked.home, at=house_clock(asked.settings).now())
    lines = [
        f"adopted: days up to {through} are closed, and what was released of them can be read",
        "again. Stop any other hubbub that goes on with the same people's rows.",
    ]
    asked.answer({"through": through}, lines)


class _Ledger(msgspec.Struct):
    entries: int
    releases: int
    head: str
    faults: list[str]


class _Reads(msgspec.Struct):
    entries: int
    reads: int
    uncounted: int
    head: str
    faults: list[str]


class _Verified(msgspec.Struct):
    ledger: _Ledger | None
    reads: _Reads | None


def _found(found: _Verified) -> Iterator[str]:
    if (of := found.ledger) is not None:
        yield f"ledger: {of.entries} entries, {of.releases} releases; head {of.head}"
        if not of.faults:
            yield "sound"
    if (log := found.reads) is not None:
        counting = f", {log.uncounted} hours not counted yet" if log.uncounted else ""
        yield f"reads: {log.entries} entries, {log.reads} reads{counting}; head {log.head}"
        if not log.faults:
            yield "sound"


def _faults(found: _Verified) -> Iterator[str]:
    for name, report in (("the ledger", found.ledger), ("the log of reads", found.reads)):
        yield from (f"{name}: {fault}" for fault in (report.faults if report else ()))


def _table(spent: list[Spent]) -> Iterator[str]:
    """Write a line a budget and day: a tired reader wants to know what is left."""
    if not spent:
        yield "nothing was spent"
        return
    yield _ROW.format("day", "budget", "hides", "spent", "of", "left", "on")
    for budget, group in groupby(spent, key=_budget):
        yield _ROW.format(*budget, *_sums([*group]))


def _left_out(days: list[str], shown: list[str]) -> Iterator[str]:
    if len(days) > len(shown):
        yield f"and {len(days) - len(shown)} days before: --day shows one, --json has them all"


def _budget(spent: Spent) -> tuple[str, str, str]:
    return spent.account.day, spent.account.scope, spent.account.unit


def _sums(accounts: list[Spent]) -> tuple[str, str, str, str]:
    """Sum up the accounts of one budget and day: of several, the one that has least left."""
    least = min(accounts, key=lambda each: each.left_epsilon)
    releases: dict[str, int] = {}
    for debit in (debit for each in accounts for debit in each.debits):
        releases[debit.product] = releases.get(debit.product, 0) + debit.releases
    on = ", ".join(f"{count} of {product}" for product, count in releases.items())
    each = f" (in {len(accounts)} accounts)" if len(accounts) > 1 else ""
    left = "closed" if least.closed else f"{least.left_epsilon:.2f}"
    return f"{least.spent_epsilon:.2f}", f"{least.cap_epsilon:.2f}", left, on + each


def _closed(adoptions: list[Adopted]) -> Iterator[str]:
    for adopted in adoptions:
        yield f"adopted at {iso(Instant(adopted.at))}: days up to {adopted.through} are closed"


def _releases(spent: Iterable[Spent]) -> list[str]:
    """List what was debited, the newest first; a plan by its first release."""
    debits = {debit.release: debit for each in spent for debit in each.debits}.values()
    lines = ["", "paid, newest first; reading any of these again is free"] if debits else []
    for debit in sorted(debits, key=lambda each: each.at, reverse=True)[:_RELEASES_SHOWN]:
        more = f", and {debit.releases - 1} more of its plan" if debit.releases > 1 else ""
        lines.append(f"{iso(debit.at)}  {debit.product}, {debit.block}: {debit.release}{more}")
    if len(debits) > _RELEASES_SHOWN:
        lines.append(f"and {len(debits) - _RELEASES_SHOWN} before: --json has them all")
    return lines
