"""Gate 2: only here is a `Payment` or a `Released` made.

    permitted rows ─▶ Question ─▶ spend ─▶ Payment ─▶ release ─▶ Released ─▶ postprocess ─▶ Released
                         └─▶ close_day ─▶ DaySums ─▶ release_days ─▲

1. The cost is debited, on disk, before noise is drawn: a crash gives nothing back.
2. The bound is proved on the very data that is about to be released, or there is no release.
3. Every public key gets noise, in key order, whether anybody was there or not.
4. The noised bytes are stored before anybody sees them, and the same question gets the same bytes.
5. What is made of released values, and of nothing else about people, is released.
"""

from collections.abc import Callable, Sequence
from types import MappingProxyType
from typing import Never, final

import msgspec
import numpy as np
import pyarrow as pa

from hubbub.crowd.book import Book, Shelf, Stored
from hubbub.crowd.days import DaySums, added_up
from hubbub.crowd.keys import cells_of, in_key_order
from hubbub.crowd.noise import Entropy, draw
from hubbub.crowd.question import Question, digest
from hubbub.crowd.summing import Engine, exact_sums
from hubbub.terms.errors import HubbubError, Refused
from hubbub.terms.purposes import Purpose
from hubbub.terms.sealed import Sealed, _seal
from hubbub.terms.time import Instant


class NotPaid(Refused):
    """The payment is for another question."""


class ReleaseUnknown(HubbubError):
    """No such release is in the book, or its bytes are not those that were released."""


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

    def sums() -> list[pa.Table]:
        return [exact_sums(question, question.block, engine=engine)]

    return _put_out(question, payment, sums, entropy=entropy)


def release_days[For: Purpose](
    question: Question[For],
    payment: Payment,
    days: Sequence[DaySums[For]],
    *,
    dead: str,
    entropy: Entropy,
) -> Released[pa.Table]:
    """Answer `question` from the closed days of its block, each read under the `dead` list."""
    return _put_out(question, payment, lambda: added_up(question, days, dead=dead), entropy=entropy)


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


def _put_out[For: Purpose](
    question: Question[For],
    payment: Payment,
    sums: Callable[[], list[pa.Table]],
    *,
    entropy: Entropy,
) -> Released[pa.Table]:
    """Release what was released already, or else the `sums` added up, with noise."""
    if type(payment) is not Payment:
        raise TypeError("only a payment pays")
    if payment.release != question.bill.release:
        raise NotPaid(f"{question.declaration.name}: this question was not paid for")
    stored = payment.book.stored(payment.release)
    if stored is None:
        output = _written(_noised(question, sums(), entropy=entropy))
        stored = payment.book.store(payment.release, output, at=payment.at)
    return _released(stored)


def _noised[For: Purpose](
    question: Question[For], sums: list[pa.Table], *, entropy: Entropy
) -> pa.Table:
    declared = question.declaration
    keys = question.keys.of_group(question.block.group, declared.blocks.groups)
    measure, cells = declared.measure, cells_of(keys, declared.measure)
    count = len(measure.counters) * len(cells["key"])
    noise = np.split(draw(declared.noise, count, entropy=entropy), len(measure.counters))
    counters = {
        name: sum((in_key_order(each, name, keys=keys, measure=measure) for each in sums), drawn)
        for name, drawn in zip(measure.counters, noise, strict=True)
    }
    return pa.table({**cells, **counters})


def _released(stored: Stored) -> Released[pa.Table]:
    if digest(stored.output) != stored.digest:
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
