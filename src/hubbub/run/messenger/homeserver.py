"""The homeserver itself, as a child process: the one module of hubbub's that knows Synapse."""

import os
import sys

from synapse.app import homeserver

from hubbub.run.children import end_with_parent


def main() -> None:
    """Run Synapse with the configuration given, until a signal or the parent's end: CONFIG."""
    end_with_parent()
    os.umask(0o077)  # what it writes is its operator's alone
    (config,) = sys.argv[1:]
    sys.argv[1:] = ["--config-path", config]
    homeserver.main()


if __name__ == "__main__":
    main()
