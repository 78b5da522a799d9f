"""What operators and their machines ask: whether the server is up, whether it is ready, what it counts."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from fastapi import FastAPI, Request, Response
from fastapi.responses import JSONResponse

from polcoop import __version__
from polcoop.sparql.engine import Dataset
from polcoop.sparql.telemetry import Telemetry
from polcoop.web.metrics import Metrics

_UP: Final = {"status": "ok", "version": __version__}
_READY: Final = {**_UP, "dataset": "19136e097ee82884…", "workers": 4}
_UNREADY: Final = {**_READY, "status": "unavailable", "workers": 0, "reasons": ["no query worker is up"]}


def _example(description: str, value: object) -> dict[str, Any]:
    return {"description": description, "content": {"application/json": {"example": value}}}


_LIVE: Final[dict[int | str, dict[str, Any]]] = {200: _example("The server is up.", _UP)}
_HEALTH: Final[dict[int | str, dict[str, Any]]] = {
    200: _example("The server is up, and a query would be answered.", _READY),
    503: _example("The server is up, and no query would be answered.", _UNREADY),
}
_METRICS: Final[dict[int | str, dict[str, Any]]] = {
    200: {
        "description": "The metrics, in the text format of Prometheus or as OpenMetrics.",
        "content": {
            "text/plain": {"example": 'polcoop_queries_total{outcome="answered"} 42.0\n'},
            "application/openmetrics-text": {},
        },
    }
}


class Health:
    """Says whether the server is ready."""

    def __init__(self, telemetry: Telemetry, dataset: Callable[[], Dataset]) -> None:
        self._telemetry, self._dataset = telemetry, dataset

    def reasons(self) -> list[str]:
        """Why the server is not ready; empty when it is."""
        reasons = [] if self._telemetry.workers else ["no query worker is up"]
        if not self._dataset().store.is_dir():
            reasons.append("the dataset is missing")
        return reasons

    def answer(self) -> Response:
        """Answer 200 when a query would be answered now, else 503 with the reasons."""
        reasons = self.reasons()
        body = {
            "status": "unavailable" if reasons else "ok",
            "version": __version__,
            "dataset": self._dataset().version,
            "workers": self._telemetry.workers,
        }
        headers = {"Cache-Control": "no-store"} | ({"Retry-After": "5"} if reasons else {})
        return JSONResponse(
            body | ({"reasons": reasons} if reasons else {}), 503 if reasons else 200, headers
        )


def add_operations(app: FastAPI, telemetry: Telemetry, dataset: Callable[[], Dataset]) -> None:
    """Add ``/health``, ``/health/live``, ``/health/ready`` and ``/metrics`` to ``app``."""
    health, metrics = Health(telemetry, dataset), Metrics(telemetry, dataset)

    async def ready() -> Response:
        return health.answer()

    async def live() -> Response:
        return JSONResponse(_UP, headers={"Cache-Control": "no-store"})

    async def measured(request: Request) -> Response:
        return metrics.answer(request)

    for path, summary in (
        ("/health", "Whether the server is up and ready"),
        ("/health/ready", "Whether a query would be answered now"),
    ):
        name = path.strip("/").replace("/", "_")
        app.add_api_route(
            path, ready, summary=summary, operation_id=name, responses=_HEALTH, response_class=Response
        )
    app.add_api_route(
        "/health/live", live, summary="Whether the server is up", operation_id="health_live",
        responses=_LIVE, response_class=Response,
    )  # fmt: skip
    app.add_api_route(
        "/metrics", measured, summary="What the server counts, for Prometheus", operation_id="metrics",
        responses=_METRICS, response_class=Response,
    )  # fmt: skip
