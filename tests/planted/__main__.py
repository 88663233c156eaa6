"""Plant every bug, each in a copy of the source of its own: exit 1 if one is not caught."""

import os
import sys
from concurrent.futures import ThreadPoolExecutor, as_completed

from planted.bugs import BUGS
from planted.hunt import hunt, is_quiet


def main(names: list[str]) -> int:
    """Hunt all bugs, or those whose names have one of these words in it."""
    bugs = [bug for bug in BUGS if not names or any(name in bug.name for name in names)]
    quiet = is_quiet(bugs)
    if quiet.end != "survived":
        say(f"without any bug: {quiet.why}")
        return 1
    say("without any bug, all of their tests pass and all of their checks hold\n")
    caught = 0
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        hunts = {pool.submit(hunt, bug): bug for bug in bugs}
        for hunted in as_completed(hunts):
            bug, verdict = hunts[hunted], hunted.result()
            caught += verdict.end == "killed"
            say(f"{verdict.end:9} {bug.name}\n{'':9} {verdict.why}")
    say(f"\n{caught} of {len(bugs)} planted bugs were caught")
    return 0 if caught == len(bugs) else 1


def say(line: str) -> None:
    """Tell it at once."""
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
