"""Who read rows of one person: from the log of reads, and from where that person's rows are."""

from hubbub.deal.reads import Given, Reader, ReadOfMine, reads_of_mine
from hubbub.record.deal_store import DealStore
from hubbub.record.hours import given
from hubbub.run.home import Home
from hubbub.run.house import open_reads_shelf, open_record
from hubbub.terms.people import Subject
from hubbub.terms.purposes import Category
from hubbub.terms.time import Instant


def reads_of(home: Home, deals: DealStore, subject: Subject) -> list[ReadOfMine]:
    """Tell who read rows of `subject` that are still here, an hour each, the newest first."""
    record, closed = open_record(home, deals), deals.closed(subject)
    known = deals.registry.recipients()
    theirs: dict[Reader, list[Given]] = {}
    for category, hours in (
        (Category.LOCATION, record.hours(subject)),
        *record.use.hours(subject).items(),
    ):
        theirs |= given(hours, category, closed, recipients=known)
    oldest = min((each.hours[0] for some in theirs.values() for each in some), default=Instant(0))
    return reads_of_mine(open_reads_shelf(home).stretches(since=oldest), theirs)
