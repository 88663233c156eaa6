"""What a notice lacks, and where it contradicts itself: all of it at once, field by field."""

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator

import msgspec
from msgspec import inspect

from hubbub.deal.notice import NoticeText, Region, Use, label, read_notice_text
from hubbub.deal.vocabulary import Vocabulary
from hubbub.terms.errors import Refused
from hubbub.terms.purposes import OWN, PURPOSES, RECIPIENTS_MAX, Offers


class Fault(msgspec.Struct, frozen=True):
    """One field that is not as it must be."""

    field: str
    expected: str


class NoticeRefused(Refused):
    """The notice is not whole, or contradicts itself: mend each field that is named."""

    def __init__(self, faults: Iterable[Fault]) -> None:
        self.faults = tuple(faults)
        lines = "".join(f"\n  {fault.field}: {fault.expected}" for fault in self.faults)
        super().__init__(f"nobody can agree to this notice:{lines}")


def checked(text: bytes, *, region: Region | None, vocabulary: Vocabulary) -> NoticeText:
    """Read a notice as it is written. Raises `NoticeRefused` with every fault that there is.

    It is checked against the law of its own region, if it has one, or else of `region`.
    """
    try:
        raw = msgspec.json.decode(text)
    except msgspec.DecodeError:
        raise NoticeRefused([Fault("the file", "JSON")]) from None
    if missing := [*_shape(raw, inspect.type_info(NoticeText), "")]:
        raise NoticeRefused(missing)
    notice = read_notice_text(text)
    if faults := [*_contradictions(notice, notice.region or region, vocabulary)]:
        raise NoticeRefused(faults)
    return notice


def _shape(value: object, kind: inspect.Type, path: str) -> Iterator[Fault]:
    """List what is missing, unknown or of another kind than a notice has there."""
    match kind:
        case inspect.StructType():
            yield from _fields(value, kind, path)
        case inspect.VarTupleType():
            yield from _parts(value, kind, path)
        case inspect.DictType() if isinstance(value, dict):
            for name, part in value.items():
                yield from _shape(part, kind.value_type, f"{path}.{name}")
        case inspect.UnionType():
            some = next(each for each in kind.types if not isinstance(each, inspect.NoneType))
            yield from () if value is None else _shape(value, some, path)
        case _:
            right, expected = _leaf(value, kind)
            if not right:
                yield Fault(path, expected)


def _parts(value: object, kind: inspect.VarTupleType, path: str) -> Iterator[Fault]:
    if not isinstance(value, list) or len(value) < (kind.min_length or 0):
        yield Fault(path, f"a list of {kind.min_length or 0} or more")
        return
    for number, part in enumerate(value):
        yield from _shape(part, kind.item_type, f"{path}.{label(part, number)}")


def _fields(value: object, kind: inspect.StructType, path: str) -> Iterator[Fault]:
    if not isinstance(value, dict):
        yield Fault(path or "the file", "an object")
        return
    known = {field.encode_name: field for field in kind.fields}
    for name, field in known.items():
        where = f"{path}.{name}" if path else name
        if name in value:
            yield from _shape(value[name], field.type, where)
        elif field.required:
            yield Fault(where, "to be told: it is missing")
    for name in sorted(value.keys() - known.keys()):
        yield Fault(f"{path}.{name}" if path else name, "not to be there: no notice has it")


def _leaf(value: object, kind: inspect.Type) -> tuple[bool, str]:
    """Tell whether `value` is right, and what is expected in its place."""
    match kind:
        case inspect.StrType(pattern=None):
            return isinstance(value, str) and bool(value.strip()), "words"
        case inspect.StrType(pattern=str(pattern)):
            return isinstance(value, str) and bool(re.search(pattern, value)), "a-key-like-this"
        case inspect.IntType(ge=int(least), le=int(most)):
            right = type(value) is int and least <= value <= most
            return right, f"a whole number from {least} to {most}"
        case inspect.BoolType():
            return isinstance(value, bool), "true or false"
        case inspect.EnumType() | inspect.LiteralType():
            names = kind.values if isinstance(kind, inspect.LiteralType) else tuple(kind.cls)
            return value in names, f"one of {', '.join(map(str, names))}"
    return False, "an object"


