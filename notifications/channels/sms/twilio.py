"""SMS by Twilio.

There is no key that makes a repetition harmless; instead, the address of the callback carries the
delivery, and a call whose outcome is not known is looked up by number, time and text.
"""

from __future__ import annotations

import re
from base64 import b64encode
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import urlencode

from msgspec.structs import replace

from notifications.channels import answers
from notifications.channels.message import Answer, Message, Target
from notifications.channels.options import ChannelOptions
from notifications.channels.sms import gsm
from notifications.hooks import tokens
from notifications.kinds import Channel
from realtime.outgoing import Client, Outcome, Reply

NAME = "twilio"
# Errors of a call and, later, of a report.
CODES: dict[int, answers.Meaning] = {
    20003: answers.MISTAKE,  # login
    20404: answers.MISTAKE,  # account or path
    20429: answers.LATER,
    21211: answers.INVALID,
    21212: answers.MISTAKE,  # sender
    21408: answers.MISTAKE,  # country not switched on
    21606: answers.MISTAKE,  # sender
    21608: answers.MISTAKE,  # a trial account
    21610: answers.OPTED_OUT,  # STOP
    21612: answers.REFUSED,  # no route
    21614: answers.INVALID,  # no mobile
    30001: answers.LATER,  # queue full
    30002: answers.MISTAKE,  # account suspended
    30003: answers.REFUSED,  # cannot be reached
    30004: answers.REFUSED,  # blocked
    30005: answers.INVALID,  # unknown
    30006: answers.INVALID,  # landline
    30007: answers.REFUSED,  # filtered
    30008: answers.REFUSED,  # no reason given
}
# States of a message that is not delivered and will not be.
FAILED = frozenset({"failed", "undelivered", "canceled"})
_MIN_LIFE, _MAX_LIFE = 1, 14_400  # seconds that ValidityPeriod takes
# A message that is looked up was made after its claim and before the end of its call, which may
# wait for its turn until the lease of a minute is over; clocks differ.
_BEFORE, _AFTER = timedelta(seconds=5), timedelta(seconds=90)
_PAGE = 50
_COUNT = re.compile(r"[0-9]{1,3}")


def fields(message: Message, options: ChannelOptions, now: datetime) -> dict[str, str]:
    """Build the form of a call."""
    life = int((message.expires_at - now).total_seconds())
    form = {
        "To": message.to.value,
        "Body": gsm.replace(message.content.body),
        "StatusCallback": tokens.callback_url(NAME, message.delivery_id),
        "ValidityPeriod": str(min(max(life, _MIN_LIFE), _MAX_LIFE)),
    }
    if options.twilio_messaging_service:
        form["MessagingServiceSid"] = options.twilio_messaging_service
    else:
        form["From"] = options.twilio_from
    return form


def parse(reply: Reply) -> Answer:
    """Read the answer to a call."""
    body = answers.json_object(reply) or {}
    if reply.status in {200, 201}:
        if not isinstance(body.get("sid"), str):
            return answers.by_code(reply, "unreadable", answers.UNKNOWN)
        return _of_message(reply, body)
    code = body.get("code")
    if isinstance(code, int) and reply.status is not None:
        if meaning := CODES.get(code):
            return answers.by_code(reply, code, meaning)
        # Of a code that we do not know, a 400 may be about the number or the text.
        return replace(
            answers.by_transport(reply), code=str(code), our_mistake=reply.status in {401, 403}
        )
    return answers.by_transport(reply)


def _of_message(reply: Reply, found: Mapping[str, Any]) -> Answer:
    status, code = found.get("status"), found.get("error_code")
    meaning = answers.ACCEPTED
    if status in FAILED:
        meaning = CODES.get(code, answers.REFUSED) if isinstance(code, int) else answers.REFUSED
    return replace(
        answers.by_code(reply, code or status or "", meaning),
        provider_id=answers.identifier(found["sid"]),
        segments=_number(found.get("num_segments")),
    )


