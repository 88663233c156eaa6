"""What a type checker must refuse of gate 2: every line marked `no`, and no other."""

from collections.abc import Callable

from ibis.expr import types as ir

from hubbub.crowd.blocks import Block, Days, Windows
from hubbub.crowd.book import Bill, Book, Cap, standard_caps
from hubbub.crowd.bounds import OneNorm, Unit
from hubbub.crowd.days import DaySums, DayShelf, close_day
from hubbub.crowd.declaration import Declaration, Floor
from hubbub.crowd.gate import Payment, Released, postprocess, recall, release, release_days, spend
from hubbub.crowd.keys import PublicKeys
from hubbub.crowd.laws import DiscreteLaplace, G
from hubbub.crowd.measure import TwoCounters
from hubbub.crowd.question import Question
from hubbub.crowd.summing import Engine
from hubbub.deal.gate import Permitted
from hubbub.terms.purposes import LiveTraffic, Traffic
from hubbub.terms.time import Instant


class Speeds:
    """A value in memory. (pyarrow ships no types, so its tables would pass for anything.)"""


def publish(speeds: Released[Speeds]) -> None:
    """An outlet."""


def gate(
    declaration: Declaration[LiveTraffic],
    rows: Permitted[ir.Table, LiveTraffic],
    usual: Permitted[ir.Table, Traffic],
    raw: ir.Table,
    keys: PublicKeys,
    block: Block,
    book: Book,
    shelf: DayShelf,
    engine: Engine,
    entropy: Callable[[int], bytes],
    at: Instant,
) -> None:
    """Go through the gate, and around it."""
    question = Question(declaration=declaration, rows={"passes": rows}, keys=keys, block=block)
    payment = spend(book, question, at=at)
    released = release(question, payment, engine=engine, entropy=entropy)
    speeds = postprocess(lambda _: Speeds(), released)
    publish(speeds)
    publish(postprocess(lambda a, b: Speeds(), speeds, recall(book, "release")))

    day = close_day(question, 0, dead="nobody", shelf=shelf, engine=engine)
    publish(
        postprocess(
            lambda _: Speeds(),
            release_days(question, payment, [day], dead="nobody", entropy=entropy),
        )
    )

    publish(day)  # no: the sums of a day are exact
    postprocess(lambda _: Speeds(), day)  # no: so nothing is made of them without noise
    DaySums(day.kept)  # no: forged
    DaySums()  # no: forged without argument
    day.kept = day.kept  # no: a closed day does not change
    close_day(question, 0, shelf=shelf, engine=engine)  # no: under which dead list
    release_days(question, payment, [day.kept], dead="nobody", entropy=entropy)  # no: not closed
    release_days(question, payment, [day], entropy=entropy)  # no: gate 1 comes first
    publish(Speeds())  # no: a raw value is not released
    publish(question)  # no: a question is not an answer
    publish(payment)  # no: nor is its payment
    publish(postprocess(lambda _: 31, speeds))  # no: released, but something else
    postprocess(lambda _: Speeds(), Speeds())  # no: made of what was not released
    postprocess(lambda _: Speeds(), rows)  # no: permitted is not released
    Released(Speeds())  # no: forged
    Released()  # no: forged without argument
    Released[Speeds](Speeds())  # no: forged with its parameter
    Payment(question)  # no: forged
    Payment()  # no: forged without argument
    speeds.value = Speeds()  # no: what was released does not change
    speeds.sources = frozenset()  # no: nor what it was made of
    spend(book, declaration, at=at)  # no: a declaration asks nothing yet
    spend(book, question)  # no: when is told by a clock that is handed in
    release(question, question.bill, engine=engine, entropy=entropy)  # no: a bill is not paid
    release(question, payment, engine=engine)  # no: randomness is handed in
    release(question, payment, entropy=entropy)  # no: and so is the engine
    Question(declaration=declaration, rows={"passes": raw}, keys=keys, block=block)  # no: raw rows
    Question(declaration=declaration, rows={"passes": usual}, keys=keys, block=block)  # no: purpose
    Question(declaration=declaration, rows={"passes": rows}, keys=raw, block=block)  # no: not public
    Question(declaration=declaration, rows={"passes": rows}, keys=keys, block="noon")  # no: a word
    other: Question[Traffic] = question  # no: a purpose is not exchanged
    recall(book, question)  # no: what is read again has a name
    book.store("release", released, at=at)  # no: bytes are stored
    standard_caps([declaration], everything=4)  # no: a cap has a delta


class Wider(Released[Speeds]):  # no: a promise has no subclasses
    """A second way out."""


class Reopened(DaySums[LiveTraffic]):  # no: a promise has no subclasses
    """A second way to close a day."""


class Cheaper(Payment):  # no: a promise has no subclasses
    """A second way to pay."""


class Generous:
    """Debits nothing."""

    def debit(self, bill: Bill) -> None:
        """Debit."""


def generous(question: Question[LiveTraffic], at: Instant) -> None:
    """Pay from a book that is none."""
    spend(Generous(), question, at=at)  # no: a book stores and gives again


def declare(question: ir.Table, keys: ir.Table) -> None:
    """Declare, and leave something out."""
    measure = TwoCounters(value="speed", prior="the limit", reach="half of it")
    Declaration(
        name="live",
        purpose=LiveTraffic,
        question=question,
        keys=keys,
        unit=Unit.PASSAGE,
        measure=measure,
        bound=OneNorm(),
        noise=DiscreteLaplace(scale=G),
        epsilon=1,
        delta=0,
        blocks=Windows(),
        floor=Floor(people=10),
    )
    Declaration(name="live", purpose=LiveTraffic, question=question, keys=keys)  # no: unbounded
    Cap(epsilon=1)  # no: a cap has a delta
    DiscreteLaplace(scale=1.5)  # no: noise is on the grid
    Days(7)  # no: options go by name
