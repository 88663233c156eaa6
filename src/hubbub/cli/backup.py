"""Backing up the house while it runs, and putting it back."""

from pathlib import Path

import click

from hubbub.cli.root import Asked, Shown, command, hubbub
from hubbub.run.backup import back_up, restore


@command(hubbub, "backup")
@click.argument("folder", type=Shown())
def backup(asked: Asked, folder: Path) -> None:
    """Copy all of the house into FOLDER, which is new or empty. It may run meanwhile."""
    made = back_up(asked.home, folder)
    line = f"{made.files} files, {made.size_bytes / 1e6:.1f} MB, in {made.folder}"
    asked.answer(made, [line, "people's rows and messages are in it: keep it as safe as the house"])


@command(hubbub, "restore")
@click.argument("folder", type=Shown())
def restore_command(asked: Asked, folder: Path) -> None:
    """Put the backup in FOLDER back into a new --home."""
    kept = restore(asked.home, folder)
    lines = [
        f"{len(kept.files)} files of {kept.made_at} are in {asked.home.folder}",
        "what people took back since then is not known here: tell them",
        "if the house that it is of has ended, let this one spend: `hubbub ledger adopt`",
    ]
    asked.answer({"files": len(kept.files), "made_at": kept.made_at}, lines)
