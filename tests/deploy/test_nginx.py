"""The nginx of the documentation, for real: prefix, streaming, who asks, what stays inside."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from socket import create_server

import httpx2
import pytest

from serving import serving

DATA = '<https://w3id.org/polcoop/id/agent/one> <http://www.w3.org/2004/02/skos/core#prefLabel> "One"@en .\n'
ENDLESS = "SELECT * { " + " ".join(f"?a{i} ?b{i} ?c{i} ." for i in range(40)) + " }"
BROWSER = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"


@dataclass(frozen=True)
class Site:
    """An endpoint behind nginx: the public address with the prefix, the server's own, the access log."""

    public: str
    inside: str
    log: Path

    def lines(self, number: int) -> list[dict[str, object]]:
        """The lines of the access log, once there are so many."""
        end = time.monotonic() + 30
        while self.log.read_text().count("\n") < number and time.monotonic() < end:
            time.sleep(0.05)
        return [json.loads(line) for line in self.log.read_text().splitlines()]


@pytest.fixture(scope="module")
def site(root: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """nginx with the configuration that the repository shows, in front of a server."""
    nginx = shutil.which("nginx", path=f"{os.environ['PATH']}:/usr/sbin")
    if nginx is None:
        pytest.skip("nginx is not installed (make system installs it where it can)")
    folder = tmp_path_factory.mktemp("nginx")
    # Many rows, so that a result without end has one row after another to send.
    (folder / "data.nt").write_text(DATA + "".join(f"<a:{i}> <a:p> <a:o> .\n" for i in range(50)))
    log = folder / "access.log"
    settings = {
        "POLCOOP_PREFIX": "/polcoop", "POLCOOP_TRUSTED_PROXIES": "127.0.0.1",
        "POLCOOP_ACCESS_LOG": str(log), "POLCOOP_LOG_CLIENTS": "1",
    }  # fmt: skip
    with create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    with serving("--data", folder / "data.nt", "--workers", "2", **settings) as server:
        shown = (root / "deploy" / "nginx.conf").read_text(encoding="utf-8")
        address = server.url.removeprefix("http://")
        assert shown.count("127.0.0.1:8000") == 1
        (folder / "polcoop.conf").write_text(shown.replace("127.0.0.1:8000", address))
        (folder / "nginx.conf").write_text(
            f"{'user root; ' if os.geteuid() == 0 else ''}daemon off; pid {folder}/pid; events {{ }}\n"
            f"http {{ access_log off; client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy;\n"
            f"fastcgi_temp_path {folder}/f; uwsgi_temp_path {folder}/u; scgi_temp_path {folder}/s;\n"
            f"server {{ listen 127.0.0.1:{port}; include {folder}/polcoop.conf; }} }}\n"
        )
        errors = folder / "error.log"
        errors.touch()
        command = [nginx, "-e", str(errors), "-p", str(folder), "-c", str(folder / "nginx.conf")]
        with subprocess.Popen(command, stderr=subprocess.DEVNULL) as process:
            try:
                site = Site(f"http://127.0.0.1:{port}/polcoop", server.url, log)
                _wait(f"{site.public}/health/live", errors)
                yield site
            finally:
                process.terminate()


def _wait(url: str, errors: Path) -> None:
    end = time.monotonic() + 30
    while time.monotonic() < end:
        try:
            if httpx2.get(url, trust_env=False).status_code == 200:
                return
        except httpx2.HTTPError:
            time.sleep(0.1)
    pytest.fail(f"nginx did not come up: {errors.read_text()}")


def get(url: str, **options) -> httpx2.Response:
    """One request of a client of its own."""
    return httpx2.get(url, trust_env=False, timeout=60, **options)


def test_queries_by_get_and_post(site: Site) -> None:
    long = "ASK { VALUES ?x { " + "<http://www.wikidata.org/entity/Q1> " * 1000 + "} }"
    assert get(f"{site.public}/sparql", params={"query": long}).json()["boolean"] is True
    huge = "ASK { VALUES ?x { " + "<http://www.wikidata.org/entity/Q1> " * 25_000 + "} }"
    answer = httpx2.post(f"{site.public}/sparql", data={"query": huge}, trust_env=False, timeout=60)
    assert answer.json()["boolean"] is True
    assert get(f"{site.public}/sparql", params={"query": "nonsense"}).status_code == 400


def test_pages_and_their_links_are_under_the_prefix(site: Site) -> None:
    page = get(f"{site.public}/id/agent/one", headers={"Accept": BROWSER})
    assert page.status_code == 200
    links = set(re.findall(r'(?:href|action)="(/[^"]*)"', page.text + get(f"{site.public}/").text))
    assert len(links) > 6
    for link in links - {"/polcoop/sparql"}:
        assert get(site.public.removesuffix("/polcoop") + link).status_code == 200, link


def test_a_result_streams_and_its_breaking_off_is_noticed(site: Site) -> None:
    parameters = {"query": ENDLESS, "timeout": "3", "format": "csv"}
    with httpx2.stream(
        "GET", f"{site.public}/sparql", params=parameters, trust_env=False, timeout=60
    ) as answer:
        assert answer.status_code == 200
        chunks = answer.iter_raw()
        # The query goes on when its first rows are here.
        assert next(chunks)
        with pytest.raises(httpx2.RemoteProtocolError):
            list(chunks)


def test_the_client_is_who_nginx_says(site: Site) -> None:
    before = len(site.lines(0))
    get(f"{site.public}/health", headers={"X-Forwarded-For": "203.0.113.9"})
    assert site.lines(before + 1)[-1]["client"] == "127.0.0.1"
    # What stands before the server is trusted, as it is told to be.
    get(f"{site.inside}/health", headers={"X-Forwarded-For": "203.0.113.9"})
    assert site.lines(before + 2)[-1]["client"] == "203.0.113.9"


def test_metrics_stay_inside(site: Site) -> None:
    assert get(f"{site.public}/metrics").status_code == 403
    assert get(f"{site.inside}/metrics").status_code == 200


def test_headers_come_through(site: Site) -> None:
    answer = get(f"{site.public}/sparql", params={"query": "ASK {}"}, headers={"Accept-Encoding": "gzip"})
    assert answer.headers["x-content-type-options"] == "nosniff"
    again = get(
        f"{site.public}/sparql", params={"query": "ASK {}"}, headers={"If-None-Match": answer.headers["etag"]}
    )
    assert again.status_code == 304


def test_a_server_that_trusts_nobody_believes_nobody(tmp_path: Path) -> None:
    (tmp_path / "data.nt").write_text(DATA)
    log = tmp_path / "log"
    with serving(
        "--data", tmp_path / "data.nt", "--workers", "1", POLCOOP_ACCESS_LOG=str(log), POLCOOP_LOG_CLIENTS="1"
    ) as server:
        get(f"{server.url}/health", headers={"X-Forwarded-For": "203.0.113.9"})
    assert json.loads(log.read_text())["client"] == "127.0.0.1"
