"""What a type checker must refuse on the way from the record to the outlet: lines marked `no`."""

from collections.abc import Callable

from hubbub.crowd.blocks import Block
from hubbub.crowd.book import Book
from hubbub.crowd.declaration import Declaration
from hubbub.crowd.gate import Released, postprocess, release, spend
from hubbub.crowd.question import Question
from hubbub.crowd.summing import Engine
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
    """Go the whole way, and try to leave it."""
    passes = record.read_passes(LiveTraffic, since=BEGIN, until=NOW)
    usual = record.read_passes(Traffic, since=BEGIN, until=NOW)
    question = Question(declaration=live, rows={"passes": passes}, keys=keys, block=block)
    payment = spend(book, question, at=NOW)
    released = release(question, payment, engine=engine, entropy=entropy)
    speeds: Released[Speeds] = postprocess(lambda _: Speeds(), released)
    out: Speeds = last_look.take_out(speeds)

    record.read(since=BEGIN, until=NOW)  # no: nobody reads without a purpose
    record.read("public.traffic", since=BEGIN, until=NOW)  # no: a purpose is a type
    Question(declaration=live, rows={"passes": usual}, keys=keys, block=block)  # no: laundered
    Question(declaration=live, rows={"passes": out}, keys=keys, block=block)  # no: raw rows
    last_look.take_out(passes)  # no: permitted is not released
    last_look.take_out(question)  # no: a question is not an answer
    last_look.take_out(payment)  # no: nor is its payment
    last_look.take_out(out)  # no: a raw value is not released
