"""The bounds of gate 2 once more, in plain Python and by other means: what the SQL must equal."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from math import isqrt

from crowd.morning import ROADS, ZONE, Pass
from hubbub.crowd.blocks import Block, Windows, day_number
from hubbub.crowd.bounds import DayPlan, OneNorm, TwoNorm, Unit
from hubbub.crowd.declaration import Declaration
from hubbub.crowd.laws import G
from hubbub.crowd.measure import Count, Events, Histogram, Measure, Presence, TwoCounters
from hubbub.terms.purposes import LiveTraffic
from hubbub.terms.time import Instant

type Place = tuple[int, ...]
type Counters = dict[Place, tuple[int, ...]]


@dataclass(frozen=True, kw_only=True)
class Cell:
    """All passes of one person over one road, in one bin, in one window of one day."""

    subject: int
    day: int
    window: int
    key: int
    bin: int
    rows: int
    mean: int


def cells_of(
    passes: Iterable[Pass], declaration: Declaration[LiveTraffic], days: set[int]
) -> list[Cell]:
    """Merge the passes that count; events stay apart."""
    values: defaultdict[tuple[int, int, int, int, int], list[int]] = defaultdict(list)
    roads = set(ROADS.table["key"].to_pylist())
    for subject, at, segment, value in passes:
        if (
            None in (subject, at, segment)
            or subject < 0
            or not 0 <= at < 10**17
            or segment not in roads
        ):
            continue
        day = day_number(Instant(at), ZONE)
        binned = bin_asked(value, declaration.measure)
        if day in days and binned is not None:
            window = window_of(at, segment, declaration)
            values[subject, day, window, segment, binned].append((value or 0) + G)
    return [
        Cell(
            subject=subject,
            day=day,
            window=window,
            key=key,
            bin=binned,
            rows=min(len(several), rows_max(declaration.measure)),
            mean=nearest(sum(several), len(several)),
        )
        for (subject, day, window, key, binned), all_of_it in values.items()
        for several in (
            [[one] for one in all_of_it] if isinstance(declaration.measure, Events) else [all_of_it]
        )
    ]


def bin_asked(value: int | None, measure: Measure) -> int | None:
    """Tell in which bin a pass counts; None: it does not count."""
    match measure:
        case Presence() | Events() | Count():
            return 0
        case TwoCounters():
            return 0 if value is not None and -G <= value <= G else None
        case Histogram(edges=edges):
            if value is None or not -G // 2 <= value < G // 2:
                return None
            return sum(edge <= value for edge in edges)


def rows_max(measure: Measure) -> int:
    """Tell how many passes of one person count in one cell."""
    match measure:
        case Presence() | Events():
            return 1
        case Count(rows_per_key_max=most):
            return most
        case TwoCounters() | Histogram():
            return 1024


def window_of(at: int, segment: int, declaration: Declaration[LiveTraffic]) -> int:
    """Count windows from 1970, each group of roads a phase later."""
    blocks = declaration.blocks
    if not isinstance(blocks, Windows):
        return 0
    return (at // 1_000_000 - segment % blocks.groups * (300 // blocks.groups)) // 300


def nearest(above: int, below: int) -> int:
    """Divide to the nearest whole, halves upwards."""
    return (2 * above + below) // (2 * below)


def weights_of(
    cells: list[Cell], declaration: Declaration[LiveTraffic]
) -> Iterator[tuple[Cell, int]]:
    """Weigh each cell within its unit."""
    unit_of: Callable[[Cell], tuple[int, ...]] = (
        (lambda cell: (cell.subject, cell.day))
        if declaration.unit is Unit.PERSON_DAY
        else (lambda cell: (cell.subject, cell.key, cell.window))
    )
    units: defaultdict[tuple[int, ...], list[Cell]] = defaultdict(list)
    for cell in cells:
        units[unit_of(cell)].append(cell)
    for together in units.values():
        match declaration.bound:
            case OneNorm(whole_max=most):
                whole = sum(cell.rows for cell in together)
                yield from ((c, min(c.rows * G, c.rows * G * most // whole)) for c in together)
            case TwoNorm(whole_max=most):
                squares = sum(cell.rows**2 for cell in together)
                root = isqrt(squares * 1024**2 - 1) + 1 + 1  # the ceiling, and one
                whole = G * 1024 * most
                yield from ((c, min(c.rows * G, c.rows * whole // root)) for c in together)
            case DayPlan() as plan:
                yield from ((cell, plan.weight) for cell in planned(together, declaration))


def planned(together: list[Cell], declaration: Declaration[LiveTraffic]) -> Iterator[Cell]:
    """Take the first windows in which somebody has a turn, and a few cells in each."""
    plan, groups = declaration.bound, declaration.blocks.groups
    assert isinstance(plan, DayPlan)
    bins = len(declaration.measure.edges) + 1 if isinstance(declaration.measure, Histogram) else 1
    told = [c for c in together if (c.subject + c.window) % groups == c.key % groups]
    for window in sorted({cell.window for cell in told})[: plan.windows_max]:
        ordered = sorted(
            (cell for cell in told if cell.window == window),
            key=lambda c: (in_her_order(c.subject, c.key * bins + c.bin), c.key * bins + c.bin),
        )
        yield from ordered[: plan.keys_max]


def in_her_order(subject: int, place: int) -> int:
    """Give a cell its place in a person's own order."""
    prime = 2**31 - 1
    return (place % prime + 1) * ((subject % prime + 1) * 48271**2 % prime) % prime


def sums_of(
    passes: Iterable[Pass], block: Block, declaration: Declaration[LiveTraffic]
) -> Counters:
    """Sum the counters of one block."""
    sums: defaultdict[Place, list[int]] = defaultdict(lambda: [0, 0])
    cells = cells_of(passes, declaration, set(block.days))
    binned = isinstance(declaration.measure, Histogram)
    for cell, weight in weights_of(cells, declaration):
        if cell.window == block.window and cell.key % declaration.blocks.groups == block.group:
            place = (cell.key, cell.bin) if binned else (cell.key,)
            up = nearest(weight * cell.mean, 2 * G)
            sums[place] = [sums[place][0] + up, sums[place][1] + weight - up]
    if isinstance(declaration.measure, TwoCounters):
        return {place: (up, down) for place, (up, down) in sums.items()}
    return {place: (up + down,) for place, (up, down) in sums.items()}
