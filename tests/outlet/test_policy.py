"""Who may do what: the running house keeps the table, and nothing is served that is not in it."""

from collections.abc import Iterator

import pytest

from hubbub.deal.policy import POLICY, Resource
from hubbub.outlet.operations import Asked, Operation
from hubbub.record.deal_store_identity import PASSKEY, IdentityStore
from outlet.policy_matrix import GOLDEN, Matrix, Way, matrix, table


@pytest.fixture
def there() -> Iterator[Matrix]:
    """Open a house in which everybody asks for everything."""
    with matrix() as made:
        yield made


def test_every_route_lets_in_whom_the_table_names_and_nobody_else(there: Matrix) -> None:
    assert table(there, there.is_allowed) == GOLDEN.read_text(), "python -m outlet.policy_matrix"


def test_a_route_that_nobody_thought_about_does_not_come_into_being() -> None:
    assert (Resource.NOTICE, "end") not in POLICY
    with pytest.raises(AssertionError, match="who may is not written down"):
        Operation(
            method="DELETE",
            path="/v1/notice",
            resource=Resource.NOTICE,
            action="end",
            summary="End it.",
            perform=Asked.person.fget,  # type: ignore[attr-defined]
        )


def test_everything_in_the_policy_can_be_asked_for(there: Matrix) -> None:
    assert {(way.resource, way.action) for way in there.ways()} == set(POLICY)


def test_a_route_that_forgets_whose_it_is_is_seen(
    there: Matrix, monkeypatch: pytest.MonkeyPatch
) -> None:
    def remove_anybodys(store: IdentityStore, _subject: int, number: int) -> bool:
        with store._database.begin() as connection:
            gone = connection.execute(PASSKEY.delete().where(PASSKEY.c.number == number))
            return gone.rowcount == 1

    way = Way(Resource.PASSKEYS, "end", "DELETE", "/v1/me/passkeys/{id}")
    assert not there.is_allowed(way, "other person")
    monkeypatch.setattr(IdentityStore, "remove_passkey", remove_anybodys)
    assert there.is_allowed(way, "other person")
