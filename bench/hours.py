"""Measures how many of a city's opening hours can be read, and how fast they are asked about.

python -m bench.hours EXTRACT.osm.pbf [...]
"""

import argparse
from datetime import datetime, timedelta
from pathlib import Path
from time import process_time
from typing import Final
from zoneinfo import ZoneInfo

import osmium
import tzfpy
from opening_hours import validate
from osmium.osm import OSMObject

from hubbub.products.places.hours import Readable, Site, read_hours, site_of, status, week
from hubbub.record.roads.places import read_places
from hubbub.terms.time import instant

_NOON: Final = datetime(2026, 11, 25, 12)  # noqa: DTZ001 - on the clocks of each city


def main() -> None:
    """Measure each extract that is named."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("extracts", nargs="+", type=Path)
    for extract in parser.parse_args().extracts:
        _measure(extract)


def _measure(extract: Path) -> None:
    places = read_places(extract)
    first = places[0]
    zone = ZoneInfo(tzfpy.get_tz(first.lon_e6 / 1e6, first.lat_e6 / 1e6) or "UTC")
    site = site_of(first, zone)
    read_hours("24/7", site)  # the library opens its map of countries
    told = [tag for it in osmium.FileProcessor(str(extract)) if (tag := _told(it))]
    as_they_are = sum(validate(each) for each in told)
    begun = process_time()
    hours = [read for each in told if isinstance(read := read_hours(each, site), Readable)]
    reading_s = process_time() - begun
    print(f"{extract.name}: {len(places)} places, {_share(as_they_are, told)} as they are")
    print(f"  read: {_share(len(hours), told)}")
    print("  unread:", *(each for each in told if not _is_read(each, site)), sep="\n    ")
    begun, noon = process_time(), _NOON.replace(tzinfo=zone)
    for number, each in enumerate(hours):
        status(each, instant(noon + timedelta(minutes=number)))
    asking_s, begun = process_time() - begun, process_time()
    for each in hours:
        week(each, noon.date())
    weeks_s = process_time() - begun
    rates = (len(hours) / took_s for took_s in (reading_s, asking_s, weeks_s))
    print("  a second: {:.0f} read, {:.0f} asked about, {:.0f} weeks".format(*rates))


def _told(found: object) -> str:
    return str(found.tags.get("opening_hours", "")) if isinstance(found, OSMObject) else ""


def _is_read(told: str, site: Site) -> bool:
    return isinstance(read_hours(told, site), Readable)


def _share(some: int, all_of: list[str]) -> str:
    return f"{some} of {len(all_of)} ({some / len(all_of):.2%})"


if __name__ == "__main__":
    main()
