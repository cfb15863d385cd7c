"""Read JSON strictly: no repeated names, no numbers that a double would change. Pure."""

from __future__ import annotations

import codecs
import json
from decimal import Decimal, InvalidOperation
from typing import Any, NoReturn

from realtime.protocol.codec import GivenTwice, each_once

MAX_SHOWN = 64  # characters of a name in an error


class Unreadable(ValueError):
    """A body that cannot be read; the message is for its sender."""


def loads(body: bytes) -> Any:
    """Read a JSON document in UTF-8; ignore a byte order mark.

    Raises Unreadable for anything but JSON, for `NaN` and `Infinity`, for numbers of thousands of
    digits, and for nesting that Python cannot read. Also for a name that is repeated in one
    object, as with two amounts nothing says which one counts, and for a fraction or exponent
    that a double does not hold, such as 1e400, as it would be stored as another number.
    """
    try:
        text = body.removeprefix(codecs.BOM_UTF8).decode()
        return json.loads(
            text, object_pairs_hook=each_once, parse_float=_float, parse_constant=_no_constant
        )
    except UnicodeDecodeError:
        raise Unreadable("The body must be JSON in UTF-8.") from None
    except json.JSONDecodeError as error:
        raise Unreadable(f"The body is not JSON: {error}.") from None
    except GivenTwice as twice:
        name = str(twice)[:MAX_SHOWN]
        raise Unreadable(f"The name {name!r} is given twice; give it once.") from None
    except RecursionError:
        raise Unreadable("The JSON is nested too deeply.") from None
    except Unreadable:
        raise
    except ValueError:  # Python reads no number of more than 4,300 digits
        raise Unreadable("A number of the body has too many digits.") from None


def _float(text: str) -> float:
    number = float(text)
    try:
        # Accept the shortest digits of a double, and its exact digits.
        is_kept = Decimal(text) in (Decimal(repr(number)), Decimal(number))
    except InvalidOperation:  # an exponent of nineteen digits or more
        is_kept = False
    if not is_kept:
        shown = text if len(text) <= MAX_SHOWN else f"{text[:MAX_SHOWN]}…"
        raise Unreadable(f"The number {shown} cannot be kept exactly; send it as text.")
    return number


def _no_constant(name: str) -> NoReturn:
    raise Unreadable(f"{name} is not JSON; leave it out, or send null.")
