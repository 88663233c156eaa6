"""Log lines of the homeserver without anybody in them: its words, never what it put into them.

What Synapse logs names people, rooms, addresses. Its templates do not: `Failed to send %s to %s`.
"""

import logging
import re
import traceback
from typing import Final, override

_NAMES: Final = re.compile(
    r"[@!#$+][^\s:@'\"]+(:[\w.-]+(:\d+)?)?"  # people, rooms, aliases, events
    r"|\d{1,3}(\.\d{1,3}){3}"  # addresses of computers
    r"|\b[0-9a-fA-F:]*::?[0-9a-fA-F:]+:[0-9a-fA-F:]+\b"
    r"|\S*[?&=]\S*"  # queries, tokens
    r"|\S{25,}"  # whatever is longer than a word
)


class Nameless(logging.Formatter):
    """Shows where, how grave, the words, and of an error its kind and place."""

    @override
    def format(self, record: logging.LogRecord) -> str:
        """Write one line, from the template alone."""
        words = _NAMES.sub("…", str(record.msg).replace("\n", " "))
        line = f"{self.formatTime(record, '%H:%M:%S')} [{record.levelname.lower():8}] {words}"
        return f"{line} in={record.name}{_fault(record)}"


def _fault(record: logging.LogRecord) -> str:
    if not record.exc_info or record.exc_info[0] is None:
        return ""
    kind, _, trace = record.exc_info
    frames = list(traceback.walk_tb(trace))
    place = f" at={frames[-1][0].f_code.co_filename}:{frames[-1][1]}" if frames else ""
    return f" error={kind.__name__}{place}"
