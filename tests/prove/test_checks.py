"""Each check of `hubbub prove` holds for the house as it is, and fails for one that is broken.

`hubbub prove` throws fresh dice and draws from the operating system. Here both are seeded, so that
what holds today holds tomorrow: no luck.
"""

from collections.abc import Callable, Iterator
from pathlib import Path
from random import Random
from types import SimpleNamespace
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from hubbub.crowd import blocks, bounds, days, gate, summing
from hubbub.crowd.laws import G, Noise
from hubbub.crowd.noise import Integers, draw
from hubbub.deal import certificate, receipt
from hubbub.deal.desk import Badge
from hubbub.outlet import leaving
from hubbub.prove import audit, chance, sampler, static, worlds
from hubbub.prove.audit import SCENES
from hubbub.prove.check import Case, Verdict
from hubbub.prove.checks import BY_NAME, CHECKS
from hubbub.prove.sensitivity import STRETCHES
from hubbub.prove.worker import run_check
from hubbub.prove.worlds import NOON
from hubbub.record import deal_store, ledger
from hubbub.record.deal_store_dead_lists import DeadLists
from hubbub.record.deal_store_erasure import Erasures
from hubbub.record.ledger import Ledger
from hubbub.record.ledger_file import LedgerFile
from hubbub.record.passes_log import PassesLog
from hubbub.record.record import Record
from hubbub.record.traces import Searched
from hubbub.run import erase
from hubbub.run.home import Home
from hubbub.run.products import EVERY_DECLARATION
from hubbub.terms.people import Subject
from hubbub.terms.purposes import Places, Purpose, cell_bit

PRODUCT = [declared.name for declared in EVERY_DECLARATION]
EFFORT = {"audit": 0.2, "sensitivity": 0.1, "noise": 0.1, "deal": 0.2}
EFFORT |= {"erasure": 0.05, "lives": 0.3}


def run(name: str) -> Verdict:
    """Run a check at the size of a test."""
    effort = EFFORT.get(name.partition(" ")[0], 1.0)
    return run_check(name, Case(home=Home(Path("nowhere")), effort=effort))


@pytest.fixture(autouse=True)
def no_luck(monkeypatch: pytest.MonkeyPatch) -> None:
    """Throw the same dice, and draw the same noise, in every run."""
    seeded = SimpleNamespace(urandom=Random(11).randbytes)
    for module in (audit, sampler):
        monkeypatch.setattr(module, "os", seeded)
    monkeypatch.setattr(chance, "secrets", SimpleNamespace(token_hex=lambda _: "the test's"))


@pytest.fixture(autouse=True)
def forgetful() -> Iterator[None]:
    """Forget the queries and the days that a broken house made."""
    for remembered in (summing.query, blocks.calendar):
        remembered.cache_clear()
    yield
    for remembered in (summing.query, blocks.calendar):
        remembered.cache_clear()


def test_every_product_is_audited_and_its_bound_measured() -> None:
    assert SCENES.keys() == STRETCHES.keys() == set(PRODUCT)
    assert {check.of for check in CHECKS} == {*PRODUCT, ""}


def test_every_check_has_a_name_of_its_own() -> None:
    assert len(BY_NAME) == len(CHECKS)


