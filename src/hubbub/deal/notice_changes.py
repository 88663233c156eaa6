"""What changed between two notices: field by field, as a person is told who agreed to the first."""

from collections.abc import Iterator
from typing import Any, Literal

import msgspec

from hubbub.deal.notice import label


class Change(msgspec.Struct, frozen=True, kw_only=True):
    """One field that is not what it was."""

    kind: Literal["added", "removed", "changed"]
    field: str  # such as `uses.public.traffic.words`
    before: str
    after: str


class Changes(msgspec.Struct, frozen=True, kw_only=True):
    """All that is not what it was when somebody agreed."""

    agreed_version: int
    version: int
    changes: tuple[Change, ...]


def changes(before: bytes, after: bytes) -> tuple[Change, ...]:
    """Compare two notices as they were published, also of an older hubbub's making."""
    old, new = _fields(before), _fields(after)
    found = []
    for field in [*old, *(field for field in new if field not in old)]:
        was, now = old.get(field, ""), new.get(field, "")
        if was != now:
            kind: Literal["added", "removed", "changed"] = "changed"
            if field not in old:
                kind = "added"
            elif field not in new:
                kind = "removed"
            found.append(Change(kind=kind, field=field, before=was, after=now))
    return tuple(found)


def _fields(document: bytes) -> dict[str, str]:
    notice: dict[str, Any] = msgspec.json.decode(document)
    del notice["version"]  # it always differs, and says nothing
    return dict(_leaves(notice, ""))


def _leaves(value: object, path: str) -> Iterator[tuple[str, str]]:
    """List every field with what it says; a list of words is one field."""
    match value:
        case dict():
            for name, inner in value.items():
                yield from _leaves(inner, f"{path}.{name}" if path else name)
        case [dict(), *_]:
            for number, part in enumerate(value):
                yield from _leaves(part, f"{path}.{label(part, number)}")
        case list():
            yield path, ", ".join(str(each) for each in value)
        case None:
            return
        case bool():
            yield path, "yes" if value else "no"
        case _:
            yield path, str(value)
