"""What an operator's Prometheus reads: counts and ages, and nobody in them."""

from collections.abc import Iterator

from prometheus_client import CollectorRegistry
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

from hubbub.intake.door import Door
from hubbub.record.journal import Journal
from hubbub.run.home import Home
from hubbub.run.status import Audited, KeeperStatus, Swept, read_note
from hubbub.terms.time import SECOND


class HouseMetrics(Collector):
    """Collects, when asked, what the door, the journal and the keeper count anyway."""

    def __init__(self, door: Door, journal: Journal, *, notes: Home) -> None:
        """Collect from the door, the journal, and the notes that the keeper leaves in the home."""
        self._door, self._journal, self._notes = door, journal, notes

    def collect(self) -> Iterator[Metric]:
        """Give every metric as it is now."""
        answers = CounterMetricFamily(
            "hubbub_intake_answers", "Answers of the door, by status.", labels=["status"]
        )
        for status, count in self._door.answers.items():
            answers.add_metric([str(status)], count)
        yield answers
        admission = self._door.admission
        rows = CounterMetricFamily(
            "hubbub_intake_rows", "Rows at the door, by what became of them.", labels=["result"]
        )
        rows.add_metric(["accepted"], admission.accepted)
        rows.add_metric(["duplicate"], admission.duplicates)
        for reason, count in admission.refusals.totals.items():
            rows.add_metric([reason], count)
        yield rows
        yield GaugeMetricFamily(
            "hubbub_journal_age_seconds",
            "How long the oldest row has waited for the store.",
            value=self._journal.backlog_age_s(),
        )
        if (keeper := read_note(self._notes.keeper_status, KeeperStatus)) is not None:
            yield from _of_keeper(keeper)
        if (swept := read_note(self._notes.swept, Swept)) is not None:
            yield from _of_sweep(swept)
        if (audited := read_note(self._notes.audited, Audited)) is not None:
            yield from _of_audit(audited)


def _of_keeper(keeper: KeeperStatus) -> Iterator[Metric]:
    for name, meaning, count in (
        ("rows", "Rows committed to the store.", keeper.rows),
        ("late", "Rows that came when their day was closed.", keeper.late),
        ("passes", "Passes of phones along road segments.", keeper.passes),
        ("releases", "Releases made.", keeper.releases),
    ):
        yield CounterMetricFamily(f"hubbub_keeper_{name}", meaning, value=count)
    for name, meaning, value in (
        ("phones", "Phones that are being followed.", keeper.phones),
        ("commit_seconds", "How long the last commit took.", keeper.commit_s),
        ("tick_seconds", "How long the last tick of traffic took.", keeper.tick_s),
    ):
        yield GaugeMetricFamily(f"hubbub_keeper_{name}", meaning, value=value)


def _of_sweep(swept: Swept) -> Iterator[Metric]:
    for name, meaning, value in (
        (
            "timestamp_seconds",
            "When the last sweep began, by the house's clock.",
            swept.at / SECOND,
        ),
        ("rows", "Rows that it deleted: nobody might read them any more.", swept.rows),
        ("passes", "Passes that it deleted.", swept.passes),
        ("visits", "Visits that it deleted.", swept.visits),
        ("counts", "Counts of how services are used that it deleted.", swept.counts),
        ("files", "Files that it wrote anew.", swept.files),
    ):
        yield GaugeMetricFamily(f"hubbub_sweep_{name}", meaning, value=value)


def _of_audit(audited: Audited) -> Iterator[Metric]:
    for name, meaning, value in (
        (
            "timestamp_seconds",
            "When the last audit began, by the house's clock.",
            audited.at / SECOND,
        ),
        ("rows", "Rows in its sample.", audited.rows),
        ("verdicts", "Verdicts compared: each row for each cell.", audited.verdicts),
        ("disagreements", "Verdicts that differ: anything but 0 is a bug.", audited.disagreements),
        ("nobodys_rows", "Rows of nobody: anything but 0 is a bug.", audited.nobodys),
    ):
        yield GaugeMetricFamily(f"hubbub_audit_{name}", meaning, value=value)


def registry(collector: Collector) -> CollectorRegistry:
    """Make the registry that the outlet shows."""
    made = CollectorRegistry()
    made.register(collector)
    return made
