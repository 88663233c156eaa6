"""What leaves gate 2 was paid, bounded and noised; what was not does not leave."""

from collections.abc import Mapping
from dataclasses import replace
from hashlib import sha256
from itertools import product
from struct import pack
from types import MappingProxyType
from typing import Any

import ibis
import msgspec
import numpy as np
import pyarrow as pa
import pytest
from ibis.expr import types as ir

from crowd.morning import (
    DECLARATIONS,
    NOON,
    PASSAGE,
    PLAN,
    ROADS,
    SAME,
    SPREAD,
    VISITS,
    WEEK,
    WINDOWS,
    ZONE,
    MemoryBook,
    Pass,
    arrow,
    ask,
    engine,
    permitted,
    seeded,
)
from hubbub.crowd import bounds, summing
from hubbub.crowd.blocks import Days
from hubbub.crowd.bounds import OneNorm, Unit
from hubbub.crowd.declaration import Declaration
from hubbub.crowd.gate import (
    NotPaid,
    Payment,
    Released,
    ReleaseUnknown,
    postprocess,
    recall,
    release,
    spend,
)
from hubbub.crowd.keys import KeysNotPublic, PublicKeys
from hubbub.crowd.laws import DiscreteLaplace, G
from hubbub.crowd.question import Question
from hubbub.crowd.summing import BoundBroken, PurposeDiffers
from hubbub.deal.gate import derive
from hubbub.terms.catalogue import PASSES
from hubbub.terms.purposes import LiveTraffic, Traffic
from hubbub.terms.time import SECOND, Instant

BLOCK = WINDOWS.blocks_ended(NOON, Instant(NOON + 300 * SECOND), zone=ZONE)[-1]
"""The window of the even roads that begins at noon."""
CROWD = [Pass(subject, NOON + subject, 2, G) for subject in range(50)]


def answer(
    question: Question[LiveTraffic], book: MemoryBook, *, seed: int = 1
) -> Released[pa.Table]:
    """Go through the whole gate."""
    payment = spend(book, question, at=NOON)
    return release(question, payment, engine=engine, entropy=seeded(seed))


def test_a_crowd_is_heard_through_the_noise() -> None:
    released = answer(ask(CROWD, BLOCK), MemoryBook())
    assert released.value.column_names == ["key", "up", "down"]
    assert released.value["key"].to_pylist() == [0, 2, 4]
    assert released.value["up"][1].as_py() == pytest.approx(50 * G, abs=8 * G)
    assert released.value["down"][1].as_py() == pytest.approx(0, abs=8 * G)
    assert released.promises == {PASSAGE.promise().words}


@pytest.mark.parametrize("declaration", DECLARATIONS, ids=lambda declared: declared.name)
def test_every_public_key_is_noised_whether_anybody_was_there_or_not(
    declaration: Declaration[LiveTraffic],
) -> None:
    """A bug that skips the noise of empty cells, or leaves them out, is seen here."""
    block = declaration.blocks.block(20_417, ZONE) if declaration.blocks == Days() else BLOCK
    nobody = answer(ask([], block, declaration), MemoryBook()).value
    somebody = answer(ask(CROWD[:1], block, declaration), MemoryBook()).value
    groups = declaration.blocks.groups
    cells = [*product(ROADS.of_group(block.group, groups), range(declaration.measure.bins))]
    assert nobody["key"].to_pylist() == [key for key, _ in cells]
    if "bin" in declaration.measure.cell:
        assert nobody["bin"].to_pylist() == [number for _, number in cells]
    assert nobody.select(declaration.measure.cell) == somebody.select(declaration.measure.cell)
    noise = [n for name in declaration.measure.counters for n in nobody[name].to_pylist()]
    assert len(set(noise)) == len(noise)
    assert np.std(noise) > 0.4 * declaration.noise.deviation


