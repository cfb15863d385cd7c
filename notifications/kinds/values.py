"""The types of the values in texts. A type says how its value is shown in each channel.

A kind's `variables` use them beside `str`, `int`, `bool` and `date`; `T | None` may be missing.
As JSON they are what a notification's `context` stores.
"""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Annotated, Any

import msgspec
from msgspec import Meta


class Money(msgspec.Struct, frozen=True):
    """An amount. It is written in the reader's language, with the currency's decimals."""

    amount: Decimal
    currency: Annotated[str, Meta(min_length=3, max_length=12)]


# A time: written in the zone of the reader.
Moment = Annotated[datetime, Meta(tz=True)]
# The name of a person or a shop: two words at most outside the app.
Name = Annotated[str, Meta(extra={"shown_as": "name"})]
# A phone number: its middle is hidden outside the app.
Phone = Annotated[str, Meta(extra={"shown_as": "phone"})]
# The number of an account or a card: its last four digits, everywhere.
AccountNumber = Annotated[str, Meta(extra={"shown_as": "account"})]


class General(msgspec.Struct, frozen=True, kw_only=True):
    """The variables of the `<type>.general` kinds: the sender has written the text itself."""

    title: str
    message: str


def to_context(values: msgspec.Struct) -> dict[str, Any]:
    """Return variables as plain JSON, as a notification stores them."""
    plain: dict[str, Any] = msgspec.to_builtins(values)
    return plain


def from_context(variables: type[msgspec.Struct], context: Any) -> msgspec.Struct:
    """Read stored variables. Raises msgspec.ValidationError."""
    return msgspec.convert(context, variables)