def _number(text: object) -> int | None:
    return int(text) if isinstance(text, str) and _COUNT.fullmatch(text) else None


def parse_account(reply: Reply) -> Answer:
    """Read the state of the account: one that is suspended sends nothing."""
    status = (answers.json_object(reply) or {}).get("status")
    if reply.status == 200 and status != "active":
        return answers.by_code(reply, status, answers.MISTAKE)
    return parse(reply) if reply.status != 200 else answers.by_transport(reply)


def query(message: Message) -> dict[str, str]:
    """Build the query that lists what was sent to the number since the day of the call."""
    since = (message.attempted_at or message.happened_at).astimezone(UTC) - _BEFORE
    return {
        "To": message.to.value,
        "DateSent>": since.date().isoformat(),
        "PageSize": str(_PAGE),
    }


def parse_list(reply: Reply, message: Message) -> Answer:
    """Find the message in a list: accepted if it is there, not sent if it is not.

    A text that is given must be the same; without one, number and time have to say which it is.
    What is known to be another message is left out.
    """
    body = answers.json_object(reply) or {}
    listed = body.get("messages")
    if reply.status != 200 or not isinstance(listed, list):
        return replace(answers.by_transport(reply), outcome=Outcome.UNKNOWN)
    found = list(_candidates(listed, message))
    if len(found) == 1:
        return _of_message(reply, found[0])
    if found:
        return answers.by_code(reply, "several", answers.UNKNOWN)
    if body.get("next_page_uri"):
        return answers.by_code(reply, "too_many", answers.UNKNOWN)
    return answers.by_code(reply, "not_found", answers.Meaning(Outcome.NOT_SENT))


def _candidates(listed: Iterable[object], message: Message) -> Iterator[Mapping[str, Any]]:
    text = gsm.replace(message.content.body)
    began = message.attempted_at or message.happened_at
    latest = began + _AFTER if message.attempted_at else message.expires_at
    for found in listed:
        if isinstance(found, dict) and isinstance(found.get("sid"), str):
            created = _date(found.get("date_created"))
            is_timely = created is not None and began - _BEFORE <= created <= latest
            is_same = found.get("to") == message.to.value and text in {"", found.get("body")}
            if is_timely and is_same and found["sid"] not in message.known_ids:
                yield found


def _date(text: object) -> datetime | None:
    try:
        found = parsedate_to_datetime(str(text))
    except ValueError:
        return None
    return found.replace(tzinfo=found.tzinfo or UTC)


class Twilio:
    """The provider."""

    name = NAME
    channel: Channel = "sms"
    service = ""

    def __init__(self, options: ChannelOptions, client: Client) -> None:
        self.rate = options.sms_pace
        self._options = options
        self._client = client
        login = f"{options.twilio_account_sid}:{options.twilio_auth_token}"
        self._headers = {
            "Authorization": f"Basic {b64encode(login.encode()).decode()}",
            "Accept": "application/json",
        }
        account = f"{options.twilio_url}/2010-04-01/Accounts/{options.twilio_account_sid}"
        self._account_url = f"{account}.json"
        self._url = f"{account}/Messages.json"

    def host(self, to: Target) -> str:
        return self.name

    def send(self, message: Message) -> Answer:
        form = fields(message, self._options, datetime.now(UTC))
        reply = self._client.call(
            "POST",
            self._url,
            headers=self._headers | {"Content-Type": "application/x-www-form-urlencoded"},
            body=urlencode(form).encode(),
        )
        answer = parse(reply)
        return replace(answer, segments=answer.segments or gsm.segments(form["Body"]))

    def look_up(self, message: Message) -> Answer | None:
        url = f"{self._url}?{urlencode(query(message))}"
        return parse_list(self._client.call("GET", url, headers=self._headers), message)

    def check(self) -> Answer:
        return parse_account(self._client.call("GET", self._account_url, headers=self._headers))
