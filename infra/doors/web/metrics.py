"""What the server counts about itself, and what it looks up about the engine when it is asked."""

import time
from collections.abc import Iterator

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector
from starlette.types import Scope

from domain import instant
from infra.engine.health import Vitals, problems

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"

_UNKNOWN = "none"
_SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10)


class Metrics:
    """The counters of one application."""

    def __init__(self) -> None:
        self._registry = CollectorRegistry()
        self._requests = Counter(
            "lhuta_http_requests",
            "Requests answered",
            ["operation", "status"],
            registry=self._registry,
        )
        self._seconds = Histogram(
            "lhuta_http_request_seconds",
            "Time until the response began",
            ["operation"],
            registry=self._registry,
            buckets=_SECONDS,
        )
        self.streams = Gauge(
            "lhuta_http_streams", "Streams open now", ["stream"], registry=self._registry
        )

    def begun(self, scope: Scope) -> None:
        """Note when work on a request began."""
        scope["lhuta.begun"] = time.perf_counter()

    def answered(self, scope: Scope, status: int) -> None:
        """Count a response; by its operation, which are few, never by its path."""
        route = scope.get("route")
        operation = _UNKNOWN if route is None else route.name
        self._requests.labels(operation, str(status)).inc()
        begun = scope.get("lhuta.begun")
        if begun is not None:
            self._seconds.labels(operation).observe(time.perf_counter() - begun)

    def text(self, vitals: Vitals) -> bytes:
        """Write everything as Prometheus reads it."""
        looked_up = CollectorRegistry()
        looked_up.register(_Engine(vitals))
        return generate_latest(self._registry) + generate_latest(looked_up)


class _Engine(Collector):
    def __init__(self, vitals: Vitals) -> None:
        self._vitals = vitals

    def collect(self) -> Iterator[Metric]:
        """Yield what was looked up."""
        found = self._vitals
        age = found.age
        figures = {
            "lhuta_engine_up": ("An engine holds the data", int(found.engine is not None)),
            "lhuta_log_position": ("Positions in the event log", found.position),
            "lhuta_positions_behind": ("Positions that are not applied", found.behind),
            "lhuta_tickets": ("Tickets in the read models", found.tickets),
            "lhuta_running_clocks": ("Clocks that run with a due time", found.running),
            "lhuta_parked_tickets": ("Tickets whose fold failed", found.parked),
        }
        for name, (what, value) in figures.items():
            yield GaugeMetricFamily(name, what, value)
        if age is not None:
            seconds = age / instant.SECOND
            yield GaugeMetricFamily("lhuta_time_age_seconds", "Age of decided time", seconds)
        wrong = GaugeMetricFamily("lhuta_problem", "Problems of `lhuta status`", labels=["name"])
        for problem in problems(found):
            wrong.add_metric([problem.name], 1)
        yield wrong
