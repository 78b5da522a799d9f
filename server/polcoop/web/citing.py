"""Citations of stored queries in all styles; the last few are kept, since one takes a second at worst."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Mapping
from typing import Final

from polcoop.citation.provenance import DatasetVersion
from polcoop.citation.styles import Style, cite
from polcoop.sparql.citing import Citation, citation
from polcoop.sparql.engine import Engine, Limits
from polcoop.sparql.query import Query

Cited = tuple[Citation, Mapping[Style, str]]
_MOST_KEPT: Final = 128


class Citing:
    """Makes citations, and keeps those that will stay the same: of a known version, without a problem."""

    def __init__(self) -> None:
        self._made: OrderedDict[tuple[str, DatasetVersion, str], Cited] = OrderedDict()

    async def cited(
        self, query: Query, engine: Engine, version: DatasetVersion | None, limits: Limits, lang: str
    ) -> Cited:
        """Return the citation of ``query`` and its text in each style, in the language ``lang``.

        :param limits: those of each query behind a citation.
        :raises PolcoopError: the engine cannot be asked.
        """
        if version is not None and (made := self._made.get((query.text, version, lang))):
            return made
        found = await citation(query, engine, version, limits, lang=lang)
        texts = await asyncio.to_thread(
            lambda: {style: cite(found.bibliography, style, lang=lang) for style in Style}
        )
        if version is not None and not found.problem and not query.mentions_service:
            self._made[query.text, version, lang] = found, texts
            if len(self._made) > _MOST_KEPT:
                self._made.popitem(last=False)
        return found, texts
