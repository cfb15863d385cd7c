"""SMS by Africa's Talking.

A call has one recipient. The HTTP status says nothing of the recipient, its `statusCode` does. No
reference of ours comes back with a report, and nothing can be looked up.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, time, timedelta
from decimal import Decimal, InvalidOperation
from typing import Any
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from msgspec.structs import replace

from notifications.channels import answers
from notifications.channels.message import Answer, Message, Target, Verdict
from notifications.channels.options import ChannelOptions
from notifications.channels.sms import gsm
from notifications.kinds import Channel
from realtime.outgoing import Client, Outcome, Reply

NAME = "africastalking"
PATH = "/version1/messaging"
DO_NOT_DISTURB = 409
# The meaning of a recipient's `statusCode`.
CODES: dict[int, answers.Meaning] = {
    100: answers.ACCEPTED,  # processed
    101: answers.ACCEPTED,  # sent
    102: answers.ACCEPTED,  # queued
    401: answers.MISTAKE,  # held for its risk
    402: answers.REFUSED,  # sender id
    403: answers.INVALID,  # number
    404: answers.REFUSED,  # type of number
    405: answers.MISTAKE,  # balance
    406: answers.OPTED_OUT,  # black list: STOP
    407: answers.REFUSED,  # no route
    DO_NOT_DISTURB: answers.LATER,
    500: answers.LATER,
    501: answers.LATER,  # gateway
    502: answers.REFUSED,  # by the gateway
}
# The verdict on the number by the `failureReason` of a report.
REASONS: dict[str, Verdict] = {
    "UserIsInactive": "invalid",
    "UserAccountSuspended": "invalid",
    "NotNetworkSubcriber": "invalid",  # as they spell it
    "UserDoesNotExist": "invalid",
    "UserInBlackList": "opted_out",
}
_MAX_COST, _PLACES = 10**6, 6  # of one SMS, as it is stored
# Nigeria lets promotional senders send from 08 to 20 h.
_DAY_BEGINS, _NIGERIA = time(8), ZoneInfo("Africa/Lagos")


def fields(message: Message, options: ChannelOptions) -> dict[str, str]:
    """Build the form of a call."""
    form = {
        "username": options.africastalking_username,
        "to": message.to.value,
        "message": gsm.replace(message.content.body),
        "enqueue": "1",
    }
    if options.africastalking_sender:
        form["from"] = options.africastalking_sender
    return form


def parse(reply: Reply, now: datetime) -> Answer:
    """Read the answer to a call with one recipient."""
    body = answers.json_object(reply)
    if reply.status not in {200, 201}:
        return answers.by_transport(reply)
    data = body.get("SMSMessageData") if body else None
    recipients = data.get("Recipients") if isinstance(data, dict) else None
    if not isinstance(recipients, list):
        return answers.by_code(reply, "unreadable", answers.UNKNOWN)
    if len(recipients) != 1 or not isinstance(recipients[0], dict):
        # Without a recipient nothing was sent: the request itself was at fault.
        return answers.by_code(reply, "no_recipient", answers.MISTAKE)
    return _of_recipient(reply, recipients[0], now)


def _of_recipient(reply: Reply, recipient: Mapping[str, Any], now: datetime) -> Answer:
    code = recipient.get("statusCode")
    meaning = CODES.get(code, answers.UNKNOWN) if isinstance(code, int) else answers.UNKNOWN
    answer = answers.by_code(reply, code, meaning)
    if code == DO_NOT_DISTURB:
        return replace(answer, retry_after_seconds=_until_the_day_begins(now))
    if meaning.outcome is not Outcome.ACCEPTED:
        return answer
    cost, currency = _cost(recipient.get("cost"))
    return replace(
        answer,
        provider_id=_identifier(recipient.get("messageId")),
        cost=cost,
        cost_currency=currency,
    )


def _identifier(text: object) -> str | None:
    """Return the provider's id. Where it has none, it writes the word None."""
    return None if text == "None" else answers.identifier(text)


def _cost(text: object) -> tuple[Decimal | None, str]:
    """Read an amount such as `KES 0.8000`."""
    currency, _, amount = str(text).partition(" ")
    try:
        cost = Decimal(amount)
    except InvalidOperation:
        return None, ""
    if len(currency) != 3 or not cost.is_finite() or not 0 <= cost < _MAX_COST:
        return None, ""
    return round(cost, _PLACES), currency


def _until_the_day_begins(now: datetime) -> float:
    local = now.astimezone(_NIGERIA)
    begins = datetime.combine(local.date(), _DAY_BEGINS, _NIGERIA)
    if begins <= local:
        begins += timedelta(days=1)
    return (begins - local).total_seconds()


class AfricasTalking:
    """The provider. Its reports come to one URL of the account."""

    name = NAME
    channel: Channel = "sms"
    service = ""

    def __init__(self, options: ChannelOptions, client: Client) -> None:
        self.rate = options.sms_pace
        self._options = options
        self._client = client

    def host(self, to: Target) -> str:
        return self.name

    def send(self, message: Message) -> Answer:
        form = fields(message, self._options)
        reply = self._client.call(
            "POST",
            self._options.africastalking_url + PATH,
            headers={
                "apiKey": self._options.africastalking_api_key,
                "Accept": "application/json",
                "Content-Type": "application/x-www-form-urlencoded",
            },
            body=urlencode(form).encode(),
        )
        return replace(parse(reply, datetime.now(UTC)), segments=gsm.segments(form["message"]))

    def look_up(self, message: Message) -> Answer | None:
        return None

    def check(self) -> Answer:
        query = urlencode({"username": self._options.africastalking_username})
        reply = self._client.call(
            "GET",
            f"{self._options.africastalking_url}/version1/user?{query}",
            headers={"apiKey": self._options.africastalking_api_key, "Accept": "application/json"},
        )
        return answers.by_transport(reply)
