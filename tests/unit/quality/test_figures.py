"""Numbers that a French text states, however it writes them."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from polcoop.quality.figures import numbers


@pytest.mark.parametrize(
    ("text", "calls", "stated"),
    [
        ("un second texte est conclu en 200940 puis", (40,), 2009),
        ("quelque 2 700 agents", (), 2700),
        ("31 608 euros", (), 31608),
        ("31\u202f608 euros", (), 31608),
        ("4,5 mil-\nliards d’euros", (), 4_500_000_000),
        ("un budget de 6,25 milliards", (), 6_250_000_000),
        ("120,5 millions pour l’équipement", (), 120_500_000),
        ("(1,250,300 US$)", (), 1_250_300),
        ("seize matelots", (), 16),
        ("vingt-deux réunions", (), 22),
        ("au 7e rang", (), 7),
        ("Third Leaders’ Meeting", (), 3),
        ("86 % de plus", (), 86),
        ("3,5 milliards", (), "3.5"),
    ],
)
def test_stated(text: str, calls: tuple[int, ...], stated: int | str) -> None:
    assert Decimal(stated) in numbers(text, calls)


@pytest.mark.parametrize(
    ("text", "calls", "other"),
    [
        ("un second texte est conclu en 200940 puis", (41,), 2009),
        ("31 608 euros", (), 31),
        ("aucun nombre ici", (), 0),
        ("4,5 milliards", (), 4_500_000),
    ],
)
def test_not_stated(text: str, calls: tuple[int, ...], other: int) -> None:
    assert Decimal(other) not in numbers(text, calls)


@given(st.integers(min_value=0, max_value=10**12))
def test_grouped_digits(number: int) -> None:
    printed = f"{number:,}".replace(",", " ")
    assert Decimal(number) in numbers(f"on compte {printed} personnes")
