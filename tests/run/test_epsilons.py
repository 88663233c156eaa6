"""The registry of epsilons has every product, and its page is what the products declare."""

import importlib
from dataclasses import replace

import pytest

from house.tree import MODULES, ROOT, SOURCE
from hubbub.crowd import cost
from hubbub.crowd.book import mechanism
from hubbub.crowd.bounds import Unit
from hubbub.crowd.declaration import Declaration
from hubbub.products.traffic.declarations import LIVE_DAY, LIVE_PASSAGE, TYPICAL
from hubbub.run.epsilons import epsilon_together, page
from hubbub.run.products import EVERY_DECLARATION, declarations


def test_the_page_of_epsilons_is_what_the_products_declare() -> None:
    written = (ROOT / "docs" / "epsilons.md").read_text()
    assert written == page(EVERY_DECLARATION), "make epsilons"


def test_another_declaration_would_be_another_page() -> None:
    wider = replace(TYPICAL, epsilon=2)
    assert page([wider, LIVE_DAY, LIVE_PASSAGE]) != page(EVERY_DECLARATION)


def test_everything_that_a_product_declares_is_in_the_registry() -> None:
    products = [m for m in MODULES if m.is_relative_to(SOURCE / "products")]
    names = [".".join(m.relative_to(SOURCE.parent).with_suffix("").parts) for m in products]
    declared = {
        value
        for name in names
        for value in vars(importlib.import_module(name)).values()
        if isinstance(value, Declaration)
    }
    assert declared == {*EVERY_DECLARATION}
    for promise in ("person-day", "passage"):
        assert {*declarations(promise).values()} <= declared  # type: ignore[arg-type]


def test_all_of_a_day_together_cost_more_than_each_and_less_than_their_sum() -> None:
    days = [each for each in EVERY_DECLARATION if each.unit is Unit.PERSON_DAY]
    together = epsilon_together(days, delta=1e-8)
    alone = [
        cost.epsilon([mechanism(each.noise, sensitivity=each.sensitivity)], delta=1e-8)
        for each in days
    ]
    assert max(alone) < together < sum(alone)
    assert f"epsilon\n{together:.2f} at" in page(EVERY_DECLARATION)


@pytest.mark.parametrize(("epsilon", "percent"), [(0.5, 62), (1, 73), (2, 88), (4, 98)])
def test_the_page_says_in_plain_words_what_an_epsilon_is(epsilon: float, percent: int) -> None:
    assert f"| {epsilon:g} | {percent} % |" in page(EVERY_DECLARATION)
