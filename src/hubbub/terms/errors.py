"""Errors that somebody can act on. Each names its rule and field, never a person's value."""


class HubbubError(Exception):
    """Something the reader of the message can act on. The command ends with code 1."""


class BadInput(HubbubError):
    """What was given cannot be used. The command ends with code 2."""


class Refused(HubbubError):
    """A gate said no. The command ends with code 3."""
