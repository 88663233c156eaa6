"""The simulated city keeps its own rules: what is measured on it would mean nothing otherwise."""

import numpy as np
import pyarrow as pa

from hubbub.run.simulated.city import METRES_A_DEGREE, City, city_of, town
from hubbub.run.simulated.phones import told_of
from hubbub.run.simulated.week import HOUR, VISIT, WEEK, residents_of, week_of
from hubbub.terms.catalogue import PINGS_SCHEMA
from hubbub.terms.places import PlaceCategory
from hubbub.terms.time import SECOND, Instant

PLACES = town(400, seed=5)
CITY = city_of(PLACES, seed=6)
PEOPLE = residents_of(CITY, people=60, seed=7)
LEGS = week_of(CITY, PEOPLE, seed=7)
TOLD = told_of(LEGS, CITY, monday=Instant(0), seed=8)


def test_every_second_of_everybodys_week_is_in_one_leg() -> None:
    goes_on = LEGS.person[1:] == LEGS.person[:-1]
    assert set(LEGS.person.tolist()) == set(range(60))
    assert np.allclose(LEGS.since[1:][goes_on], LEGS.until[:-1][goes_on])
    assert np.allclose(LEGS.end[:-1][goes_on], LEGS.start[1:][goes_on], atol=25)  # within a place
    assert (LEGS.until >= LEGS.since).all()
    assert (LEGS.since[np.append(True, ~goes_on)] == 0).all()
    assert (LEGS.until[np.append(~goes_on, True)] >= WEEK).all()


def shut(city: City, legs_place: np.ndarray, at: np.ndarray) -> int:
    return int((city.by_hour[legs_place, (at // HOUR).astype(int) % 168] == 0).sum())


def test_nobody_visits_what_is_closed() -> None:
    visit = LEGS.what == VISIT
    assert visit.sum() > 300
    assert shut(CITY, LEGS.place[visit], LEGS.since[visit]) == 0
    assert shut(CITY, LEGS.place[visit], LEGS.until[visit] - 1) == 0


def test_places_are_open_when_their_table_says_so() -> None:
    on_tuesdays = [[24 <= hour < 48 for hour in range(168)]] * len(PLACES)
    places = PLACES.set_column(3, "open", pa.array(on_tuesdays, PLACES.schema.field("open").type))
    city = city_of(places, seed=6)
    legs = week_of(city, residents_of(city, people=60, seed=7), seed=7)
    days = legs.since[legs.what == VISIT] // (24 * HOUR)
    assert set(days.tolist()) == {1}


def test_a_seed_gives_one_week_and_another_gives_another() -> None:
    again, other = (week_of(CITY, PEOPLE, seed=seed) for seed in (7, 9))
    assert np.array_equal(again.since, LEGS.since)
    assert not np.array_equal(other.since[:100], LEGS.since[:100])


def test_places_are_used_by_their_kinds() -> None:
    visit = LEGS.what == VISIT
    kind = CITY.kind[LEGS.place[visit]]
    minutes = (LEGS.until - LEGS.since)[visit] / 60
    bar, groceries = (
        np.median(minutes[kind == [*PlaceCategory].index(category)])
        for category in (PlaceCategory.BAR, PlaceCategory.GROCERIES)
    )
    assert bar > 2 * groceries


def test_phones_tell_pings_near_where_their_people_are() -> None:
    assert TOLD.pings.column_names == [*PINGS_SCHEMA]
    visit = int(np.flatnonzero(LEGS.what == VISIT)[3])
    at = TOLD.pings["at"].to_numpy() / SECOND
    told = (TOLD.pings["subject"].to_numpy() == LEGS.person[visit]) & (at >= LEGS.since[visit])
    told &= at <= LEGS.until[visit]
    north = np.median(TOLD.pings["lat_e6"].to_numpy()[told]) - CITY.origin_e6[0]
    assert abs(north * METRES_A_DEGREE / 1e6 - LEGS.start[visit][1]) < 50


def test_the_truth_names_each_visit_and_its_place() -> None:
    visit = LEGS.what == VISIT
    assert TOLD.truth["place"].to_pylist() == LEGS.place[visit].tolist()
    assert len(TOLD.truth) == visit.sum()