def test_every_bin_is_heard_in_its_place() -> None:
    """Half of a crowd drives far, on one road; nobody else's cell hears of it."""
    crowd = [Pass(2 * n, NOON + n, 2, 9 if n % 2 else -9) for n in range(300)]
    value = answer(ask(crowd, BLOCK, SPREAD), MemoryBook()).value
    assert value.column_names == ["key", "bin", "count"]
    assert [str(kind) for kind in value.schema.types] == ["int32", "int32", "int64"]
    people = (value["count"].to_numpy() / SPREAD.cell_max).reshape(3, 2)
    assert people[1] == pytest.approx([150, 150], abs=30)
    assert np.delete(people, 1, axis=0) == pytest.approx(np.zeros((2, 2)), abs=30)


def test_the_sums_are_whole_numbers_until_after_the_noise() -> None:
    value = answer(ask(CROWD, BLOCK), MemoryBook()).value
    assert [str(kind) for kind in value.schema.types] == ["int32", "int64", "int64"]


def test_a_debit_comes_before_the_randomness_and_the_bytes_before_the_answer() -> None:
    book = MemoryBook()
    question = ask(CROWD, BLOCK)
    payment = spend(book, question, at=NOON)

    def entropy(count: int) -> bytes:
        book.happened.append("draw")
        return seeded(1)(count)

    release(question, payment, engine=engine, entropy=entropy)
    assert book.happened == ["debit", "draw", "store"]
    (stored,) = book.kept.values()
    assert stored.released_at == NOON, "the time of the payment"


def test_the_same_question_gets_the_same_bytes() -> None:
    book = MemoryBook()
    first = answer(ask(CROWD, BLOCK), book, seed=1)
    late = [*CROWD, Pass(77, NOON + 77, 2, G)]
    again = answer(ask(late, BLOCK), book, seed=2)
    assert again.value.equals(first.value)
    assert again.sources == first.sources
    assert recall(book, next(iter(book.kept))).value.equals(first.value)


def test_another_block_gets_other_noise() -> None:
    book = MemoryBook()
    later = WINDOWS.blocks_ended(NOON, Instant(NOON + 600 * SECOND), zone=ZONE)[-1]
    first, then = (answer(ask([], block), book, seed=n) for n, block in enumerate((BLOCK, later)))
    assert not first.value.equals(then.value)
    assert len(book.kept) == 2


def test_no_two_blocks_share_their_noise() -> None:
    """One source of randomness for both, as in the house: what was drawn is not drawn again."""
    book, entropy = MemoryBook(), seeded(1)
    blocks = WINDOWS.blocks_ended(NOON, Instant(NOON + 600 * SECOND), zone=ZONE)
    noise: list[int] = []
    for question in (ask([], block) for block in blocks if block.group == BLOCK.group):
        payment = spend(book, question, at=NOON)
        value = release(question, payment, engine=engine, entropy=entropy).value
        noise += [*value["up"].to_pylist(), *value["down"].to_pylist()]
    assert len(set(noise)) == len(noise) == 12


def test_the_noise_is_of_the_randomness_that_was_handed_in() -> None:
    """Noise that follows from the question could be drawn, and taken away, by anybody."""
    one, same, other = (answer(ask([], BLOCK), MemoryBook(), seed=seed) for seed in (1, 1, 2))
    assert one.value.equals(same.value)
    assert not set(one.value["up"].to_pylist()) & set(other.value["up"].to_pylist())


def test_who_is_asked_has_no_part_in_a_questions_identity() -> None:
    """An identity made of rows would be a way out."""
    assert ask(CROWD, BLOCK).bill == ask([], BLOCK).bill
    fewer = PublicKeys(ROADS.table.slice(0, 3))
    assert ask([], BLOCK, keys=fewer).bill.release != ask([], BLOCK).bill.release


