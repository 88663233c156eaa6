"""Forgeries at run time: what no gate made does not leave the house, whoever asks for it.

Each is tried as somebody would who means it. Python cannot keep malice from making a look-alike;
the outlet's last look, which asks the ledger, keeps it from leaving.
"""

import copy
import pickle  # noqa: TID251 - tried on what must refuse it
from collections.abc import Callable, Mapping
from hashlib import sha256
from types import MappingProxyType, SimpleNamespace
from typing import Any, Final, cast

import msgspec
import pyarrow as pa
from prometheus_client import CollectorRegistry

from hubbub.crowd.book import Stored
from hubbub.crowd.days import DaySums
from hubbub.crowd.gate import Payment, Released, postprocess, recall
from hubbub.deal.gate import Permitted
from hubbub.deal.own import Own
from hubbub.outlet.leaving import REFUSED, LastLook, Withheld
from hubbub.prove.check import Case, Check, Verdict, verdict
from hubbub.terms.time import Instant

PROMISES: Final[tuple[Any, ...]] = (DaySums, Own, Payment, Permitted, Released)

FORBIDDEN: Final = (TypeError, AttributeError, msgspec.ValidationError)
"""How a promise refuses."""


class OneRelease:
    """A shelf with one release on it, under any name."""

    def __init__(self) -> None:
        sink = pa.BufferOutputStream()
        table = pa.table({"key": [1, 2], "up": [5000, -3], "down": [4000, 12]})
        with pa.ipc.new_stream(sink, table.schema) as writer:
            writer.write_table(table)
        self.output = bytes(sink.getvalue())
        self.digest = sha256(self.output).hexdigest()

    def stored(self, release: str) -> Stored | None:
        """Give the one release."""
        return Stored(
            release=release,
            product="traffic.live",
            block="one",
            promise="one passage is hidden",
            digest=self.digest,
            output=self.output,
            released_at=Instant(0),
            seq=1,
        )

    def is_released(self, digest: str) -> bool:
        """Know the digest of the one release."""
        return digest == self.digest


SHELF: Final = OneRelease()


class LookAlike:
    """Has what a released value has, and says that it is one."""

    value = 31
    sources = frozenset({SHELF.digest})
    promises: frozenset[str] = frozenset()
    __class__ = Released  # type: ignore[assignment]


def forged(value: object, sources: frozenset[str]) -> Released[object]:
    """Forge by malice: around the constructor, which Python cannot stop."""
    lie = object.__new__(Released)
    for name, content in (("_value", value), ("_sources", sources), ("_promises", frozenset())):
        object.__setattr__(lie, name, content)
    return lie


MAKING: Final[Mapping[str, Callable[[Any], object]]] = MappingProxyType(
    {
        "make": lambda kind: kind(),
        "make of a value": lambda kind: kind({"road": 31}),
        "make a subclass": lambda kind: type("Forged", (kind,), {}),
        "decode": lambda kind: msgspec.convert({"value": 1}, kind),
    }
)
"""Ways to make a promise without its gate."""

CHANGING: Final[Mapping[str, Callable[[Any], object]]] = MappingProxyType(
    {
        "assign": lambda released: setattr(released, "_value", {"road": 31}),
        "add": lambda released: setattr(released, "more", 1),
        "delete": lambda released: delattr(released, "_sources"),
        "copy": copy.copy,
        "deep copy": copy.deepcopy,
        "pickle": pickle.dumps,
        "encode": msgspec.json.encode,
    }
)
"""Ways to change what a gate made, or to take it elsewhere."""

FORGERIES: Final[Mapping[str, Callable[[], object]]] = MappingProxyType(
    {
        "a raw value": lambda: {"road": 31},
        "a raw table": lambda: pa.table({"road": [31]}),
        "a look-alike": LookAlike,
        "a namespace": lambda: SimpleNamespace(value=31, sources=frozenset({SHELF.digest})),
        "the class itself": lambda: Released,
        "bytes of no release": lambda: forged({"road": 31}, frozenset({"0" * 64})),
        "bytes of nothing": lambda: forged({"road": 31}, frozenset()),
        "bytes partly of no release": lambda: forged(31, frozenset({SHELF.digest, "0" * 64})),
    }
)
"""What is handed to the outlet and must not leave."""


def new_last_look(metrics: CollectorRegistry) -> LastLook:
    """Make a last look that knows the one release."""
    return LastLook(cast("Any", SHELF), metrics=metrics)


def check_forging(case: Case) -> Verdict:
    """Try every forgery; then see that what is genuine leaves all the same."""
    del case
    faults = [
        f"{kind.__name__}: {way} works"
        for kind in PROMISES
        for way, attack in MAKING.items()
        if not _is_refused(attack, kind)
    ]
    genuine = recall(SHELF, "one")
    faults += [
        f"{way} works" for way, attack in CHANGING.items() if not _is_refused(attack, genuine)
    ]
    metrics = CollectorRegistry()
    look: Any = new_last_look(metrics)
    faults += [
        f"{what} leaves" for what, make in FORGERIES.items() if not _is_withheld(look, make())
    ]
    if metrics.get_sample_value(f"{REFUSED}_total") != len(FORGERIES):
        faults.append("what is withheld is not counted")
    doubled = postprocess(lambda table: table["up"].to_pylist()[0] * 2, recall(SHELF, "one"))
    if _is_withheld(look, genuine) or look.take_out(doubled) != 10_000:
        faults.append("what a gate released does not leave")
    tried = len(PROMISES) * len(MAKING) + len(CHANGING) + len(FORGERIES)
    return verdict(faults, f"{tried} forgeries refused, and what is genuine left the house")


def _is_refused(attack: Callable[[Any], object], promise: object) -> bool:
    try:
        attack(promise)
    except FORBIDDEN:
        return True
    return False


def _is_withheld(look: LastLook, value: object) -> bool:
    try:
        look.take_out(cast("Any", value))
    except Withheld:
        return True
    return False


FORGING: Final = Check(
    id="forging",
    sentence="What no gate made does not leave; what a gate made is not copied or changed.",
    run=check_forging,
)
