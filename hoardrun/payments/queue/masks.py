"""Show what a provider has sent without what it tells of a person. Pure.

A body is listed value by value. Only values whose names say that they hold no person's data are
shown whole; of any other one sees that it is there.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

from msgspec import Struct

HIDDEN = "•••"
MOST = 60  # values of a body
_LONGEST = 200  # characters of a value
_DEEPEST = 8
# Names of values that tell how, how much, when and of which payment, in small letters.
_PLAIN = frozenset(
    {
        "airtel_money_id", "amount", "businessshortcode", "checkoutrequestid", "code",
        "completedtimestamp", "conversationid", "country", "created", "currency", "depositedamount",
        "depositid", "errorcode", "externalid", "failurecode", "financialtransactionid", "id",
        "merchantrequestid", "mpesareceiptnumber", "originatorconversationid", "payoutid",
        "errormessage", "providertransactionid", "reason", "refundid", "requestedamount",
        "requestid", "responsecode", "responsedescription", "resultdesc",
        "result_code", "resultcode", "resulttype", "status", "status_code", "success",
        "transactionamount", "transactioncompleteddatetime", "transactiondate", "transactionid",
        "transactionreceipt", "transactiontype", "transamount", "transid", "transtime",
    }
)  # fmt: skip
_NAMES, _VALUES = ("Name", "Key"), "Value"  # of a list of pairs, as Daraja writes them


class WhyFact(Struct, frozen=True):
    """One value of a body, with its path."""

    name: str
    value: str


def facts_in(raw: bytes, *, phone: str = "") -> tuple[WhyFact, ...]:
    """List the values of a JSON body; of anything else, say how long it is.

    `phone` is the payment's, which is hidden wherever it stands.
    """
    if not raw:
        return ()
    try:
        found = json.loads(raw.decode(), parse_float=str, parse_int=str, object_pairs_hook=_Pairs)
    except (ValueError, RecursionError):
        return (WhyFact("body", f"{len(raw)} bytes that are no JSON"),)
    facts: list[WhyFact] = []
    for name, value in _values(found, "", 0):
        if len(facts) == MOST:
            facts.append(WhyFact("…", "more follows"))
            break
        facts.append(WhyFact(name[-_LONGEST:], _shown(name, value, phone)))
    return tuple(facts)


class _Pairs(list[tuple[str, Any]]):
    """An object of JSON. A name that stands twice in it is listed twice."""


def _values(node: Any, path: str, depth: int) -> Iterator[tuple[str, Any]]:
    if depth > _DEEPEST:
        yield path, node
        return
    match node:
        case _Pairs():
            given = dict(node)
            named = next((given[key] for key in _NAMES if isinstance(given.get(key), str)), None)
            if named is not None and set(given) <= {*_NAMES, _VALUES}:
                yield from _values(given.get(_VALUES), f"{path}.{named}".lstrip("."), depth + 1)
                return
            for key, value in node:
                yield from _values(value, f"{path}.{key}".lstrip("."), depth + 1)
        case list():
            for value in node:
                yield from _values(value, path, depth + 1)
        case _:
            yield path, node


def _shown(path: str, value: Any, phone: str) -> str:
    if value is None or isinstance(value, bool) or value == "":
        return json.dumps(value)
    text = str(value) if isinstance(value, str) else "…"
    is_plain = path.rpartition(".")[2].lower() in _PLAIN
    if not is_plain or (phone and _digits(phone)[-8:] in _digits(text)):
        return HIDDEN
    return text[:_LONGEST]


def _digits(text: str) -> str:
    return re.sub(r"\D", "", text)
