"""How busy all places are, in one piece: the rules of bulk, and what is in the files."""

import io
import json

import msgspec
import pyarrow.parquet as pq
import pytest

from hubbub.deal.recipients import Scope
from hubbub.outlet.bulk_busyness import PRODUCT
from hubbub.outlet.fetching import STRANGERS
from hubbub.terms.places import PlaceId
from hubbub.terms.purposes import LiveTraffic, Places
from outlet.fake_house import BUSY, LIBRARY, Caller, House

FILES = ("/v1/bulk/busyness.geojson", "/v1/bulk/busyness.parquet")
each_file = pytest.mark.parametrize("path", FILES)
UNKNOWN = msgspec.structs.replace(LIBRARY, id=PlaceId("n2"))


@pytest.fixture
def caller(house: House) -> Caller:
    """Give somebody who asks a house that tells of one of its two places."""
    house.places = (LIBRARY, UNKNOWN)
    house.tell_weeks(BUSY)
    return Caller(house)


def client_of(house: House, scope: Scope) -> dict[str, str]:
    house.deals.registry.add("acme", name="Acme Maps", kind="partner")
    _, token = house.deals.registry.add_client("acme", (scope,), requests_a_minute=20)
    return {"authorization": f"Bearer {token.secret}"}


def test_a_map_gets_features_with_the_week_of_each_place(caller: Caller) -> None:
    answer = caller.get(FILES[0])
    told = json.loads(answer.content)
    assert answer.headers["content-type"] == "application/geo+json"
    assert [each["id"] for each in told["features"]] == ["n1"]
    assert told["features"][0]["geometry"] == {"type": "Point", "coordinates": [24.94, 60.17]}
    assert told["features"][0]["properties"]["percent"] == list(BUSY.percent)
    assert "OpenStreetMap" in told["attribution"]
    assert told["hides"]["weaker"] is False


def test_a_table_has_a_row_a_place_and_hour_and_says_what_is_promised(caller: Caller) -> None:
    table = pq.read_table(io.BytesIO(caller.get(FILES[1]).content))
    assert table.num_rows == 168
    noon = table.to_pylist()[2 * 24 + 12]
    assert (noon["place"], noon["weekday"], noon["hour"]) == ("n1", 2, 12)
    assert (noon["percent"], noon["low"], noon["high"], noon["closed"]) == (100, 90, 100, False)
    assert b"OpenStreetMap" in table.schema.metadata[b"attribution"]
    assert b"weaker" in table.schema.metadata[b"hides"]


@each_file
def test_before_the_first_week_there_is_no_file(house: House, path: str) -> None:
    assert Caller(house).get(path).status_code == 404


@each_file
def test_a_file_that_one_has_costs_no_body(caller: Caller, path: str) -> None:
    known = {"if-none-match": caller.get(path).headers["etag"]}
    assert caller.get(path, headers=known).status_code == 304


@each_file
def test_strangers_may_ask_now_and_then(caller: Caller, path: str) -> None:
    statuses = [caller.get(path).status_code for _ in range(int(STRANGERS.burst) + 1)]
    assert (statuses[0], statuses[-1]) == (200, 429)


@each_file
def test_a_client_gets_what_it_was_registered_for_and_that_is_written_down(
    house: House, caller: Caller, path: str
) -> None:
    mine = client_of(house, Scope(PRODUCT, Places.key))
    assert caller.get(path, headers=mine).status_code == 200
    (read,) = house.reads_shelf.stretches(since=house.now())
    assert (read.what, read.reader) == ("releases", (PRODUCT, Places.key, "acme"))


@each_file
def test_a_client_of_another_product_is_refused(house: House, caller: Caller, path: str) -> None:
    other = client_of(house, Scope("traffic.live", LiveTraffic.key))
    assert caller.get(path, headers=other).json()["type"].endswith("out-of-scope")


@each_file
def test_what_the_ledger_does_not_know_never_leaves(
    house: House, caller: Caller, path: str
) -> None:
    house.keeper.kept.clear()
    assert caller.get(path).json()["type"] == "urn:hubbub:problem:withheld"
