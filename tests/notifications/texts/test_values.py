"""What the type of a variable says about how it is written."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Literal
from zoneinfo import ZoneInfo

import msgspec
from babel import Locale

from notifications.kinds.values import (
    AccountNumber,
    Moment,
    Money,
    Name,
    Phone,
    from_context,
    to_context,
)
from notifications.texts.values import Reader, variables, written


class Everything(msgspec.Struct, frozen=True, kw_only=True):
    """A variable of each type."""

    text: str
    amount: Money
    when: Moment
    day: date
    name: Name | None
    phone: Phone
    account: AccountNumber
    number: int
    way: Literal["in", "out"]
    flag: bool
    none: Money | None = None


VALUES = Everything(
    text="Grace & Sons Company",
    amount=Money(Decimal("1250.5"), "KES"),
    when=datetime(2026, 3, 2, 12, 5, tzinfo=UTC),
    day=date(2026, 3, 2),
    name="Grace Sons Company",
    phone="0722123456",
    account="12345678",
    number=12_000,
    way="out",
    flag=True,
)
READER = Reader(
    locale=Locale.parse("en"), zone=ZoneInfo("Africa/Kampala"), home=ZoneInfo("Africa/Kampala")
)


def test_each_type_is_written_in_its_way():
    assert written(VALUES, READER, "short") == {
        "text": "Grace & Sons Company",
        "amount": "KES\u00a01,250.50",
        "when": "2 Mar, 15:05",
        "day": "2 Mar",
        "name": "Grace Sons",
        "phone": "0722***456",
        "account": "••5678",
        "number": "12,000",
        "way": "out",
        "flag": "yes",
        "none": "",
    }


def test_it_knows_the_words_and_the_money():
    known = variables(Everything)
    assert known["way"].words == ("in", "out")
    assert {name for name, each in known.items() if each.is_money} == {"amount", "none"}


def test_values_are_the_same_after_they_were_stored():
    stored = msgspec.json.decode(msgspec.json.encode(to_context(VALUES)))
    assert stored["amount"] == {"amount": "1250.5", "currency": "KES"}
    assert from_context(Everything, stored) == VALUES
