"""Whether the books of this very house are sound: its ledger, its releases, its log of reads."""

from typing import Final

from hubbub.crowd.gate import ReleaseUnknown, recall
from hubbub.prove.check import Case, Check, Verdict, nothing, verdict
from hubbub.run.house import open_shelf
from hubbub.run.verify import verify_books

_RECALLED_MAX: Final = 2000


def check_books(case: Case) -> Verdict:
    """Verify ledger and log of reads, and take the newest releases off the ledger's shelf."""
    found = verify_books(case.home)
    if found.ledger is None:
        return nothing("this house has no ledger yet: nothing was released")
    faults = list(found.faults)
    shelf = open_shelf(case.home)
    newest = shelf.newest(_RECALLED_MAX)
    for stored in newest:
        try:
            known = all(map(shelf.known, recall(shelf, stored.release).sources))
        except ReleaseUnknown as unknown:
            faults.append(str(unknown))
        else:
            faults += [] if known else [f"release {stored.release} is not in the ledger"]
    shelf.close()
    reads = 0 if found.reads is None else found.reads.entries
    return verdict(
        faults,
        f"{found.ledger.entries} entries chained, {found.ledger.releases} releases, paid before "
        f"drawn; the newest {len(newest)} are the bytes that were released; head "
        f"{found.ledger.head[:16]}; {reads} entries of reads chained",
    )


BOOKS: Final = Check(
    id="ledger",
    sentence="All that this house released was paid for first, and its books are as written.",
    run=check_books,
)
