"""A question: one block of what a product declares, asked of permitted rows for public keys.

What it is, and so its place in the ledger, follows from what is declared: no row has a part in it.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from hashlib import sha256

import pyarrow as pa
from ibis.expr import types as ir

from hubbub.crowd.blocks import Block, Days, day_name
from hubbub.crowd.book import Bill, accounts_of, mechanism
from hubbub.crowd.bounds import DayPlan
from hubbub.crowd.declaration import Declaration
from hubbub.crowd.keys import PublicKeys
from hubbub.deal.gate import Permitted
from hubbub.terms.purposes import Purpose


@dataclass(frozen=True, kw_only=True, eq=False)
class Question[For: Purpose]:
    """One block of what a product declares, asked of permitted rows for public keys.

    `rows` stand for the catalogue's tables that the declaration names. For a plan of the day they
    reach back to the day's first, and `memory` names what remembers them: a plan holds as long as
    nothing that was counted is forgotten, so another memory is another plan, with its own debit.
    """

    declaration: Declaration[For]
    rows: Mapping[str, Permitted[ir.Table, For] | Permitted[pa.Table, For]]
    keys: PublicKeys
    block: Block
    memory: str = ""

    def __post_init__(self) -> None:
        """Refuse a plan that nobody remembers."""
        assert self.memory or not self._is_planned, "a plan of the day needs a memory"

    @property
    def _is_planned(self) -> bool:
        return isinstance(self.declaration.bound, DayPlan)

    @cached_property
    def bill(self) -> Bill:
        """Give what is to be debited, and the question's identity: no row has a part in it."""
        declaration, block = self.declaration, self.block
        plan = {**self._asked, **({"memory": self.memory} if self._is_planned else {})}
        specification = canonical({**plan, "block": block.name})
        release = digest(specification.encode())
        return Bill(
            release=release,
            product=declaration.name,
            block=block.name,
            specification=specification,
            promise=declaration.promise().words,
            debit=digest(canonical(plan).encode()) if self._is_planned else release,
            mechanism=mechanism(declaration.noise, sensitivity=declaration.sensitivity),
            accounts=accounts_of(
                declaration, days=[day_name(day) for day in block.days], block=block.name
            ),
        )

    def asked_of(self, day: int) -> str:
        """Give the identity of what is asked of one of its days: again, no row has a part in it."""
        assert isinstance(self.declaration.blocks, Days), "only blocks of days are summed by day"
        assert day in self.block.days, "another block's day"
        of_day = {"day": day_name(day), "zone": self.block.zone.key}
        return digest(canonical({**self._asked, **of_day}).encode())

    @property
    def _asked(self) -> dict[str, str | int | float]:
        return {**self.declaration.specification(), "keys": self.keys.digest}


def canonical(specification: Mapping[str, str | int | float]) -> str:
    """Write a specification in the one way that its digest is taken of."""
    return json.dumps(specification, sort_keys=True, separators=(",", ":"))


def digest(content: bytes) -> str:
    """Give what stands for `content`, and for no other."""
    return sha256(content).hexdigest()
