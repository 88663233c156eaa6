"""Who rows are about, and a base for whatever is about a person: it never prints."""

from typing import Any, NewType

import msgspec

Subject = NewType("Subject", int)
"""A person inside hubbub: a dense integer that means nothing outside."""

ReceiptNumber = NewType("ReceiptNumber", int)
"""The dense number of a receipt: every row carries the one it came under."""


class Personal(msgspec.Struct, frozen=True):
    """Something about one person. It shows its kind only, so no log or traceback can show more."""

    def __repr__(self) -> str:
        """Name the kind and nothing else."""
        return f"<{type(self).__name__}>"

    def __rich_repr__(self) -> list[tuple[str, Any]]:
        """Show nothing more to a pretty printer."""
        return []
