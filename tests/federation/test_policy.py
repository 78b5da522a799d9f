"""Which endpoints may be asked, and at which addresses."""

from __future__ import annotations

import asyncio

import pytest

from polcoop.errors import ForbiddenQuery, UsageError
from polcoop.sparql.federation.policy import WIKIDATA, Address, Policy, is_public

ALLOWED = "https://query.wikidata.org/sparql"


def test_wikidata_is_allowed_and_nobody_else() -> None:
    policy = Policy()
    assert policy.check(ALLOWED) == Address("https", "query.wikidata.org", 443, "/sparql")
    assert [policy.check(url).host for url in WIKIDATA] == [
        "query.wikidata.org", "query-scholarly.wikidata.org",
    ]  # fmt: skip


@pytest.mark.parametrize(
    "same", ["https://query.wikidata.org:443/sparql", "HTTPS://Query.Wikidata.ORG/sparql"]
)
def test_the_same_address_in_other_words(same: str) -> None:
    assert Policy().check(same) == Address.parse(ALLOWED)


@pytest.mark.parametrize(
    "url",
    [
        "http://query.wikidata.org/sparql",
        "https://query.wikidata.org:8443/sparql",
        "https://query.wikidata.org/",
        "https://query.wikidata.org/sparql/",
        "https://query.wikidata.org/sparql?query=x",
        "https://query.wikidata.org/sparql#x",
        "https://query.wikidata.org/sparql?",
        "https://user@query.wikidata.org/sparql",
        "https://query.wikidata.org@127.0.0.1/sparql",
        "https://query.wikidata.org\\@127.0.0.1/sparql",
        "https://query.wikidata.org.example.org/sparql",
        "https://query.wikidata.org/../sparql",
        "https://query.wikidata.org:99999/sparql",
        "https://query.wik\u0456data.org/sparql",
        "https://[::1/sparql",
        "//query.wikidata.org/sparql",
        "file:///etc/passwd",
        "urn:x",
        "",
    ],
)
def test_anything_else_is_refused_and_what_to_do_is_said(url: str) -> None:
    with pytest.raises(ForbiddenQuery, match="not among the endpoints") as raised:
        Policy().check(url)
    assert ALLOWED in str(raised.value.hint)
    assert "POLCOOP_FEDERATION_ENDPOINTS" in str(raised.value.hint)


@pytest.mark.parametrize(
    "url", ["query.wikidata.org/sparql", "ftp://example.org/", "https://example.org/?x=1"]
)
def test_a_list_of_no_addresses_is_wrong_use(url: str) -> None:
    with pytest.raises(UsageError, match="cannot be allowed"):
        Policy([url])


@pytest.mark.parametrize(
    ("number", "public"),
    [
        ("91.198.174.192", True),
        ("2620:0:862:ed1a::1", True),
        ("127.0.0.1", False),
        ("10.1.2.3", False),
        ("172.16.0.1", False),
        ("192.168.1.1", False),
        ("169.254.169.254", False),
        ("100.64.0.1", False),
        ("0.0.0.0", False),  # noqa: S104
        ("224.0.0.1", False),
        ("255.255.255.255", False),
        ("::1", False),
        ("::", False),
        ("fe80::1%eth0", False),
        ("fd00::1", False),
        ("ff02::1", False),
        ("::ffff:127.0.0.1", False),
        ("::ffff:91.198.174.192", True),
        ("64:ff9b::7f00:1", False),
        ("64:ff9b::5bc6:aec0", True),
        ("2002:7f00:1::1", False),
        ("::ffff:10.0.0.1", False),
        ("::127.0.0.1", False),
        ("2001:0:5bc6:aec0::f5ff:fffe", False),  # Teredo, of 10.0.0.1
        ("fec0::1", False),
        ("64:ff9b:1::7f00:1", False),
        ("2001:db8::1", False),
        ("5f00::1", False),
    ],
)
def test_public_addresses(number: str, public: bool) -> None:
    assert is_public(number) is public


def test_a_name_that_leads_to_this_machine_is_refused() -> None:
    async def resolve(private: bool) -> list[str]:
        policy = Policy(["http://localhost/sparql"], private=private)
        return await policy.resolve(policy.check("http://localhost/sparql"))

    assert set(asyncio.run(resolve(private=True))) <= {"127.0.0.1", "::1"}
    with pytest.raises(ForbiddenQuery, match="no public address") as raised:
        asyncio.run(resolve(private=False))
    assert "POLCOOP_FEDERATION_PRIVATE" in str(raised.value.hint)
