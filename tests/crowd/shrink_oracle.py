"""The four ways to tell what is true from noise once more: in plain loops, and by other means."""

from collections.abc import Iterable, Sequence

import numpy as np

type Row = list[float]
type Table = list[list[Row]]  # by counter, row and slot

ROW_MIN = 0.02


def share(t: float, s2: float) -> float:
    return t / (t + s2)


def energy(squares: float, noise: float) -> float:
    return max(squares - noise, ROW_MIN * noise)


def alike(category: Sequence[int], row: int) -> list[int]:
    """List the rows of the same category as `row`."""
    return [other for other, its in enumerate(category) if its == category[row]]


def towards_category(s2: float, category: Sequence[int], y: Table) -> Table:
    told = [[[*row] for row in counter] for counter in y]
    for counter, rows in enumerate(y):
        for row, cells in enumerate(rows):
            for slot, cell in enumerate(cells):
                group = [rows[other][slot] for other in alike(category, row)]
                mean = sum(group) / len(group)
                stray = sum((each - mean) ** 2 for each in group)
                kept = 1 - min((len(group) - 3) * s2 / stray, 1) if stray and len(group) > 3 else 1
                told[counter][row][slot] = mean + kept * (cell - mean)
    return told


def along_curve(s2: float, category: Sequence[int], y: Table) -> Table:
    curves = [curve_of(y[0], alike(category, row)) for row in range(len(y[0]))]
    expected = []
    for curve, cells in zip(curves, y[0], strict=True):
        size = sum(c * cell for c, cell in zip(curve, cells, strict=True))
        size *= share(energy(size * size, s2), s2)
        expected.append([size * c for c in curve])
    scale = [[each * each for each in row] for row in expected]
    counted = strayed(s2, category, y[0], expected, scale)
    if len(y) == 1:
        return [counted]
    valued = []
    for row, cells in enumerate(counted):
        group = alike(category, row)
        ratios = [
            summed(y[1], group, slot) / max(summed(y[0], group, slot), s2**0.5)
            for slot in range(len(cells))
        ]
        pairs = zip(ratios, cells, strict=True)
        valued.append([min(max(ratio, -1), 1) * cell for ratio, cell in pairs])
    scale = [[each * each for each in row] for row in counted]
    return [counted, strayed(s2, category, y[1], valued, scale)]


def summed(rows: Sequence[Row], group: Iterable[int], slot: int) -> float:
    return sum(rows[row][slot] for row in group)


def curve_of(rows: Sequence[Row], group: Sequence[int]) -> Row:
    sums = [summed(rows, group, slot) for slot in range(len(rows[0]))]
    length = sum(each * each for each in sums) ** 0.5
    return [each / length for each in sums]


def strayed(
    s2: float, category: Sequence[int], y: list[Row], expected: list[Row], scale: list[Row]
) -> list[Row]:
    told = []
    for row, cells in enumerate(y):
        group = alike(category, row)
        stray = sum(
            (y[other][slot] - expected[other][slot]) ** 2 - s2
            for other in group
            for slot in range(len(cells))
        )
        phi = max(stray, 0) / sum(sum(scale[other]) for other in group)
        told.append(
            [
                mean + share(phi * of, s2) * (cell - mean)
                for cell, mean, of in zip(cells, expected[row], scale[row], strict=True)
            ]
        )
    return told


def low_rank(s2: float, y: Table) -> Table:
    """Take the same from the singular values, as Gavish & Donoho write it."""
    table = np.concatenate([np.array(counter) for counter in y], axis=1)
    n, slots = table.shape
    _, singular, patterns = np.linalg.svd(table, full_matrices=False)
    kept = []
    for value, pattern in zip(singular, patterns, strict=True):
        z, beta = value / (s2 * n) ** 0.5, slots / n
        if z > 1 + beta**0.5:  # the noise's edge
            shrunk = ((z * z - beta - 1) ** 2 - 4 * beta) ** 0.5 / z
            kept.append((shrunk / z, pattern))
    told = np.zeros_like(table)
    parts = [[float(cells @ pattern) for _, pattern in kept] for cells in table]
    sizes = [energy(sum(part * part for part in row), s2 * len(kept)) for row in parts]
    for row, size in enumerate(sizes):
        for part, (best, pattern) in zip(parts[row], kept, strict=True):
            variance = s2 * best / (1 - best) * size / (sum(sizes) / n)
            told[row] += share(variance, s2) * part * pattern
    return [counter.tolist() for counter in np.split(told, len(y), axis=1)]


def by_scale(s2: float, scales: Sequence[int], y: Table) -> Table:
    slots, lengths = len(y[0][0]), [1, *scales]
    parts = [
        [
            [
                mean_around(cells, slot, short) - (mean_around(cells, slot, long) if long else 0)
                for slot in range(slots)
            ]
            for cells in rows
        ]
        for rows in y
        for short, long in zip(lengths, [*scales, 0], strict=True)
    ]
    dimensions = [
        slots // short - (slots // long if long else 0)
        for short, long in zip(lengths, [*scales, 0], strict=True)
    ]
    told = [[[0.0] * slots for _ in rows] for rows in y]
    sizes = [energy(square_of(row), s2 * dimensions[-1]) for row in parts[len(scales)]]
    mean = sum(sizes) / len(sizes)
    strengths = [
        max(
            sum(map(square_of, part)) / len(part) / dimensions[number % len(dimensions)] - s2,
            0,
        )
        for number, part in enumerate(parts)
    ]
    for number, part in enumerate(parts):
        for row, cells in enumerate(part):
            weight = share(strengths[number] * sizes[row] / mean, s2)
            for slot, cell in enumerate(cells):
                told[number // len(dimensions)][row][slot] += weight * cell
    return told


def square_of(cells: Row) -> float:
    return sum(cell * cell for cell in cells)


def mean_around(cells: Row, slot: int, length: int) -> float:
    first = slot // length * length
    return sum(cells[first : first + length]) / length
