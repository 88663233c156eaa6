"""Gate 1, the other way out: a person's own rows go to that person. Only here is an `Own` made."""

from collections.abc import Callable, Mapping
from typing import Never, final

import pyarrow as pa
import pyarrow.compute as pc
from ibis.expr import types as ir

from hubbub.terms.errors import Refused
from hubbub.terms.people import Subject
from hubbub.terms.sealed import Sealed, _seal


class NotTheirs(Refused):
    """What was asked for is about somebody else."""

    def __init__(self) -> None:
        super().__init__("a person's own rows go to that person alone")


@final
class Own[Value](Sealed):
    """Something about one person, for that person alone."""

    __slots__ = ("_subject", "_value")

    _subject: Subject
    _value: Value

    def __init_subclass__(cls) -> Never:
        """Refuse: a kind of `Own` would be a second way out."""
        raise TypeError("Own has no subclasses")

    def hand_over(self, *, to: Subject) -> Value:
        """Give the value to its person. Raises `NotTheirs` for anybody else."""
        if to != self._subject:
            raise NotTheirs
        return self._value


def own(
    rows: ir.Table, subject: Subject, *, engine: Callable[[ir.Table], pa.Table]
) -> Own[pa.Table]:
    """Read the `rows` of `subject`, whatever they may be read for, oldest first.

    What comes back is looked at once more: a row of anybody else raises `NotTheirs`.
    """
    theirs = engine(rows.filter(rows["subject"] == int(subject)).order_by("at"))
    if not pc.all(pc.equal(theirs["subject"], int(subject)), min_count=0).as_py():
        raise NotTheirs
    return _seal(Own, _subject=subject, _value=theirs)


def own_entry[Value](kept: Mapping[Subject, Value], subject: Subject) -> Own[Value | None]:
    """Take what is kept of `subject` out of what is `kept` of each person."""
    return _seal(Own, _subject=subject, _value=kept.get(subject))


def derive_own[Value, New](theirs: Own[Value], step: Callable[[Value], New]) -> Own[New]:
    """Take a pure `step` on what is a person's: the result is theirs, and nobody else's."""
    if type(theirs) is not Own:
        raise TypeError("only a person's own is derived from")
    return _seal(Own, _subject=theirs._subject, _value=step(theirs._value))  # noqa: SLF001
