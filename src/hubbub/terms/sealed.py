"""A promise is a type that only its gate makes: no constructor, subclass, copy or change."""

from typing import Never, Self


class Sealed:
    """The base of the promise types. The gate's module calls `_seal`; nothing else may.

    Python cannot stop malice inside a process; this stops every mistake, and makes malice visible.
    """

    __slots__ = ()

    def __new__(cls, only_its_gate_makes_these: Never) -> Self:
        """Refuse: the gate's own function is the only way."""
        del only_its_gate_makes_these
        raise TypeError(f"{cls.__name__} is made by its gate and by nothing else")

    def __setattr__(self, name: str, value: object) -> Never:
        """Refuse to change."""
        raise TypeError(f"{type(self).__name__} does not change")

    def __delattr__(self, name: str) -> Never:
        """Refuse to change."""
        raise TypeError(f"{type(self).__name__} does not change")

    def __reduce__(self) -> Never:
        """Refuse to leave the process, or to be copied."""
        raise TypeError(f"{type(self).__name__} is not copied and does not leave the process")

    def __copy__(self) -> Never:
        """Refuse to be copied."""
        self.__reduce__()

    def __deepcopy__(self, memo: object) -> Never:
        """Refuse to be copied."""
        self.__reduce__()

    def __repr__(self) -> str:
        """Name the kind and nothing else: the content may be about a person."""
        return f"<{type(self).__name__}>"


def _seal[T: Sealed](kind: type[T], **content: object) -> T:
    """Make a promise. Only the module that defines `kind` may call this (a style test checks)."""
    promise = object.__new__(kind)
    for name, value in content.items():
        object.__setattr__(promise, name, value)
    return promise
