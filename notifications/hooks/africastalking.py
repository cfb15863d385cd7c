"""Africa's Talking: reports, opt-outs and inbound SMS, each as a form to a URL of the account.

Nothing is signed, and no reference of ours comes back. The path is secret; a report counts for a
delivery if its id and its number are both right.
"""

from __future__ import annotations

from collections.abc import Sequence

from notifications.addresses.values import address_hash
from notifications.channels.sms.africastalking import NAME, REASONS
from notifications.delivery.receipts import Fact, Heard
from notifications.hooks import tokens
from notifications.hooks.incoming import MAX_KEY, Answer, Incoming, Left, Said, Texted, form, wanted
from realtime.errors import InvalidInput

# The meaning of a report's status. Others, such as those of a later version, are kept only.
STATUSES: dict[str, Fact] = {
    "Sent": "accepted",
    "Submitted": "accepted",
    "Buffered": "accepted",
    "Success": "delivered",
    "Rejected": "failed",
    "Failed": "failed",
    "AbsentSubscriber": "failed",
    "Expired": "failed",
}


class AfricasTalking:
    """The source of three topics: reports (also without a topic), opt-out and inbound."""

    provider = NAME
    answers_by_sms = True

    def is_ours(self, incoming: Incoming) -> bool:
        return tokens.is_hook_token(NAME, incoming.token)

    def is_proven(self, incoming: Incoming) -> bool | None:
        return None

    def read(self, incoming: Incoming) -> Said:
        fields = form(incoming.body)
        match incoming.topic:
            case "" | "reports":
                return _report(fields)
            case "opt-out":
                [number] = wanted(fields, "phoneNumber")
                return Said(left=(Left(channel="sms", address=number),))
            case "inbound":
                number, key = wanted(fields, "from", "id")
                text = fields.get("text", "")
                return Said(texted=(Texted(event_key=key, address=number, text=text),))
            case _:
                raise InvalidInput("topic", "It is none of reports, opt-out and inbound.")

    def reply(self, answers: Sequence[Answer]) -> tuple[str, str]:
        return "", "text/plain"


def _report(fields: dict[str, str]) -> Said:
    key, status, number = wanted(fields, "id", "status", "phoneNumber")
    fact = STATUSES.get(status)
    if fact is None:
        return Said()
    reason = fields.get("failureReason", "")
    heard = Heard(
        provider=NAME,
        event_key=f"{key[: MAX_KEY - 50]}:{status}",
        fact=fact,
        provider_id=key[:MAX_KEY],
        address_hash=address_hash("sms", number),
        code=reason or status,
        verdict=REASONS.get(reason, "") if fact == "failed" else "",
    )
    return Said(heard=(heard,))
