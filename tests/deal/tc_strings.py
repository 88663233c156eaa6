"""Writes TC strings bit by bit, as the format says, for the tests."""

from collections.abc import Iterable

ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"


def segment(*fields: tuple[int, int]) -> str:
    """Write (value, bits) after each other, filled up with zeros."""
    bits = "".join(f"{value:0{width}b}" for value, width in fields)
    bits += "0" * (-len(bits) % 6)
    return "".join(ALPHABET[int(bits[at : at + 6], 2)] for at in range(0, len(bits), 6))


def vendors(*ranges: tuple[int, int], highest: int = 1000) -> list[tuple[int, int]]:
    """Write vendors as ranges."""
    fields = [(highest, 16), (1, 1), (len(ranges), 12)]
    for first, last in ranges:
        fields += [(0, 1), (first, 16)] if first == last else [(1, 1), (first, 16), (last, 16)]
    return fields


def core(
    *rest: tuple[int, int],
    version: int = 2,
    policy: int = 5,
    letters: int = 4,
    purposes: Iterable[int] = (2, 24),
    legitimate_interest: Iterable[int] = (3,),
    special_features: Iterable[int] = (1,),
    behind: str = "",
) -> str:
    """Write a core, by default with no vendor and no restriction."""
    head = [(version, 6), (17_950_000_000, 36), (17_950_000_005, 36), (10, 12), (3, 12), (1, 6)]
    head += [(letters, 6), (13, 6), (150, 12), (policy, 6), (1, 1), (0, 1)]
    told = [(flags(special_features, 12), 12), (flags(purposes, 24), 24)]
    told += [(flags(legitimate_interest, 24), 24), (1, 1), (8, 6), (8, 6)]
    return segment(*head, *told, *(rest or [*vendors(), *vendors(), (0, 12)])) + behind


def flags(numbers: Iterable[int], width: int) -> int:
    """Set the flags of `numbers`, the first on the left."""
    return sum(1 << width - number for number in numbers)
