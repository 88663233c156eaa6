"""Measures how old what the map shows is: from a drive over a road to its being published.

    python -m bench.delay FOLDER

A recorded morning's phones are followed as the keeper does. The delay is in the house's own time:
the road's window has to end, phones have to send, and the trip has to go on for 200 m beyond.
"""

import argparse
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import numpy as np
import polars as pl

from hubbub.products.traffic.declarations import LIVE_PASSAGE, windows_of
from hubbub.products.traffic.matching import Fix, Leg, Matcher
from hubbub.products.traffic.trips import Phone
from hubbub.record.roads.city import City, build_city
from hubbub.run.traffic import GATHERED_US, TICK_US
from hubbub.terms.roads import SegmentNumber
from hubbub.terms.time import SECOND, Instant

_BEGIN: Final = 1_795_000_000 * SECOND
_EVERY_S: Final = 15


class Noting:
    """A matcher that remembers when a phone left each road."""

    def __init__(self, matcher: Matcher) -> None:
        self._matcher = matcher
        self.left: dict[SegmentNumber, Instant] = {}

    def match(self, fixes: Sequence[Fix]) -> list[Leg]:
        """Match, and note."""
        legs = self._matcher.match(fixes)
        for leg in legs:
            self.left.update({stretch.segment: leg.until for stretch in leg.stretches})
        return legs


def published_at(at: Instant, segment: SegmentNumber) -> int:
    """Tell when the window that a pass of `at` is counted in is published."""
    windows = windows_of(LIVE_PASSAGE)
    group = segment % windows.groups
    length_us = windows.length_s * SECOND
    window = (at - group * windows.phase_s * SECOND) // length_us
    return -(-(windows.end(window, group) + GATHERED_US) // TICK_US) * TICK_US


def delays_s(city: City, pings: Path) -> tuple[list[float], list[float]]:
    """Give the delays of all passes in seconds: until confirmed, and until published."""
    confirmed: list[float] = []
    published: list[float] = []
    frame = pl.read_parquet(pings).sort("device", "t")
    matcher = city.matcher()
    for (_,), rows in frame.group_by(["device"], maintain_order=True):
        phone, noting = Phone(), Noting(matcher)
        told_s = 0
        for t, lat, lon, speed in rows.select("t", "lat", "lon", "speed").iter_rows():
            at = Instant(_BEGIN + t * SECOND)
            phone.hear(Fix(at, round(lat * 1e6), round(lon * 1e6), round(speed * 100)))
            if t - told_s < _EVERY_S:
                continue
            told_s = t
            for found in phone.advance(noting, at):
                middle = noting.left[found.segment] - found.time_s * SECOND / 2
                confirmed.append((found.at - middle) / SECOND)
                published.append((published_at(found.at, found.segment) - middle) / SECOND)
    return confirmed, published


def main() -> None:
    """Print the median and the 95th percentile of a folder's second morning."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    folder = parser.parse_args().folder
    (extract,) = folder.glob("*.osm.pbf")
    with tempfile.TemporaryDirectory() as scratch:
        city = build_city(
            extract, Path(scratch) / "city", name=folder.name, progress=lambda _what, _done: None
        )
        found = delays_s(city, folder / "day2_incident" / "pings.parquet")
    for what, delays in zip(("confirmed", "published"), found, strict=True):
        median, late = np.percentile(delays, [50, 95])
        print(f"driven to {what}: median {median:.0f} s, p95 {late:.0f} s ({len(delays)} passes)")


if __name__ == "__main__":
    main()
