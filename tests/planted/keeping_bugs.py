"""The planted bugs of who looks after the deal: the sweep, and the auditor that checks gate 1."""

from typing import Final

from planted.hunt import Bug, Edit

SWEEP = "run/test_sweep.py::"
AUDIT = "run/test_audit.py::"
HISTORY = "deal/test_history.py::"

KEEPING_BUGS: Final = (
    Bug(
        name="a sweep that takes what something is left for",
        harm="She took one purpose back of two, and what she gives for the other is deleted.",
        edits=(
            Edit(
                file="record/uncovered.py",
                old="pa.array((may & ~shut) == 0)",
                new="pa.array((may & shut) != 0)",
            ),
        ),
        killers=(SWEEP + "test_what_may_still_be_read_is_read_as_before_for_every_purpose",),
    ),
    Bug(
        name="a sweep that looks at the stamps alone",
        harm="She took everything back, and her rows lie there for years.",
        edits=(
            Edit(
                file="record/uncovered.py",
                old="pa.array((may & ~shut) == 0)",
                new="pa.array((may & ~(shut * 0)) == 0)",
            ),
        ),
        killers=(SWEEP + "test_rows_without_a_live_purpose_are_deleted_from_every_file",),
    ),
    Bug(
        name="a sweep that comes once a month",
        harm="She took everything back on the second, and it is there until the first.",
        edits=(
            Edit(
                file="run/sweep.py",
                old="EVERY_US: Final = 12 * 3600 * SECOND",
                new="EVERY_US: Final = 720 * 3600 * SECOND",
            ),
        ),
        killers=(SWEEP + "test_the_keeper_sweeps_within_a_day_of_a_withdrawal",),
    ),
    Bug(
        name="a sweep that forgets what rows were made into",
        harm="Her pings are gone, and where she drove lies beside them as passes.",
        edits=(
            Edit(
                file="run/sweep.py",
                old="passes, visits = self._record.sweep_derived(self._doomed)",
                new="passes, visits = 0, 0",
            ),
        ),
        killers=(
            SWEEP + "test_passes_without_a_live_purpose_go_too",
            SWEEP + "test_visits_without_a_live_purpose_go_too",
        ),
    ),
    Bug(
        name="an auditor that believes the stamp",
        harm="Her rows are read though she took them back, and the audit finds all in order.",
        edits=(
            Edit(
                file="run/audit.py",
                old="if told == is_read:",
                new="if told == is_read or is_stamped:",
            ),
        ),
        killers=(AUDIT + "test_a_planted_disagreement_is_found",),
    ),
    Bug(
        name="an auditor that takes what is read for narrowed",
        harm="A row is read that no yes of hers covers, and it counts as if a signal had said no.",
        edits=(
            Edit(
                file="run/audit.py",
                old='return "narrowed" if told and not is_stamped else "disagreements"',
                new='return "narrowed" if told or is_stamped else "disagreements"',
            ),
        ),
        killers=(AUDIT + "test_a_planted_disagreement_is_found",),
    ),
    Bug(
        name="an auditor that does not see rows of nobody",
        harm="Rows of somebody who has no deal at all rest here, and nobody is told.",
        edits=(
            Edit(
                file="run/audit.py",
                old="nobodys=told_by.count(None)",
                new="nobodys=0 * told_by.count(None)",
            ),
        ),
        killers=(AUDIT + "test_a_row_of_nobody_is_found",),
    ),
    Bug(
        name="an alarm that nobody hears",
        harm="The audit finds that she is read without her yes, and the operator sees green.",
        edits=(
            Edit(
                file="run/keeper.py",
                old="yield self._auditor.trouble",
                new="yield self._auditor.trouble[:0]",
            ),
        ),
        killers=(AUDIT + "test_what_an_audit_found_stands_where_the_operator_looks",),
    ),
)
