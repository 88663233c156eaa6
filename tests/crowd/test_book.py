"""What the gate asks of its book: what is debited to whom, and what a refusal says."""

from dataclasses import replace
from fractions import Fraction

import pytest

from crowd.morning import PASSAGE, PLAN, VISITS, WEEK
from hubbub.crowd.book import (
    Account,
    BudgetSpent,
    Cap,
    DayClosed,
    Mechanism,
    accounts_of,
    mechanism,
    standard_caps,
)
from hubbub.crowd.declaration import Declaration
from hubbub.crowd.laws import DiscreteGaussian, DiscreteLaplace, G
from hubbub.terms.purposes import LiveTraffic

MONDAY, TUESDAY = "2025-11-24", "2025-11-25"
ACCOUNT = Account("visits", "person-day", MONDAY)


def test_noise_is_debited_by_its_law_and_its_width_over_what_one_unit_adds() -> None:
    laplace = mechanism(DiscreteLaplace(scale=6 * G), sensitivity=3 * G)
    assert laplace == Mechanism("laplace", Fraction(2))
    gaussian = mechanism(DiscreteGaussian(sigma=Fraction(9, 2) * G), sensitivity=3 * G)
    assert gaussian == Mechanism("gaussian", Fraction(3, 2))


@pytest.mark.parametrize("declared", [WEEK, PLAN], ids=lambda each: each.name)
def test_what_hides_a_day_is_debited_to_its_product_and_to_all_of_them_every_day(
    declared: Declaration[LiveTraffic],
) -> None:
    assert accounts_of(declared, days=(MONDAY, TUESDAY), block="a week") == (
        Account(declared.name, "person-day", MONDAY),
        Account("everything", "person-day", MONDAY),
        Account(declared.name, "person-day", TUESDAY),
        Account("everything", "person-day", TUESDAY),
    )


def test_what_hides_a_passage_is_debited_to_its_own_window() -> None:
    window = f"{MONDAY}T12:00:00Z+300s g0"
    (account,) = accounts_of(PASSAGE, days=(MONDAY,), block=window)
    assert account == Account("live", "passage", window)
    assert account.day == MONDAY


def test_a_product_may_spend_what_it_declares_and_all_of_them_what_is_said() -> None:
    both = standard_caps((WEEK, replace(VISITS, epsilon=2)), everything=Cap(epsilon=9, delta=1e-8))
    assert both == {
        "typical": Cap(epsilon=1, delta=1e-9),
        "visits": Cap(epsilon=2, delta=0),
        "everything": Cap(epsilon=9, delta=1e-8),
    }


def test_a_spent_budget_lists_what_it_went_on_line_by_line() -> None:
    spent = ["visits, one week", "visits, another"]
    refused = BudgetSpent(account=ACCOUNT, cap=Cap(epsilon=1, delta=0), needs=1.5, spent_on=spent)
    assert str(refused).splitlines()[1:3] == ["  visits, one week", "  visits, another"]
    assert (refused.account, refused.cap.epsilon, refused.needs) == (ACCOUNT, 1, 1.5)
    assert refused.spent_on == tuple(spent)


def test_a_closed_day_says_of_which_account_and_until_when() -> None:
    refused = DayClosed(account=ACCOUNT, through=TUESDAY)
    assert (refused.account, refused.through) == (ACCOUNT, TUESDAY)
