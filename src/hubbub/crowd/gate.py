"""Gate 2: only here is a `Payment` or a `Released` made.

    permitted rows ─▶ Question ─▶ spend ─▶ Payment ─▶ release ─▶ Released ─▶ postprocess ─▶ Released

1. The cost is debited, on disk, before noise is drawn: a crash gives nothing back.
2. The bound is proved on the very data that is about to be released, or there is no release.
3. Every public key gets noise, in key order, whether anybody was there or not.
4. The noised bytes are stored before anybody sees them, and the same question gets the same bytes.
5. What is made of released values, and of nothing else about people, is released.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property, lru_cache, partial
from hashlib import sha256
from types import MappingProxyType
from typing import Never, final

import ibis
import msgspec
import numpy as np
import pyarrow as pa
from ibis.expr import operations as ops
from ibis.expr import types as ir

from hubbub.crowd import bounds
from hubbub.crowd.blocks import Block, day_name
from hubbub.crowd.book import Bill, Book, Shelf, Stored, accounts_of, mechanism
from hubbub.crowd.declaration import Declaration
from hubbub.crowd.keys import PublicKeys, cells_of, in_key_order
from hubbub.crowd.noise import Entropy, draw
from hubbub.deal.gate import Permitted, bind, derive
from hubbub.terms.errors import HubbubError, Refused
from hubbub.terms.purposes import Purpose
from hubbub.terms.sealed import Sealed, _seal
from hubbub.terms.time import Instant

type Engine = Callable[[ir.Table, Mapping[str, pa.Table]], pa.Table]
"""Runs an expression over the relations that come with it, and over those that it has itself."""


class BoundBroken(Refused):
    """One unit adds more than was declared, so nothing is released. The debit stays."""

    def __init__(self, *, name: str, limit: int) -> None:
        super().__init__(f"{name}: somebody adds more than the declared {limit}")
        self.name, self.limit = name, limit


class NotPaid(Refused):
    """The payment is for another question."""


class PurposeDiffers(Refused):
    """The rows were permitted for another purpose than the product declares."""


class ReleaseUnknown(HubbubError):
    """No such release is in the book, or its bytes are not those that were released."""


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
        return isinstance(self.declaration.bound, bounds.DayPlan)

    @cached_property
    def bill(self) -> Bill:
        """Give what is to be debited, and the question's identity: no row has a part in it."""
        declaration, block = self.declaration, self.block
        plan = {
            **declaration.specification(),
            "keys": self.keys.digest,
            **({"memory": self.memory} if self._is_planned else {}),
        }
        specification = _canonical({**plan, "block": block.name})
        release = _digest(specification.encode())
        return Bill(
            release=release,
            product=declaration.name,
            block=block.name,
            specification=specification,
            promise=declaration.promise().words,
            debit=_digest(_canonical(plan).encode()) if self._is_planned else release,
            mechanism=mechanism(declaration.noise, sensitivity=declaration.sensitivity),
            accounts=accounts_of(
                declaration, days=[day_name(day) for day in block.days], block=block.name
            ),
        )


@final
class Payment(Sealed):
    """A debit on disk: what one question may be answered for. Only `spend` makes one."""

    __slots__ = ("at", "book", "release")

    release: str
    at: Instant
    book: Book

    def __init_subclass__(cls) -> Never:
        """Refuse: a kind of `Payment` would be a second way to pay."""
        raise TypeError("Payment has no subclasses")


@final
class Released[Value](Sealed):
    """Something true of a crowd. Only `release`, `recall` and `postprocess` make one."""

    __slots__ = ("_promises", "_sources", "_value")

    _value: Value
    _sources: frozenset[str]
    _promises: frozenset[str]

    def __init_subclass__(cls) -> Never:
        """Refuse: a kind of `Released` would be a second way out."""
        raise TypeError("Released has no subclasses")

    @property
    def value(self) -> Value:
        """Give what was released."""
        return self._value

    @property
    def sources(self) -> frozenset[str]:
        """Give the digests of the stored bytes that it was made of."""
        return self._sources

    @property
    def promises(self) -> frozenset[str]:
        """Give the words of the promises that it was made under."""
        return self._promises


def spend[For: Purpose](book: Book, question: Question[For], *, at: Instant) -> Payment:
    """Debit the cost of `question`. What was paid once is not debited again."""
    book.debit(question.bill, at=at)
    return _seal(Payment, release=question.bill.release, at=at, book=book)


def release[For: Purpose](
    question: Question[For], payment: Payment, *, engine: Engine, entropy: Entropy
) -> Released[pa.Table]:
    """Answer `question`: the counters of every public cell of its block, on the grid."""
    if type(payment) is not Payment:
        raise TypeError("only a payment pays")
    if payment.release != question.bill.release:
        raise NotPaid(f"{question.declaration.name}: this question was not paid for")
    stored = payment.book.stored(payment.release)
    if stored is None:
        output = _written(_noised(question, engine, entropy=entropy))
        stored = payment.book.store(payment.release, output, at=payment.at)
    return _released(stored)