def test_an_identity_is_written_as_it_ever_was() -> None:
    """Written in another way, what was released would be unknown, and a kept day another's."""
    question = ask([], Days().block(20_417, ZONE), VISITS)
    before = '"bound":"OneNorm(whole_max=1)",'
    after = (
        f'"delta":0,"edition":1,"epsilon":1,"keys":"{ROADS.digest}","name":"visits",'
        '"noise":"DiscreteLaplace 1024 on 1024","purpose":"public.traffic.live",'
        '"unit":"PERSON_DAY"'
    )
    block = f'{{"block":"2025-11-24 window 0 group 0","blocks":"Days(days=7)",{before}{after}}}'
    day = f'{{"blocks":"Days(days=7)",{before}"day":"2025-11-25",{after},"zone":"{ZONE.key}"}}'
    assert question.bill.specification == block
    assert question.bill.release == sha256(block.encode()).hexdigest()
    assert question.asked_of(20_417) == sha256(day.encode()).hexdigest()


def test_the_windows_of_a_plan_share_one_debit_and_have_their_own_releases() -> None:
    later = WINDOWS.blocks_ended(NOON, Instant(NOON + 600 * SECOND), zone=ZONE)[-1]
    one, other = ask([], BLOCK, PLAN).bill, ask([], later, PLAN).bill
    assert one.debit == other.debit
    assert one.accounts == other.accounts
    assert one.release != other.release
    fewer = PublicKeys(ROADS.table.slice(0, 3))
    assert ask([], later, PLAN, keys=fewer).bill.debit != one.debit


def test_a_plan_that_was_forgotten_is_paid_again() -> None:
    """After a restart nobody knows who was counted, and a day bears no second plan."""
    remembered, forgotten = (ask([], BLOCK, PLAN, memory=name).bill for name in ("one", "other"))
    assert remembered.debit != forgotten.debit
    assert ask([], BLOCK, memory="one").bill == ask([], BLOCK, memory="other").bill
    with pytest.raises(AssertionError, match="needs a memory"):
        ask([], BLOCK, PLAN, memory="")
    ask([], BLOCK, memory="")


def test_a_passage_is_debited_by_window_and_a_day_by_day() -> None:
    assert [account.period for account in ask([], BLOCK).bill.accounts] == [BLOCK.name]
    week = Days().block(20_417, ZONE)
    accounts = ask([], week, WEEK).bill.accounts
    assert {account.scope for account in accounts} == {"typical", "everything"}
    assert sorted({account.period for account in accounts}) == [
        f"2025-11-{day}" for day in range(24, 31)
    ]


def test_nothing_is_released_on_the_payment_of_another_question() -> None:
    book = MemoryBook()
    later = WINDOWS.blocks_ended(NOON, Instant(NOON + 600 * SECOND), zone=ZONE)[-1]
    payment = spend(book, ask([], later), at=NOON)
    with pytest.raises(NotPaid):
        release(ask([], BLOCK), payment, engine=engine, entropy=seeded(1))
    assert book.kept == {}


class LooksPaid:
    """Has what a payment has."""

    __class__ = Payment  # type: ignore[assignment]

    def __init__(self, book: MemoryBook, question: Question[LiveTraffic]) -> None:
        self.book, self.release, self.at = book, question.bill.release, NOON


def test_nothing_is_released_on_what_looks_like_a_payment() -> None:
    question, fake = ask(CROWD, BLOCK), LooksPaid(MemoryBook(), ask(CROWD, BLOCK))
    with pytest.raises(TypeError, match="only a payment pays"):
        release(question, fake, engine=engine, entropy=seeded(1))  # type: ignore[arg-type]


def test_rows_of_another_purpose_are_not_asked() -> None:
    rows: Mapping[str, Any] = {"passes": permitted(arrow(CROWD))}
    other = Declaration(
        name="typical",
        unit=Unit.PERSON_DAY,
        bound=OneNorm(),
        noise=DiscreteLaplace(scale=G),
        epsilon=1,
        delta=0,
        blocks=Days(),
        **(SAME | {"purpose": Traffic}),
    )
    question = Question(declaration=other, rows=rows, keys=ROADS, block=Days().block(20_417, ZONE))
    with pytest.raises(PurposeDiffers, match=r"public\.traffic only"):
        release(question, spend(MemoryBook(), question, at=NOON), engine=engine, entropy=bytes)


