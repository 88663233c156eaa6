"""What a type checker must refuse of the way out: every line marked `no`, and no other."""

from collections.abc import Callable

from hubbub.crowd.blocks import Block
from hubbub.crowd.book import Book
from hubbub.crowd.declaration import Declaration
from hubbub.crowd.gate import Engine, Payment, Question, Released, postprocess, release, spend
from hubbub.crowd.keys import PublicKeys
from hubbub.outlet.leaving import LastLook
from hubbub.record.record import Record
from hubbub.terms.purposes import LiveTraffic, Traffic
from hubbub.terms.time import Instant

BEGIN, NOW = Instant(0), Instant(1)


class Speeds:
    """What a product makes. (pyarrow ships no types, so its tables would pass for anything.)"""


def way_out(
    record: Record,
    book: Book,
    live: Declaration[LiveTraffic],
    keys: PublicKeys,
    block: Block,
    engine: Engine,
    entropy: Callable[[int], bytes],
    last_look: LastLook,
) -> None:
    """Go through both gates, and around them."""
    passes = record.read_passes(LiveTraffic, since=BEGIN, until=NOW)
    usual = record.read_passes(Traffic, since=BEGIN, until=NOW)
    question = Question(declaration=live, rows={"passes": passes}, keys=keys, block=block)
    payment = spend(book, question, at=NOW)
    released = release(question, payment, engine=engine, entropy=entropy)
    speeds: Released[Speeds] = postprocess(lambda _: Speeds(), released)
    out: Speeds = last_look.take_out(speeds)

    Question(declaration=live, rows={"passes": usual}, keys=keys, block=block)  # no: laundered
    Question(declaration=live, rows={"passes": out}, keys=keys, block=block)  # no: raw rows
    spend(book, live, at=NOW)  # no: a declaration is not a question
    release(question, question.bill, engine=engine, entropy=entropy)  # no: a bill is not paid
    release(question, engine=engine, entropy=entropy)  # no: nor is nothing
    release(question, payment, engine=engine)  # no: noise is drawn from something
    Payment("paid")  # no: forged
    Payment()  # no: forged without argument
    Released(out)  # no: forged
    Released[Speeds](out)  # no: forged with its parameter
    released.value = out  # no: what was released does not change
    postprocess(lambda value: value, passes)  # no: permitted is not released
    last_look.take_out(passes)  # no: permitted is not released
    last_look.take_out(question)  # no: a question is not an answer
    last_look.take_out(out)  # no: a raw value is not released
    record.read(since=BEGIN, until=NOW)  # no: nobody reads without a purpose
    record.read("public.traffic", since=BEGIN, until=NOW)  # no: a purpose is a type


class Wider(Released[Speeds]):  # no: a promise has no subclasses
    """A second way out."""


class Richer(Payment):  # no: a promise has no subclasses
    """A second way to pay."""
