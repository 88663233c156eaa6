"""The proof: every promise, held up to the program that is installed here."""

import sys
from importlib.metadata import PackageNotFoundError, version

import click
from rich.markup import escape
from rich.table import Table

from hubbub.cli.root import FAILED, Asked, aside, command, hubbub, say, told
from hubbub.prove.page import WORDS, summary_of, write_proof
from hubbub.prove.proof import Order, Proof
from hubbub.prove.proof import prove as prove_all
from hubbub.run.clock import SystemClock


@command(hubbub, "prove")
@click.option("--only", metavar="CHECK", multiple=True, help="Run this check; may be repeated.")
@click.option(
    "--effort",
    type=click.FloatRange(1, 100),
    default=1.0,
    show_default=True,
    help="So many times the usual worlds, draws and histories: takes longer and sees more.",
)
def prove(asked: Asked, only: tuple[str, ...], effort: float) -> None:
    """Check on this machine what is promised; write a dated page. Ends with 1 if something fails.

    Of what is in the data folder, only the ledger is looked at: all people in it are made up.
    """
    with aside.status("proving …") as shown:
        proof = prove_all(
            asked.home,
            Order(only=only, effort=effort),
            at=SystemClock().now(),
            version=_version(),
            tell=lambda proved: shown.update(f"{proved.check.name}: {WORDS[proved.outcome]}"),
        )
    page = write_proof(asked.home, proof)
    if asked.as_json:
        asked.answer(proof)
    else:
        told.print(_table(proof))
        told.print(f"{summary_of(proof)} ({proof.took_s:.0f} s)", style="bold")
    say(f"the page: {page}")
    if not proof.held:
        sys.exit(FAILED)


def _version() -> str:
    try:
        return version("hubbub")
    except PackageNotFoundError:
        return "of a checkout"


def _table(proof: Proof) -> Table:
    table = Table("check", "what is promised, and what was seen", "", "s", box=None, pad_edge=False)
    colours = {"held": "green", "failed": "bold red", "nothing": "yellow"}
    for proved in proof.checks:
        table.add_row(
            f"{proved.check.id}\n{proved.check.of}",
            f"{escape(proved.check.sentence)}\n[dim]{escape(proved.told)}[/]",
            f"[{colours[proved.outcome]}]{WORDS[proved.outcome]}[/]",
            f"{proved.took_s:.1f}",
        )
    return table