def recall(shelf: Shelf, release: str) -> Released[pa.Table]:
    """Give again what was released: the stored bytes, if they are still what they were."""
    stored = shelf.stored(release)
    if stored is None:
        raise ReleaseUnknown(f"nothing was released as {release}")
    return _released(stored)


def postprocess[New](function: Callable[..., New], *released: Released[object]) -> Released[New]:
    """Make something of released values and of nothing else about people. It cannot be changed."""
    if not released or any(type(each) is not Released for each in released):
        raise TypeError("only released values are made into released values")
    value = function(*(each.value for each in released))
    if not _is_read_only(value):
        raise TypeError(f"{type(value).__name__} can be changed, so it is not released")
    return _seal(
        Released,
        _value=value,
        _sources=frozenset[str]().union(*(each.sources for each in released)),
        _promises=frozenset[str]().union(*(each.promises for each in released)),
    )


def _noised[For: Purpose](question: Question[For], engine: Engine, *, entropy: Entropy) -> pa.Table:
    declared = question.declaration
    rows, relations = _rows(question)
    worst_of, sums_of = _queries(declared, rows.op())
    _prove(declared, engine(worst_of, relations))
    sums = engine(sums_of, relations)
    keys = question.keys.of_group(question.block.group, declared.blocks.groups)
    measure, cells = declared.measure, cells_of(keys, declared.measure)
    count = len(measure.counters) * len(cells["key"])
    noise = np.split(draw(declared.noise, count, entropy=entropy), len(measure.counters))
    counters = {
        name: in_key_order(sums, name, keys=keys, measure=measure) + drawn
        for name, drawn in zip(measure.counters, noise, strict=True)
    }
    return pa.table({**cells, **counters})


def _rows[For: Purpose](question: Question[For]) -> tuple[ir.Table, dict[str, pa.Table]]:
    """Put permitted rows where the question names the catalogue, and list what comes with it."""
    declared = question.declaration
    public = {declared.keys.get_name(): question.keys.table, **question.block.relations()}
    held = {
        name: rows.rows for name, rows in question.rows.items() if isinstance(rows.rows, pa.Table)
    }
    permitted = {name: derive(rows, partial(_named, name)) for name, rows in question.rows.items()}
    bound = bind(declared.question, permitted, public=frozenset(public))
    if bound.purpose is not declared.purpose:
        raise PurposeDiffers(f"{declared.name} reads rows for {declared.purpose.key} only")
    return bound.rows, {**public, **held}


@lru_cache(maxsize=64)
def _queries[For: Purpose](declared: Declaration[For], rows: ops.Node) -> tuple[ir.Table, ir.Table]:
    """Write the check and the sums, once for a product: the block is a relation of theirs."""
    weighed = declared.weighed(rows.to_expr())
    return declared.worst(weighed), declared.sums(weighed)


def _named(name: str, rows: ir.Table | pa.Table) -> ir.Table:
    if isinstance(rows, ir.Table):
        return rows
    return ibis.table({field.name: str(field.type) for field in rows.schema}, name=name)


def _prove[For: Purpose](declared: Declaration[For], worst: pa.Table) -> None:
    """Refuse unless no unit adds more than was declared, nor less than nothing."""
    limit = bounds.limit(declared.bound)
    norm, least = worst["norm"][0].as_py(), worst["least"][0].as_py()
    if norm is not None and (norm > limit or least < 0):
        raise BoundBroken(name=declared.name, limit=limit)


def _released(stored: Stored) -> Released[pa.Table]:
    if _digest(stored.output) != stored.digest:
        raise ReleaseUnknown(f"the stored bytes of release {stored.release} were changed")
    return _seal(
        Released,
        _value=pa.ipc.open_stream(stored.output).read_all(),
        _sources=frozenset({stored.digest}),
        _promises=frozenset({stored.promise}),
    )


def _written(table: pa.Table) -> bytes:
    sink = pa.BufferOutputStream()
    options = pa.ipc.IpcWriteOptions(compression="zstd")
    with pa.ipc.new_stream(sink, table.schema, options=options) as writer:
        writer.write_table(table)
    return bytes(sink.getvalue())


_READ_ONLY = (pa.Table, str, bytes, int, float, tuple, frozenset, MappingProxyType)


def _is_read_only(value: object) -> bool:
    if isinstance(value, msgspec.Struct):
        return value.__struct_config__.frozen
    return isinstance(value, _READ_ONLY)


def _canonical(specification: Mapping[str, str | int | float]) -> str:
    return json.dumps(specification, sort_keys=True, separators=(",", ":"))


def _digest(content: bytes) -> str:
    return sha256(content).hexdigest()
