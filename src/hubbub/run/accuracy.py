"""How far off each release is predicted to be: told once, and from what was released alone."""

from collections.abc import Mapping
from functools import lru_cache, partial
from typing import Any

from hubbub.crowd.declaration import Declaration
from hubbub.crowd.denoise import KeysDiffer, PredictedAccuracy, predicted
from hubbub.crowd.gate import Released, postprocess, recall
from hubbub.crowd.keys import PublicKeys
from hubbub.products.traffic.declarations import Roads
from hubbub.record.ledger_shelf import LedgerShelf


def accuracy_of(
    release: str, shelf: LedgerShelf, *, declarations: Mapping[str, Declaration[Any]], roads: Roads
) -> Released[PredictedAccuracy] | None:
    """Predict how far off `release` is. None: its promise or its map is no longer in force."""
    stored = shelf.stored(release)
    declared = None if stored is None else declarations.get(stored.product)
    if stored is None or declared is None or declared.promise().words != stored.promise:
        return None
    return _predicted(release, shelf, declared, keys=roads.keys_of(declared))


@lru_cache(maxsize=256)
def _predicted(
    release: str, shelf: LedgerShelf, declared: Declaration[Any], *, keys: PublicKeys
) -> Released[PredictedAccuracy] | None:
    try:
        return postprocess(partial(predicted, declared, keys), recall(shelf, release))
    except KeysDiffer:
        return None
