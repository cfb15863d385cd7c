"""Push to Android apps, by Firebase's HTTP v1 API."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import msgspec
from msgspec.structs import replace

from notifications.channels import answers
from notifications.channels.answers import Meaning
from notifications.channels.message import Answer, Message, Target
from notifications.channels.options import ChannelOptions
from notifications.channels.push import payload
from notifications.channels.push.google import Tokens, read_account
from notifications.kinds import Channel
from realtime.outgoing import Client, Outcome, Reply

NAME = "fcm"
MAX_TTL = 2_419_200  # four weeks, in seconds
_FIRST_PAUSE, _LONGEST_PAUSE = 10.0, 600.0  # seconds, where no Retry-After says another
_DETAIL = "type.googleapis.com/google.firebase.fcm.v1.FcmError"
_BAD_REQUEST = "type.googleapis.com/google.rpc.BadRequest"
CODES: dict[str, Meaning] = {
    "UNREGISTERED": answers.GONE,
    "SENDER_ID_MISMATCH": Meaning(Outcome.REFUSED, "gone", our_mistake=True),
    "INVALID_ARGUMENT": answers.GONE,  # the token, unless the request itself is bad
    "QUOTA_EXCEEDED": answers.LATER,
    "UNAVAILABLE": answers.LATER,
    "INTERNAL": answers.UNKNOWN,
    "THIRD_PARTY_AUTH_ERROR": answers.MISTAKE,  # Apple's key, as Firebase has it
}


def body(message: Message, now: datetime) -> bytes:
    """Build the body of a call.

    A repetition replaces what is shown by its tag. Only a digest has a collapse key, that of its
    category: a newer one replaces what waits for a phone that is offline. Firebase keeps four keys
    for a phone and loses the others, so a message of its own never has one.
    """
    life = int((message.expires_at - now).total_seconds())
    shown: dict[str, Any] = {"channel_id": message.category, "tag": message.notification_id}
    if message.unread is not None:
        shown["notification_count"] = message.unread
    android: dict[str, Any] = {
        "priority": "high" if message.urgent else "normal",
        "ttl": f"{min(max(life, 0), MAX_TTL)}s",
        "notification": shown,
    }
    if message.is_digest:
        android["collapse_key"] = f"digest-{message.category}"
    return msgspec.json.encode(
        {
            "message": {
                "token": message.to.value,
                "notification": {"title": message.content.title, "body": message.content.body},
                "data": payload.for_app(message),
                "android": android,
            }
        }
    )


def parse(reply: Reply, attempt: int) -> Answer:
    """Read the answer of Firebase."""
    found = answers.json_object(reply) or {}
    if reply.status == 200:
        name = found.get("name")
        if not isinstance(name, str):
            return answers.by_code(reply, "unreadable", answers.UNKNOWN)
        return replace(
            answers.by_code(reply, "", answers.ACCEPTED), provider_id=answers.identifier(name)
        )
    code, is_bad_request = _error(found)
    if is_bad_request:
        return answers.by_code(reply, code or "BAD_REQUEST", answers.MISTAKE)
    meaning = CODES.get(code)
    if meaning is None:
        return answers.by_transport(reply)
    answer = answers.by_code(reply, code, meaning)
    if answer.outcome is Outcome.LATER and answer.retry_after_seconds is None:
        pause = min(_FIRST_PAUSE * 2 ** min(attempt - 1, 10), _LONGEST_PAUSE)
        answer = replace(answer, retry_after_seconds=pause)
    return answer


def _error(found: Mapping[str, Any]) -> tuple[str, bool]:
    """Return Firebase's code, and whether the request itself was bad."""
    error = found.get("error")
    details = error.get("details") if isinstance(error, dict) else None
    code, is_bad_request = "", False
    for detail in details if isinstance(details, list) else []:
        if isinstance(detail, dict) and detail.get("@type") == _DETAIL:
            code = str(detail.get("errorCode", ""))
        elif isinstance(detail, dict) and detail.get("@type") == _BAD_REQUEST:
            is_bad_request = True
    return code, is_bad_request


class Fcm:
    """The provider."""

    name = NAME
    channel: Channel = "push"
    service = "fcm"

    def __init__(self, options: ChannelOptions, client: Client) -> None:
        """Raises ValueError for a service account that is none."""
        account = read_account(options.fcm_service_account)
        self.rate = options.push_pace
        self._client = client
        self._tokens = Tokens(account, client)
        self._url = f"{options.fcm_url}/v1/projects/{account.file.project_id}/messages:send"

    def host(self, to: Target) -> str:
        return self.name

    def send(self, message: Message) -> Answer:
        token = self._tokens.get()
        if isinstance(token, Answer):
            return token
        now = datetime.now(UTC)
        reply = self._client.call(
            "POST",
            self._url,
            headers={"Authorization": f"Bearer {token}", "Content-Type": "application/json"},
            body=payload.fitted(message, lambda one: body(one, now), payload.MAX_APP),
        )
        answer = parse(reply, message.attempt)
        if reply.status == 401 and not answer.code:
            # The token has ended early; a new one comes with the next attempt.
            self._tokens.drop(token)
            return replace(
                answer,
                outcome=Outcome.LATER,
                code="access_token_refused",
                our_mistake=message.attempt > 1,
            )
        return answer

    def look_up(self, message: Message) -> Answer | None:
        return None

    def check(self) -> Answer:
        token = self._tokens.get()
        return token if isinstance(token, Answer) else Answer(outcome=Outcome.ACCEPTED)
