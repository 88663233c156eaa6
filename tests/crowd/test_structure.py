"""A table's public structure: which keys are a row, which rows are alike."""

import numpy as np
import pyarrow as pa
import pytest

from hubbub.crowd.structure import AS_DRAWN, Denoiser, layout

KEYS = pa.table(
    {
        "key": range(12),
        "road": [7, 7, 7, 7, 2, 2, 2, 2, 5, 5, 5, 5],
        "slot": [3, 1, 0, 2, 0, 1, 2, 3, 0, 2, 1, 3],
        "town": [1, 1, 1, 1, 1, 1, 1, 1, 4, 4, 4, 4],
        "kind": [9, 9, 9, 9, 8, 8, 8, 8, 9, 9, 9, 9],
    }
)


def test_keys_are_laid_out_by_row_and_slot_whatever_their_order() -> None:
    known = layout(Denoiser(matrix=("road", "slot"), categories=("kind",), scales=(2,)), KEYS)
    assert known.keys.tolist() == [[4, 5, 6, 7], [8, 10, 9, 11], [2, 1, 3, 0]]
    assert known.category.tolist() == [0, 1, 1]
    assert known.scales == (2,)


def test_rows_are_alike_in_all_categories_or_in_none() -> None:
    known = layout(Denoiser(matrix=("road", "slot"), categories=("town", "kind")), KEYS)
    assert known.category.tolist() == [0, 2, 1]
    assert layout(Denoiser(matrix=("road", "slot")), KEYS).category.tolist() == [0, 0, 0]


def test_rows_that_differ_in_any_category_are_not_alike() -> None:
    keys = pa.table({"key": range(6), "town": [1, 1, 2, 2, 3, 3], "kind": [8, 9] * 3})
    assert layout(Denoiser(categories=("town", "kind")), keys).category.tolist() == [*range(6)]


def test_without_a_matrix_every_key_is_a_row() -> None:
    known = layout(Denoiser(categories=("slot",)), KEYS)
    assert known.keys.tolist() == [[n] for n in range(12)]
    assert known.category.tolist() == KEYS["slot"].to_pylist()
    assert layout(AS_DRAWN, KEYS).keys.tolist() == [[n] for n in range(12)]


def test_what_is_spread_is_gathered_where_it_was() -> None:
    known = layout(Denoiser(matrix=("road", "slot")), KEYS)
    cells = np.arange(24.0).reshape(2, 12)
    assert known.spread(cells)[1, 2].tolist() == [14, 13, 15, 12]
    assert known.gather(known.spread(cells)).tolist() == cells.tolist()


def test_what_nothing_tells_apart_is_alike_and_counted_in_whole_numbers() -> None:
    known = layout(AS_DRAWN, KEYS)
    assert known.category.tolist() == [0] * 12
    assert known.category.dtype == known.keys.dtype == np.int64


SLOTS_APART = pa.table({"road": [2, 2, 5, 5], "slot": [0, 1, 2, 3]})
ONCE = "every row has every slot once"


@pytest.mark.parametrize(
    ("denoiser", "keys", "why"),
    [
        (Denoiser(matrix=("road", "slot")), KEYS.slice(1), "cannot reshape"),
        (Denoiser(matrix=("road", "kind")), KEYS, ONCE),
        (Denoiser(matrix=("road", "slot")), pa.concat_tables([KEYS, KEYS]), ONCE),
        (Denoiser(matrix=("road", "slot")), SLOTS_APART, ONCE),
        (
            Denoiser(matrix=("road", "slot"), categories=("slot",)),
            KEYS,
            "a row is of one category",
        ),
        (Denoiser(matrix=("road", "slot"), scales=(3,)), KEYS, "stretches fill all slots"),
    ],
)
def test_a_structure_that_is_none_is_refused(denoiser: Denoiser, keys: pa.Table, why: str) -> None:
    with pytest.raises((AssertionError, ValueError), match=rf"^{why}"):
        layout(denoiser, keys)
