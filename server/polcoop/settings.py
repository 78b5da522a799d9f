"""Settings of the server: one frozen object, read from ``POLCOOP_…`` environment variables.

Below this floor only plain values are passed; nothing reads the environment by itself.
"""

from __future__ import annotations

from pathlib import Path

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict

from polcoop.sparql.federation.policy import WIKIDATA
from polcoop.sparql.query import Bounds


class Settings(BaseSettings):
    """Everything that an operator can change; durations in seconds."""

    model_config = SettingsConfigDict(env_prefix="POLCOOP_", frozen=True, extra="forbid")

    host: str = Field("127.0.0.1", description="Address to listen on.")
    port: int = Field(8000, ge=0, le=65535, description="Port to listen on; 0 takes a free one.")
    dataset: Path = Field(Path("build/dataset"), description="Folder that `polcoop compile` writes.")
    versions: int = Field(
        3, ge=0, le=100, description="Dataset versions, the newest first, that a permalink may name."
    )
    permalinks: Path | None = Field(
        None, description="Folder where queries are stored for good; without one they are kept in memory."
    )
    max_permalinks: int = Field(10_000, ge=0, description="Queries stored at most; 0 takes /q away.")
    max_permalink_bytes: int = Field(16_384, ge=256, description="Longest query that is stored, in bytes.")
    timeout: float = Field(
        30.0, gt=0, le=3600, description="Deadline of a query; a client may only shorten it."
    )
    workers: int = Field(4, ge=1, le=64, description="Worker processes: queries evaluated at the same time.")
    memory: int = Field(1024, ge=64, description="Memory that one query may take, in MiB.")
    long: int = Field(
        4,
        ge=0,
        le=64,
        description="Queries of more than a second that go on beside the others; more are ended.",
    )
    share: int = Field(64, ge=1, description="Queries that one client may have in flight or waiting.")
    queue: int = Field(64, ge=0, description="Queries that may wait for a worker; more are turned away.")
    patience: float = Field(
        10.0, gt=0, description="How long a query waits for a worker before it is turned away."
    )
    max_query_bytes: int = Field(1_048_576, ge=1024, description="Longest query, in bytes of UTF-8.")
    max_result_bytes: int = Field(
        1 << 30, ge=1024, description="Largest result, in bytes; a larger one is refused or broken off."
    )
    cache: int = Field(
        64, ge=0, le=65536, description="Results kept for who asks again, in MiB; 0 keeps none."
    )
    client_timeout: float = Field(
        30.0,
        gt=0,
        description="Seconds in which a request has to arrive, and for which a client may not read.",
    )
    connections: int = Field(1000, ge=1, description="Connections at a time.")
    trusted_proxies: str = Field(
        "",
        description="Addresses or networks, separated by commas, whose X-Forwarded-For names the client.",
    )
    max_age: int = Field(
        0, ge=0, description="Seconds for which others may keep a result without asking whether it is fresh."
    )
    root: Path = Field(Path(), description="Project folder whose shapes judge what is posted to /validate.")
    validations: int = Field(
        1, ge=0, le=16, description="Pieces of data validated at the same time; 0 takes /validate away."
    )
    validation_memory: int = Field(2048, ge=512, description="Address space of one validation, in MiB.")
    validation_timeout: float = Field(60.0, gt=0, le=3600, description="Deadline of a validation.")
    max_data_bytes: int = Field(4_194_304, ge=1024, description="Most data to validate at once, in bytes.")
    max_query_depth: int = Field(150, ge=8, description="Deepest nesting of brackets in a query.")
    max_query_parts: int = Field(
        5000,
        ge=100,
        description="Variables, keywords, brackets and operators in a query, but for those in VALUES.",
    )
    max_query_patterns: int = Field(
        128,
        ge=16,
        description="Patterns that a query may join in one group: twice as many take 16 times as long.",
    )
    prefix: str = Field(
        "",
        pattern=r"^(/[A-Za-z0-9._~-]+)*$",
        description="Path under which a proxy shows the server, such as /polcoop.",
    )
    max_links: int = Field(
        200, ge=1, le=10_000, description="Claims, and links to it, that are told of a resource."
    )
    yasgui: Path = Field(
        Path("build/yasgui"),
        description="Folder with the query editor's files, as `make yasgui` leaves them.",
    )
    cdn: str = Field(
        "https://cdn.jsdelivr.net/npm",
        pattern=r"^(https://[A-Za-z0-9.:/_-]+)?$",
        description="Where browsers get the query editor when that folder has none; empty: a plain form.",
    )
    access_log: str = Field(
        "", description="File for the access log, a line of JSON a request; - is standard error; empty: none."
    )
    log_queries: bool = Field(
        False, description="Whether the access log has the text of queries, beside their hash."
    )
    log_clients: bool = Field(False, description="Whether the access log has the address of each client.")
    federation: bool = Field(True, description="Whether SERVICE is answered, by asking other endpoints.")
    federation_endpoints: str = Field(
        " ".join(WIKIDATA), description="Endpoints that may be asked, separated by spaces or commas."
    )
    federation_private: bool = Field(
        False, description="Whether their names may lead to addresses that are not public; for tests."
    )
    federation_contact: str = Field(
        "https://w3id.org/polcoop/",
        pattern=r"^[\x21-\x7e][\x20-\x7e]*$",
        description="Address or e-mail in the User-Agent, for who runs those endpoints.",
    )
    federation_cache: Path | None = Field(
        None, description="File for answers of endpoints; by default in the user's folder for caches."
    )
    federation_lifetime: float = Field(
        86_400.0, ge=0, description="How long such an answer is used again; 0 keeps none."
    )
    federation_calls: int = Field(60, ge=1, description="Requests to endpoints in one query.")
    federation_seconds: float = Field(20.0, gt=0, description="Time for endpoints in one query.")
    federation_bytes: int = Field(33_554_432, ge=1024, description="Bytes from endpoints in one query.")
    federation_rows: int = Field(20_000, ge=1, description="Rows from endpoints in one query.")

    @property
    def bounds(self) -> Bounds:
        """How large a query may be."""
        return Bounds(
            self.max_query_bytes, self.max_query_depth, self.max_query_parts, self.max_query_patterns
        )