def _contradictions(
    notice: NoticeText, region: Region | None, vocabulary: Vocabulary
) -> Iterator[Fault]:
    told: dict[str, list[str]] = {
        "categories": [each.category for each in notice.categories],
        "uses": [each.purpose for each in notice.uses],
        "recipients": [each.recipient for each in notice.recipients],
    }
    for field, keys in told.items():
        yield from (Fault(f"{field}.{key}", "to be told once") for key in _twice(keys))
    if notice.condition_of_service:
        yield Fault("condition_of_service", "false: sharing is never a condition of the service")
    yield from _about_recipients(notice)
    yield from _untold(notice, told)
    known = {word.key: word.dpv for word in vocabulary.purposes}
    for use in notice.uses:
        yield from _about_use(use, region)
        where = f"uses.{use.purpose}.dpv_purpose"
        yield from _about_term(where, use.dpv_purpose, known.get(use.purpose))
    for category in notice.categories:
        where = f"categories.{category.category}.dpv"
        terms = vocabulary.category(category.category).dpv
        yield from _about_term(where, category.dpv, terms)
    used = {key for use in notice.uses for key in (*use.categories, *use.recipients)}
    for field in ("categories", "recipients"):
        idle = [key for key in told[field] if key not in used]
        yield from (Fault(f"{field}.{key}", "a use: it is told, and for none") for key in idle)


def _about_recipients(notice: NoticeText) -> Iterator[Fault]:
    if not notice.uses:
        yield Fault("uses", "at least 1")
    if len(notice.recipients) > RECIPIENTS_MAX:
        yield Fault("recipients", f"at most {RECIPIENTS_MAX}")
    for each in notice.recipients:
        if (each.kind == "own") != (each.recipient == OWN.key):
            where = f"recipients.{each.recipient}.kind"
            yield Fault(where, "`own` for the recipient `own`, and for no other")


def _untold(notice: NoticeText, told: dict[str, list[str]]) -> Iterator[Fault]:
    """List what a use speaks of and the notice does not tell."""
    spoken_of: defaultdict[str, list[str]] = defaultdict(list)
    for use in notice.uses:
        for field, keys in (("categories", use.categories), ("recipients", use.recipients)):
            for key in {*keys} - {*told[field]}:
                spoken_of[f"{field}.{key}"].append(use.purpose)
    for field, purposes in spoken_of.items():
        yield Fault(field, f"to be told: for {', '.join(purposes)}")


def _about_use(use: Use, region: Region | None) -> Iterator[Fault]:
    where = f"uses.{use.purpose}"
    if use.purpose not in PURPOSES:
        yield Fault(f"{where}.purpose", f"one of {', '.join(PURPOSES)}")
    for field, keys in (("categories", use.categories), ("recipients", use.recipients)):
        yield from (Fault(f"{where}.{field}", f"{key} once") for key in _twice(keys))
    if region is not None and use.legal_basis not in region.legal_bases:
        yield Fault(
            f"region.legal_bases.{use.legal_basis}", f"to be told: {use.purpose} rests on it"
        )
    if use.purpose == Offers.key and use.fit_for_minors:
        yield Fault(f"{where}.fit_for_minors", "false: ads by profile are not for minors")


def _about_term(where: str, term: str, right: tuple[str, ...] | None) -> Iterator[Fault]:
    if right is not None and term not in right:
        yield Fault(where, f"one of {', '.join(right)}")


def _twice(keys: Iterable[str]) -> list[str]:
    return [key for key, times in Counter(keys).items() if times > 1]
