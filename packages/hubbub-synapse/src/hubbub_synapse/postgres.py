# SPDX-License-Identifier: AGPL-3.0-or-later
"""Writes the SQL that makes a role for PostgreSQL which can count, and cannot read a message.

python -m hubbub_synapse.postgres ROLE SYNAPSES_ROLE | psql DATABASE
"""

import re
import sys
from collections.abc import Iterator

from hubbub_synapse.statements import CURSOR, MAKE_TABLES, OUTBOX, READS


def role_of(role: str, *, synapse: str) -> Iterator[str]:
    """Write the statements: of Synapse's tables the role reads the columns of `READS` only."""
    for name in (role, synapse):
        if not re.fullmatch(r"[a-z_][a-z0-9_]{0,62}", name):
            raise ValueError("a role has a plain name: small letters, digits and _")
    yield f"CREATE ROLE {role} NOLOGIN"
    yield f"GRANT {role} TO {synapse}"
    yield from (" ".join(statement.split()) for statement in MAKE_TABLES)
    for table, columns in READS.items():
        yield f"GRANT SELECT ({', '.join(sorted(columns))}) ON {table} TO {role}"
    for table in (OUTBOX, CURSOR):
        yield f"ALTER TABLE {table} OWNER TO {synapse}"
        yield f"GRANT SELECT, INSERT, UPDATE, DELETE ON {table} TO {role}"


def main() -> None:
    """Write them for the two roles given: ROLE SYNAPSES_ROLE."""
    role, synapse = sys.argv[1:]
    for statement in role_of(role, synapse=synapse):
        sys.stdout.write(f"{statement};\n")


if __name__ == "__main__":
    main()
