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
    told = f"deleted: {swept.rows} rows, {swept.passes} passes; {swept.files} files written anew"
    asked.answer(swept, [told])
