"""What rests: rows that nobody may read any more are deleted."""

from hubbub.cli.root import Asked, command, hubbub
from hubbub.run.sweep import sweep


@hubbub.group()
def record() -> None:
    """Look after the rows that rest."""


@command(record, "sweep")
def record_sweep(asked: Asked) -> None:
    """Delete the rows that no live purpose is left for. A running house does so twice a day."""
    swept = sweep(asked.home)
    deleted = f"{swept.rows} rows, {swept.passes} passes, {swept.visits} visits"
    asked.answer(swept, [f"deleted: {deleted}; {swept.files} files written anew"])
