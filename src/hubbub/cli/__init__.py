"""The `hubbub` command. Exit codes: 0 done, 1 failed, 2 wrong usage, 3 refused by a gate."""

import sys
from collections.abc import Sequence
from typing import Final

import click

from hubbub.cli import backup, deal, house, ledger, messenger, prove, recipients, record
from hubbub.cli.root import FAILED, aside, hubbub
from hubbub.terms.errors import BadInput, HubbubError, Refused

__all__ = [
    "backup",
    "deal",
    "house",
    "hubbub",
    "ledger",
    "main",
    "messenger",
    "prove",
    "recipients",
    "record",
]

_WRONG_USAGE: Final = 2
_REFUSED: Final = 3
_INTERRUPTED: Final = 130


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command, and end with its code."""
    try:
        hubbub.main(args=arguments, standalone_mode=False)
    except click.exceptions.Exit as ended:
        sys.exit(ended.exit_code)
    except click.Abort:
        sys.exit(_INTERRUPTED)
    except click.ClickException as wrong:
        wrong.show()
        sys.exit(_WRONG_USAGE)
    except HubbubError as error:
        aside.print(f"hubbub: {error}", markup=False, soft_wrap=True)
        sys.exit(
            _WRONG_USAGE
            if isinstance(error, BadInput)
            else _REFUSED
            if isinstance(error, Refused)
            else FAILED
        )
