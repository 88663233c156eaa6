"""What an operator's Prometheus reads: counts and ages, and nobody in them."""

from collections.abc import Callable, Iterator

from prometheus_client import CollectorRegistry
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

from hubbub.intake.door import Door
from hubbub.record.journal import Journal
from hubbub.run.status import KeeperStatus


class HouseMetrics(Collector):
    """Collects, when asked, what the door, the journal and the keeper count anyway."""

    def __init__(
        self, door: Door, journal: Journal, *, keeper: Callable[[], KeeperStatus | None]
    ) -> None:
        self._door, self._journal, self._keeper = door, journal, keeper

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
        if (keeper := self._keeper()) is not None:
            yield from _of_keeper(keeper)


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


def registry(collector: Collector) -> CollectorRegistry:
    """Make the registry that the outlet shows."""
    made = CollectorRegistry()
    made.register(collector)
    return made
