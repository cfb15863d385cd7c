"""What is wrong with texts is said before anything is sent."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any, Literal

import msgspec
import pytest

from notifications.kinds import Kind, Rung
from notifications.kinds.values import General, Money, Name
from notifications.languages import CODES
from notifications.texts import catalogue
from notifications.texts.faults import faults, faults_of

Look = Callable[..., list[tuple[str, str]]]


class Won(msgspec.Struct, frozen=True, kw_only=True):
    """The variables of the kind of these tests."""

    amount: Money
    party: Name | None = None
    way: Literal["in", "out"] = "in"
    count: int = 2
    balance: Money | None = None


SAMPLE = Won(amount=Money(Decimal(5), "KES"), party="Acme")
KIND = Kind(
    name="savings.won",
    title="Won",
    type="savings",
    category="savings",
    variables=Won,
    samples=(SAMPLE,),
    ladder=(
        Rung(channel="push", required=True),
        Rung(channel="sms", required=True, after=timedelta(minutes=1)),
        Rung(channel="email"),
    ),
    privacy="amount",
)
GOOD: dict[str, Any] = {
    "name": "Prizes",
    "title": "You won",
    "message": "You won {amount}{#party} of {party}{/party}.",
    "push": "You won {amount}.",
    "sms": "You won {amount}{#way=out}, it is out{/way}.",
    "email": "You won {amount}.",
}


@pytest.fixture
def look(tmp_path: Path, monkeypatch) -> Iterator[Look]:
    """Write texts of the kind, and return what is wrong with them: the language and the fault."""
    monkeypatch.setattr(catalogue, "_FOLDERS", [*catalogue._FOLDERS, tmp_path])

    def write(*, kind: Kind = KIND, head: str = "", only: str = "", **changes: Any):
        lines = [head]
        for code in CODES:
            words = GOOD | (changes if only in {"", code} else {})
            told = {name: value for name, value in words.items() if value is not None}
            lines += [f"[{code}]", *(f"{name} = {_toml(value)}" for name, value in told.items())]
        (tmp_path / "savings.won.toml").write_text("\n".join(lines))
        catalogue.forget()
        return [(fault.language, fault.what) for fault in faults_of(kind)]

    yield write
    monkeypatch.undo()
    catalogue.forget()


def _toml(value: Any) -> str:
    if isinstance(value, dict):
        return "{ " + ", ".join(f"{key} = {_toml(each)}" for key, each in value.items()) + " }"
    return f"'''{value}'''"


def test_our_own_texts_have_none():
    assert [msgspec.to_builtins(fault) for fault in faults()] == []


def test_good_texts_have_none(look: Look):
    assert look() == []
    assert look(title={"one": "You won {count} prize", "other": "You won {count} prizes"}) == []


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"message": "You won {prize}."}, "message uses {prize}, which its kind does not have"),
        ({"sms": "Won {amount"}, "sms cannot be read: a brace stands alone in '{amount'"),
        ({"sms": "{#way=up}x{/way} y"}, "sms compares {way} with 'up', which it never is"),
        ({"email": None}, "has no text for email"),
        ({"push": None}, "has no text for push"),
        ({"title": "You won {amount}"}, "title has an amount, which a lock screen shows"),
        ({"push": "You have {balance}."}, "push has the balance, which never leaves the app"),
        ({"sms": "You have {balance}."}, "sms has the balance, which never leaves the app"),
        ({"title": "Won " * 15}, "title has 60 characters for a sample, not 50 at most"),
        ({"push": "x" * 121}, "push has 121 characters for a sample, not 120 at most"),
        ({"message": "x" * 1001}, "message has 1001 characters for a sample, not 1000 at most"),
        ({"title": "Two\nlines"}, "has no text, or a title of several lines, for a sample"),
        ({"message": " "}, "in_app has no text, or a title of several lines, for a sample"),
        ({"sms": "x" * 161}, "sms takes 2 segments for a sample, not 1 at most"),
        ({"sms": "Reçu {amount}"}, "sms has letters that make it twice as expensive: ç"),
        ({"sms": "See https://acme.example"}, "sms has a link"),
        ({"sms": "See www.acme.example"}, "sms has a link"),
        ({"title": {"one": "a"}}, "title needs the form `other`"),
        ({"title": {"other": "a", "lots": "b"}}, "title needs the form `other`"),
    ],
)
def test_a_fault_is_named_with_its_language(look: Look, changes: dict[str, Any], says: str):
    found = look(only="sw", **changes)
    assert [language for language, _ in found] == ["sw"] * len(found)
    assert any(says in what for _, what in found), found


BUTTON = msgspec.structs.replace(KIND, actions=("claim",))


def test_a_button_needs_a_short_name_in_each_language(look: Look):
    assert look(kind=BUTTON, actions={"claim": "Claim it"}) == []
    needs = "needs a name for the button 'claim', of 20 characters at most"
    assert look(kind=BUTTON, actions={"claim": "x" * 21}, only="sw") == [
        *((code, needs) for code in CODES)
    ]
    assert look(actions={"claim": "Claim it"}, only="lg") == [
        ("lg", "names the button 'claim', which its kind does not have")
    ]


def test_an_optional_sms_may_take_two_segments(look: Look):
    optional = (*KIND.ladder[:1], Rung(channel="sms"), *KIND.ladder[2:])
    kind = msgspec.structs.replace(KIND, ladder=optional)
    assert look(kind=kind, sms="x" * 161) == []
    assert "not 2 at most" in look(kind=kind, sms="x" * 307)[0][1]
    above = (*KIND.ladder[:1], Rung(channel="sms", required_above=True), *KIND.ladder[2:])
    kind = msgspec.structs.replace(KIND, ladder=above)
    assert "not 1 at most" in look(kind=kind, sms="x" * 161)[0][1]


def test_a_long_name_of_the_brand_counts(look: Look, settings):
    assert look(sms=f"{{brand}}: {'x' * 140}") == []
    settings.BRAND = replace(settings.BRAND, name="The Bank of the Long Names")
    assert "sms takes 2 segments" in look(sms=f"{{brand}}: {'x' * 140}")[0][1]


def test_a_file_that_cannot_be_read_is_one_fault(look: Look):
    [(language, what)] = look(head="url = ")
    assert (language, what[:42]) == ("", "cannot be read: savings.won.toml: Invalid ")
    [(_, what)] = look(subject="x")
    assert "unknown field `subject`" in what
    [(_, what)] = look(name=None)
    assert "missing required field `name`" in what


def test_languages_are_those_that_we_have(look: Look, tmp_path: Path):
    assert look() == []
    file = tmp_path / "savings.won.toml"
    kept = file.read_text().split("[lg]")[0]
    file.write_text(f"{kept}[de]\nname = 'x'\ntitle = 'x'\nmessage = 'x'")
    catalogue.forget()
    assert [(fault.language, fault.what) for fault in faults_of(KIND)] == [
        ("de", "is a language that we do not have"),
        ("lg", "is missing"),
    ]


def test_a_link_leads_into_the_app(look: Look):
    for url in ("https://acme.example", "//acme.example", "payments"):
        assert look(head=f"url = '{url}'") == [("", f"opens {url!r}, which is no path of ours")]


def test_a_kind_needs_a_file_and_a_file_a_kind(look: Look):
    missing = msgspec.structs.replace(KIND, name="savings.lost")
    [fault] = faults_of(missing)
    assert fault.what == "has no texts: write savings.lost.toml"
    general = msgspec.structs.replace(
        missing, variables=General, samples=(General(title="a", message="b"),)
    )
    assert list(faults_of(general)) == []
    look()
    assert [(each.kind, each.what) for each in faults()] == [
        ("savings.won", "has texts, and no app declares that kind")
    ]


def test_a_category_needs_a_name(look: Look):
    found = look(kind=msgspec.structs.replace(KIND, category="prizes"))
    assert found == [
        (code, "has no name for the category 'prizes' in shared.toml") for code in CODES
    ]
