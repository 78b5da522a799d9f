"""What the endpoint counts, for Prometheus (text and OpenMetrics formats)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Final

from fastapi import Request, Response
from prometheus_client import CollectorRegistry, Histogram, PlatformCollector, ProcessCollector
from prometheus_client.exposition import choose_encoder
from prometheus_client.metrics_core import CounterMetricFamily, GaugeMetricFamily, InfoMetricFamily, Metric
from prometheus_client.registry import Collector

from polcoop import __version__
from polcoop.sparql.engine import Dataset
from polcoop.sparql.telemetry import Outcome, Telemetry

_BUCKETS: Final = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0)
"""Seconds."""

_COUNTERS: Final = {
    "hits": ("polcoop_cache_hits", "Results found in the cache."),
    "misses": ("polcoop_cache_misses", "Results that had to be evaluated."),
    "evicted": ("polcoop_cache_evicted", "Results that left the cache to make room."),
    "started": ("polcoop_workers_started", "Worker processes started."),
    "killed": ("polcoop_workers_killed", "Worker processes ended by the server."),
    "crashed": ("polcoop_workers_crashed", "Worker processes that ended by themselves."),
    "switched": ("polcoop_dataset_switched", "Changes to another version of the dataset."),
}
_GAUGES: Final = {
    "workers": ("polcoop_workers", "Worker processes that are up."),
    "busy": ("polcoop_workers_busy", "Worker processes that evaluate a query."),
    "waiting": ("polcoop_queries_waiting", "Queries that wait for a worker."),
    "cached_results": ("polcoop_cache_results", "Results in the cache."),
    "cached_bytes": ("polcoop_cache_bytes", "Size of the results in the cache."),
}


class _Counts(Collector):
    """Reads the telemetry whenever somebody asks for the metrics."""

    def __init__(self, telemetry: Telemetry, dataset: Callable[[], Dataset]) -> None:
        self._telemetry, self._dataset = telemetry, dataset

    def collect(self) -> Iterator[Metric]:
        """Yield the metrics (called by the registry)."""
        queries = CounterMetricFamily("polcoop_queries", "Queries that have ended.", labels=["outcome"])
        for outcome in Outcome:
            queries.add_metric([outcome.value], self._telemetry.queries[outcome])
        yield queries
        for attribute, (name, words) in _COUNTERS.items():
            yield CounterMetricFamily(name, words, value=getattr(self._telemetry, attribute))
        for attribute, (name, words) in _GAUGES.items():
            yield GaugeMetricFamily(name, words, value=getattr(self._telemetry, attribute))
        yield InfoMetricFamily("polcoop_build", "Version of the program.", value={"version": __version__})
        version = {"version": self._dataset().version}
        yield InfoMetricFamily("polcoop_dataset", "Version of the dataset that is served.", value=version)


class Metrics:
    """A registry of its own for each application, so that nothing is shared between two in one process."""

    def __init__(self, telemetry: Telemetry, dataset: Callable[[], Dataset]) -> None:
        self._registry = CollectorRegistry()
        self._registry.register(_Counts(telemetry, dataset))
        ProcessCollector(registry=self._registry)
        PlatformCollector(registry=self._registry)
        seconds = Histogram(
            "polcoop_query_seconds",
            "Time from the request for a query to the last byte of its result.",
            ["outcome"],
            buckets=_BUCKETS,
            registry=self._registry,
        )
        timed = {outcome: seconds.labels(outcome.value) for outcome in Outcome}
        telemetry.observers.append(lambda outcome, taken: timed[outcome].observe(taken))

    def answer(self, request: Request) -> Response:
        """Answer a GET with all metrics."""
        encode, content_type = choose_encoder(request.headers.get("accept", ""))
        headers = {"Content-Type": content_type, "Cache-Control": "no-store", "Vary": "Accept"}
        return Response(encode(self._registry), headers=headers)