@pytest.mark.parametrize("name", sorted(BY_NAME.keys() - {"canary"}))
def test_what_is_promised_holds(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(audit, "USEFUL", 0.1)  # few worlds are certain of less
    found = run(name)
    assert found.outcome == ("nothing" if name == "ledger" else "held"), found.told


type Break = Callable[[pytest.MonkeyPatch], None]


def broken(target: Any, name: str, wrong: Any) -> Break:
    """Put something wrong in place of what is right."""
    return lambda patch: patch.setattr(target, name, wrong)


def nothing(*_: object, **__: object) -> None:
    """Plant: something that is not done."""


def half_noise(law: Noise, count: int, **options: Any) -> Integers:
    """Plant: half of the noise."""
    return draw(law, count, **options) // 2


def even_noise(law: Noise, count: int, **options: Any) -> Integers:
    """Plant: a lowest bit that is never set."""
    return draw(law, count, **options) // 2 * 2


def twice_the_same(law: Noise, count: int, **options: Any) -> Integers:
    """Plant: the same noise for neighbours, and so for both counters."""
    half = draw(law, count // 2, **options)
    return np.concatenate([half, half])


def in_pairs(law: Noise, count: int, **options: Any) -> Integers:
    """Plant: noise that is drawn for every second cell only."""
    return np.repeat(draw(law, count // 2, **options), 2)


def hidden_if_nobody(right: Callable[..., Integers]) -> Callable[..., Integers]:
    """Plant: a threshold on true counts."""

    def wrong(*args: Any, **options: Any) -> Integers:
        counts = right(*args, **options)
        return np.where(counts > 0, counts, -(10**6))

    return wrong


def unbounded(patch: pytest.MonkeyPatch) -> None:
    """Plant: every row weighs a whole voice, and nobody looks."""
    right = bounds.weighed

    def wrong(*args: Any, **options: Any) -> Any:
        found = right(*args, **options)
        return found.mutate(up=found.c * G)

    patch.setattr(bounds, "weighed", wrong)
    patch.setattr(summing, "_prove", nothing)


def deaf(patch: pytest.MonkeyPatch) -> None:
    """Plant: nobody is counted at all."""
    right = bounds.weighed
    patch.setattr(bounds, "weighed", lambda *a, **o: right(*a, **o).filter(False))


PERMIT = worlds.permit


def careless(**forgets: Callable[[Any, int], Any]) -> Break:
    """Plant: a gate 1 that takes some column of the stamp, or of the dead list, for another."""

    def wrong(
        rows: Any, purpose: type[Purpose], recipient: Any, *, category: Any, dead: Any
    ) -> Any:
        bit = cell_bit(purpose, recipient)
        stamped = {name: forgets[name](rows[name], bit) for name in forgets if name != "dead"}
        buried = dead.filter(dead["receipt"] < 0) if "dead" in forgets else dead
        return PERMIT(rows.mutate(**stamped), purpose, recipient, category=category, dead=buried)

    return broken(worlds, "permit", wrong)


dead_list = DeadLists.of
NOBODYS: dict[str, Any] = {"subject": 1, "receipt": 1, "stamps": (1,), "since": NOON}
FIRST_QUARTER, CLOSED_DAY = blocks._first_quarter, days.closed_day


def never_closed_again(question: Any, day: int, *, dead: str, **options: Any) -> Any:
    """Plant: what is kept of a day is given, whatever died since."""
    kept = CLOSED_DAY(question, day, shelf=options["shelf"])
    return kept or days.close_day(question, day, dead=dead, **options)


def other_clocks(day: int, zone: ZoneInfo) -> int:
    """Plant: days begin at midnight in Greenwich."""
    del zone
    return FIRST_QUARTER(day, ZoneInfo("UTC"))


def blind(leaves: type, method: str, does: Any = nothing) -> Break:
    """Plant: an erasure that does something else, and a search that finds nothing of it."""

    def plant(patch: pytest.MonkeyPatch) -> None:
        patch.setattr(leaves, method, does)
        patch.setattr(erase, "search", lambda *_: Searched(files=0, size_bytes=0, found_in=()))

    return plant


ERASE = Record.erase


def with_a_neighbour(record: Record, subject: Subject) -> Any:
    """Plant: somebody else is erased as well."""
    ERASE(record, Subject(subject + 1))
    return ERASE(record, subject)


BREAKS: dict[str, tuple[str, Break]] = {
    "half of the noise": ("noise traffic.live", broken(sampler, "draw", half_noise)),
    "noise whose lowest bit is nought": (
        "noise traffic.typical",
        broken(sampler, "draw", even_noise),
    ),
    "noise that repeats": ("noise traffic.live.day", broken(sampler, "draw", in_pairs)),
    "no bound": ("sensitivity traffic.typical", unbounded),
    "no bound on a passage": ("sensitivity traffic.live", unbounded),
    "nobody is counted": ("sensitivity traffic.typical", deaf),
    "half of the noise, seen from outside": (
        "audit traffic.live",
        broken(gate, "draw", half_noise),
    ),
    "half of the noise of a week": ("audit traffic.typical", broken(gate, "draw", half_noise)),
    "one noise for both counters": ("audit traffic.live", broken(gate, "draw", twice_the_same)),
    "a threshold on true counts": (
        "audit traffic.live",
        broken(gate, "in_key_order", hidden_if_nobody(gate.in_key_order)),
    ),
    "no bound, as others see": ("audit traffic.live", unbounded),
    "a dead list that is not looked at": (
        "deal traffic.live",
        careless(dead=lambda *_: None),
    ),
    "rows without a receipt": (
        "deal traffic.typical",
        careless(receipt=lambda receipt, _: receipt.fill_null(10**9)),
    ),
    "rows for another purpose": (
        "deal traffic.live",
        careless(may=lambda may, bit: may * 0 + bit),
    ),
    "days that nobody closes again": (
        "deal traffic.typical",
        broken(worlds, "close_day", never_closed_again),
    ),
    "days of before, added up": (
        "deal traffic.typical",
        broken(gate, "added_up", lambda _, closed, **__: [day.kept.sums for day in closed]),
    ),
    "a day of other clocks": (
        "sensitivity traffic.typical",
        broken(blocks, "_first_quarter", other_clocks),
    ),
    "the dead list of another purpose": (
        "lives",
        broken(DeadLists, "of", lambda lists, kind, _, to: dead_list(lists, kind, Places, to)),
    ),
    "a withdrawal that buries nothing": ("agreement", broken(deal_store, "bury", nothing)),
    "a receipt that anybody signs": ("agreement", broken(receipt, "check", nothing)),
    "a badge for everybody": (
        "agreement",
        broken(deal_store.DealStore, "badge", lambda *_: Badge(**NOBODYS)),
    ),
    "an erasure that forgets the passes": ("erasure", blind(PassesLog, "take_out")),
    "an erasure that forgets the receipts": ("erasure", blind(Erasures, "forget")),
    "an erasure of two": ("erasure", broken(Record, "erase", with_a_neighbour)),
    "a certificate that anybody signs": ("erasure", broken(certificate, "check", nothing)),
    "an outlet that trusts": (
        "forging",
        broken(leaving, "_is_genuine", lambda promise: hasattr(promise, "value")),
    ),
    "a promise that is copied": (
        "forging",
        broken(gate.Released, "__deepcopy__", lambda self, memo: (self, memo)),
    ),
    "a debit that is not written": (
        "payment",
        broken(Ledger, "_debit_account", lambda *_, **__: 0),
    ),
    "a release that is drawn again": ("payment", broken(Ledger, "stored", nothing)),
    "no noise where nobody was": (
        "payment",
        broken(gate, "draw", lambda _, count, **__: np.zeros(count, np.int64)),
    ),
    "a budget without an end": ("payment", broken(ledger, "epsilon", lambda *_, **__: 0.0)),
    "a bound that is not proved": ("payment", broken(summing, "_prove", nothing)),
    "a ledger that may be any": ("payment", broken(LedgerFile, "_require", nothing)),
}


@pytest.mark.parametrize("bug", BREAKS)
def test_what_is_broken_is_found(bug: str, monkeypatch: pytest.MonkeyPatch) -> None:
    name, plant = BREAKS[bug]
    plant(monkeypatch)
    found = run(name)
    assert found.outcome == "failed", found.told


def test_a_forbidden_import_is_found(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    stricter = tmp_path / "contracts.toml"
    stricter.write_text(
        '[tool.importlinter]\nroot_package = "hubbub"\n[[tool.importlinter.contracts]]\n'
        'id = "no"\nname = "The outlet lets nothing out"\ntype = "forbidden"\n'
        'source_modules = ["hubbub.outlet"]\nforbidden_modules = ["hubbub.crowd"]\n'
    )
    monkeypatch.setattr(static, "CONTRACTS_FILE", stricter)
    assert "The outlet lets nothing out" in run("contracts").told


@pytest.mark.parametrize(
    ("line", "told"),
    [("Released()", "is refused"), ("recall  # no: it is genuine", "passes for genuine")],
)
def test_a_type_checker_that_is_wrong_is_found(
    line: str, told: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    file = tmp_path / "forged.py"
    file.write_text(
        f"from hubbub.crowd.gate import Released, recall\n\n{line}\nRelaesed()  # no: misspelt\n"
    )
    monkeypatch.setattr(static, "FORGERIES", (file,))
    found = run("types")
    assert found.outcome == "failed"
    assert told in found.told


@pytest.mark.parametrize("name", ["contracts", "types"])
def test_without_its_tools_a_check_says_what_to_install(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(static, "_run", nothing)
    assert "hubbub[prove]" in run(name).told


def test_a_check_that_ends_in_an_error_does_not_hold(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(worlds, "permit", lambda *_, **__: 1 // 0)
    assert run("deal traffic.live").told.startswith("stopped by ZeroDivisionError")
