"""The house about itself: promises, releases, health, metrics."""

import pytest

from hubbub.outlet.wire import Health
from outlet.fake_house import LIVE, Caller, House


def test_about_tells_the_city_the_clock_and_the_promises(caller: Caller) -> None:
    about = caller.get("/v1/about").json()

    assert about["city"]["name"] == "Testby"
    assert about["clock"] == {"now": "2026-11-24T06:12:00Z", "speed": 30.0, "replay": True}
    assert about["promises"][0]["words"] == LIVE.promise().words
    assert about["enrolment"] == "open"


def test_the_passage_promise_is_called_weaker(caller: Caller) -> None:
    promise = caller.get("/v1/about").json()["promises"][0]
    assert promise["weaker"]
    assert "passage" in promise["unit"]


def test_without_a_city_about_says_so(house: House) -> None:
    house.city, house.roads = None, ()
    caller = Caller(house)
    assert caller.get("/v1/about").json()["city"] is None
    assert caller.get("/v1/traffic/flow").json()["results"] == []


def test_releases_are_listed_newest_first_a_page_at_a_time(house: House, caller: Caller) -> None:
    for name in ("a", "b", "c"):
        house.keeper.keep(name)

    first = caller.get("/v1/releases?limit=2").json()
    second = caller.get(f"/v1/releases?limit=2&before={first['before']}").json()

    assert [card["id"] for card in first["releases"]] == ["c", "b"]
    assert ([card["id"] for card in second["releases"]], second["before"]) == (["a"], None)


def test_a_release_says_what_it_promised_and_how_exact_it_is(house: House, caller: Caller) -> None:
    house.keeper.keep("a")

    card = caller.get("/v1/releases/a").json()

    assert card["words"] == LIVE.promise().words
    assert card["promise"]["epsilon"] == 4
    # Two counters, Laplace of scale 1/4 person each: 2 draws of variance 2/16.
    assert card["promise"]["noise_people"] == pytest.approx(0.5, abs=0.01)
    assert card["promise"]["noise_people_95"] == pytest.approx(1.03, abs=0.01)
    assert card["promise"]["means"][1] == {"people": 30, "percent": 1.7}
    assert "noise moves a count of people by 0.5" in card["promise"]["accuracy"].lower()
    assert card["promise"]["guess_percent_max"] == 98.2
    assert len(card["sha256"]) == 64


def test_a_release_says_how_far_off_it_is_predicted_to_be(house: House, caller: Caller) -> None:
    house.keeper.keep("a")
    accuracy = caller.get("/v1/releases/a").json()["accuracy"]
    assert (accuracy["unit"], accuracy["denoiser"]) == ("people", "none")
    assert accuracy["counters"] == [
        {"counter": name, "noise": 0.5, "error": 0.5, "error_95": 0.5}
        for name in ("count", "difference")
    ]


def test_a_release_of_what_is_no_longer_in_force_predicts_nothing(
    house: House, caller: Caller
) -> None:
    house.keeper.keep("a")
    house.declarations = {}
    assert caller.get("/v1/releases/a").json()["accuracy"] is None


def test_an_accuracy_that_no_gate_released_does_not_leave(house: House, caller: Caller) -> None:
    house.keeper.keep("a")
    house.is_released = lambda _: False  # type: ignore[method-assign]
    assert caller.get("/v1/releases/a").status_code == 500


def test_a_release_under_an_older_promise_does_not_claim_the_new_one(
    house: House, caller: Caller
) -> None:
    house.keeper.keep("a")
    house.declarations = {}
    card = caller.get("/v1/releases/a").json()
    assert (card["promise"], card["words"]) == (None, LIVE.promise().words)


def test_a_release_that_never_was_is_not_found(caller: Caller) -> None:
    answer = caller.get("/v1/releases/zzz")
    assert (answer.status_code, answer.json()["type"]) == (404, "urn:hubbub:problem:not-found")


@pytest.mark.parametrize("limit", ["0", "201", "-1", "x", "1e2", "٣"])
def test_a_page_has_a_size_in_bounds(caller: Caller, limit: str) -> None:
    assert caller.get("/v1/releases", params={"limit": limit}).status_code == 400


def test_health_says_why_it_is_degraded(house: House, caller: Caller) -> None:
    assert caller.get("/healthz").json()["status"] == "ok"
    house.status = Health(status="degraded", reasons=["no keeper"], lag_s={})
    assert caller.get("/healthz").json()["reasons"] == ["no keeper"]


def test_metrics_are_in_the_words_of_prometheus(caller: Caller) -> None:
    answer = caller.get("/metrics")
    assert "# HELP hubbub_outlet_withheld_total" in answer.text
    assert answer.headers["content-type"].startswith("text/plain")
