"""Putting the federated engine together for the commands that answer queries."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import typer
from platformdirs import user_cache_path

from polcoop import __version__
from polcoop.errors import UsageError
from polcoop.settings import Settings
from polcoop.sparql.engine import Engine
from polcoop.sparql.federation.batches import LARGEST
from polcoop.sparql.federation.cache import Cache
from polcoop.sparql.federation.engine import FederatedEngine
from polcoop.sparql.federation.lockfile import Lockfile, Recorder, Replay
from polcoop.sparql.federation.policy import Policy
from polcoop.sparql.federation.remote import Remote
from polcoop.sparql.federation.source import Allowance, Source


def federated(local: Engine, settings: Settings) -> Engine:
    """The engine around ``local`` that answers SERVICE, or ``local`` itself when that is switched off.

    :raises UsageError: an endpoint that is to be allowed is no HTTP address.
    """
    if not settings.federation:
        return local
    policy = _policy(settings)
    source: Source = _remote(settings, policy)
    if settings.federation_lifetime:
        source = Cache(source, _cache(settings), lifetime=settings.federation_lifetime)
    return FederatedEngine(local, source, policy, _allowance(settings))


class Locked:
    """The lockfile side of ``polcoop query``: at most one of recording, replaying, refreshing.

    :raises UsageError: more than one is wanted, or federation is switched off.
    :raises SourceError: a lockfile that is to be read cannot be.
    """

    def __init__(self, record: Path | None, replay: Path | None, refresh: Path | None) -> None:
        if sum(path is not None for path in (record, replay, refresh)) > 1:
            raise UsageError("--record, --replay and --refresh exclude each other")
        self._path = record or refresh
        self._old = Lockfile.load(refresh) if refresh else None
        self._replayed = Lockfile.load(replay) if replay else None
        self._new = Lockfile()

    def engine(self, local: Engine, settings: Settings) -> Engine:
        """The engine that uses the lockfile; without one, that of :func:`federated`."""
        if self._path is None and self._replayed is None:
            return federated(local, settings)
        if not settings.federation:
            raise UsageError("there is no lockfile without federation", hint="POLCOOP_FEDERATION=true")
        policy = _policy(settings)
        source: Source
        if self._replayed is not None:
            source = Replay(self._replayed)
        else:
            source = Recorder(_remote(settings, policy), self._new, _now)
        # Always the same batches, so that the same query makes the same requests.
        return FederatedEngine(local, source, policy, _allowance(settings), batch=LARGEST)

    def finish(self) -> None:
        """Write what was recorded; say what has changed since it was recorded before."""
        if self._path is None:
            return
        if self._old is not None:
            lines = list(self._old.drift(self._new))
            typer.echo("\n".join(lines) if lines else f"{self._path}: no drift", err=True)
        self._new.save(self._path)


def _policy(settings: Settings) -> Policy:
    return Policy(
        settings.federation_endpoints.replace(",", " ").split(), private=settings.federation_private
    )


def _cache(settings: Settings) -> Path:
    return settings.federation_cache or user_cache_path("polcoop") / "federation.sqlite"


def _remote(settings: Settings, policy: Policy) -> Remote:
    user_agent = f"polcoop/{__version__} ({settings.federation_contact})"
    # Beside the cache: who shares that shares the turns too, a server and the commands of a terminal.
    return Remote(policy, user_agent, turns=_cache(settings).with_name("turns"))


def _allowance(settings: Settings) -> Allowance:
    return Allowance(
        settings.federation_calls,
        settings.federation_seconds,
        settings.federation_bytes,
        settings.federation_rows,
    )


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")
