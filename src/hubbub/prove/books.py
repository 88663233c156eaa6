"""Whether the books of this very house are sound: its ledger, and all that was released from it."""

from typing import Final

from hubbub.crowd.gate import ReleaseUnknown, recall
from hubbub.prove.check import Case, Check, Verdict, nothing, verdict
from hubbub.record.ledger_check import verify
from hubbub.run.house import open_shelf

_RECALLED_MAX: Final = 2000


def check_books(case: Case) -> Verdict:
    """Verify the ledger from its first entry, and take the newest releases off its shelf."""
    if not case.home.ledger.exists():
        return nothing("this house has no ledger yet: nothing was released")
    report = verify(case.home.ledger)
    faults = list(report.faults)
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
    return verdict(
        faults,
        f"{report.entries} entries chained, {report.releases} releases, paid before drawn; "
        f"the newest {len(newest)} are the bytes that were released; head {report.head[:16]}",
    )


BOOKS: Final = Check(
    id="ledger",
    sentence="All that this house released was paid for first, and is what the ledger says.",
    run=check_books,
)