def test_raw_rows_are_not_asked() -> None:
    raw: Mapping[str, Any] = {"passes": permitted(arrow(CROWD)).rows}
    question = Question(declaration=PASSAGE, rows=raw, keys=ROADS, block=BLOCK)
    with pytest.raises((TypeError, AttributeError)):
        release(question, spend(MemoryBook(), question, at=NOON), engine=engine, entropy=bytes)


def without_bound(contributions: ir.Table, *args: Any, **kwargs: Any) -> ir.Table:
    """Plant a bug: each counts for as often as she comes."""
    bounded = bounds.weighed(contributions, *args, **kwargs)
    return bounded.mutate(up=bounded.c * G, down=bounded.c * 0)


def negative(contributions: ir.Table, *args: Any, **kwargs: Any) -> ir.Table:
    """Plant a bug: what adds nothing in sum."""
    bounded = bounds.weighed(contributions, *args, **kwargs)
    return bounded.mutate(up=bounded.c * 9 * G, down=bounded.c * -9 * G)


@pytest.mark.parametrize("declaration", [PLAN, WEEK], ids=lambda declared: declared.name)
def test_a_broken_bound_is_seen_on_the_data_and_nothing_is_released(
    declaration: Declaration[LiveTraffic], monkeypatch: pytest.MonkeyPatch
) -> None:
    often = [Pass(2, NOON + n * SECOND, road, G) for n in range(3) for road in (0, 2, 4)]
    block = Days().block(20_417, ZONE) if declaration is WEEK else BLOCK
    bug = replace(declaration)  # its own, so that no query of it is remembered
    monkeypatch.setattr(summing.bounds, "weighed", fixed(without_bound))
    book = MemoryBook()
    with pytest.raises(
        BoundBroken, match=f"{bug.name}: somebody adds more than the declared {G * G}"
    ):
        answer(ask(often, block, bug), book)
    assert len(book.bills) == 1, "the debit stays"
    assert book.kept == {}


def test_a_negative_contribution_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(summing.bounds, "weighed", fixed(negative))
    with pytest.raises(BoundBroken):
        answer(ask(CROWD, BLOCK, replace(PASSAGE)), MemoryBook())


def fixed(bug: Any) -> Any:
    """Let a planted bug call the right function that it replaces."""
    right = bounds.weighed

    def planted(*args: Any, **kwargs: Any) -> ir.Table:
        planted_in, bounds.weighed = bounds.weighed, right
        try:
            return bug(*args, **kwargs)
        finally:
            bounds.weighed = planted_in

    return planted


def test_stored_bytes_that_were_changed_are_not_given_again() -> None:
    book = MemoryBook()
    answer(ask(CROWD, BLOCK), book)
    ((name, stored),) = book.kept.items()
    book.kept[name] = replace(stored, output=stored.output + b" ")
    with pytest.raises(ReleaseUnknown, match="were changed"):
        recall(book, name)
    with pytest.raises(ReleaseUnknown, match="nothing was released"):
        recall(book, "other")


class Frozen(msgspec.Struct, frozen=True):
    """A value that stays."""

    people: int


class Thawed(msgspec.Struct):
    """A value that may change."""

    people: int


READ_ONLY: list[object] = [
    Frozen(31),
    (1, 2),
    "31",
    b"31",
    31,
    3.1,
    frozenset({31}),
    MappingProxyType({"road": 31}),
    pa.table({"road": [31]}),
]


@pytest.mark.parametrize("value", READ_ONLY, ids=lambda value: type(value).__name__)
def test_what_is_made_of_released_values_is_released(value: object) -> None:
    book = MemoryBook()
    later = WINDOWS.blocks_ended(NOON, Instant(NOON + 600 * SECOND), zone=ZONE)[-1]
    one, other = (answer(ask(CROWD, block), book) for block in (BLOCK, later))
    made = postprocess(lambda a, b: value if a and b else None, one, other)
    assert made.value is value
    assert made.sources == one.sources | other.sources
    assert made.promises == one.promises
    assert len(made.sources) == 2


@pytest.mark.parametrize(
    "value",
    [Thawed(31), [1], {"road": 31}, {31}, np.zeros(3), None],
    ids=lambda v: type(v).__name__,
)
def test_what_could_be_changed_afterwards_is_not_released(value: object) -> None:
    released = answer(ask(CROWD, BLOCK), MemoryBook())
    with pytest.raises(TypeError, match="can be changed"):
        postprocess(lambda _: value, released)


class LooksReleased:
    """Has what a released value has, and says that it is one."""

    value = 31
    sources = promises = frozenset[str]()
    __class__ = Released  # type: ignore[assignment]


def test_only_released_values_are_made_into_released_values() -> None:
    released: Any = answer(ask(CROWD, BLOCK), MemoryBook())
    for raw in ((), (31,), (released, 31), (released.value,), (LooksReleased(),)):
        with pytest.raises(TypeError, match="only released values"):
            postprocess(lambda *_: 31, *raw)


KEY = pa.int32()


@pytest.mark.parametrize(
    "table",
    [
        pa.table({"road": pa.array([1], KEY)}),
        pa.table({"key": [1]}),
        pa.table({"key": pa.array([1, 1], KEY)}),
        pa.table({"key": pa.array([1, None], KEY)}),
        pa.table({"key": pa.array([-1, 1], KEY)}),
    ],
    ids=["no key", "wide", "twice", "none", "negative"],
)
def test_keys_that_are_not_public_and_complete_are_refused(table: pa.Table) -> None:
    with pytest.raises(KeysNotPublic):
        PublicKeys(table)


def test_keys_are_taken_in_order_whatever_their_table_s() -> None:
    shuffled = PublicKeys(pa.table({"key": pa.array([4, 0, 3], KEY), "limit": [80, 50, 30]}))
    assert shuffled.of_group(0, 1).tolist() == [0, 3, 4]
    assert shuffled.of_group(1, 2).tolist() == [3]
    assert shuffled.table["limit"].to_pylist() == [50, 30, 80]
    assert shuffled.digest == sha256(pack("<3i", 0, 3, 4)).hexdigest()
    assert PublicKeys(pa.table({"key": pa.array([], KEY)})).of_group(0, 1).tolist() == []


def test_what_is_public_beside_the_keys_may_lead_to_them() -> None:
    kinds = ibis.table({"road": "int32", "kind": "int32"}, name="kinds")
    of_kind = PASSES.join(kinds, PASSES.segment == kinds.road)
    declared = replace(PASSAGE, question=of_kind.select("subject", "at", key="kind", d_q="time_ms"))
    known = pa.table({"road": pa.array(range(6), KEY), "kind": pa.array([0, 0, 1, 1, 1, 1], KEY)})
    keys = PublicKeys(pa.table({"key": pa.array([0, 1], KEY)}), beside={"kinds": known})
    driven = [Pass(7, NOON + SECOND, road, 0) for road in (0, 2, 5)]
    block = WINDOWS.block(BLOCK.window, 0, zone=ZONE)  # of even keys
    sums = summing.exact_sums(ask(driven, block, declared, keys=keys), block, engine=engine)
    assert sums["key"].to_pylist() == [0]


def test_rows_of_a_gated_relation_are_asked_as_well_as_rows_in_memory() -> None:
    """History is an expression over files, a live window a table in memory: one question."""
    held = permitted(arrow(CROWD))
    resting = derive(held, lambda rows: summing._named("resting", rows))
    question = Question(declaration=PASSAGE, rows={"passes": resting}, keys=ROADS, block=BLOCK)

    def with_files(expression: ir.Table, relations: Mapping[str, pa.Table]) -> pa.Table:
        return engine(expression, {"resting": held.rows, **relations})

    payment = spend(MemoryBook(), question, at=NOON)
    released = release(question, payment, engine=with_files, entropy=seeded(1))
    assert released.value.equals(answer(ask(CROWD, BLOCK), MemoryBook()).value)
