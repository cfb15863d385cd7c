"""Make the calls of all providers: a protocol writes the request and reads what comes back.

Nothing here reads or writes a row. A call never raises for what a provider or the network does:
whatever happens is evidence.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from decimal import Decimal

import msgspec

from hoardrun.payments.calling.asking import Unbuilt, asked
from hoardrun.payments.calling.tokens import NoToken
from hoardrun.payments.codes import Meaning, evidence_of
from hoardrun.payments.evidence import Claim, Evidence, Source
from hoardrun.payments.providers import replies
from hoardrun.payments.providers.interface import AnyProvider, Kind, Order, Request
from hoardrun.payments.providers.registry import ACCOUNTS, PROVIDERS
from hoardrun.payments.providers.settings import keys_of
from realtime.outgoing import Outcome, Reply

logger = logging.getLogger(__name__)

# Answers to a mistake of ours. The token may have been it, if the call was refused.
_OF_TOKENS = frozenset({"config", "token"})
# Evidence that a provider is in trouble, and not the payment.
_TROUBLE = frozenset({"no_answer", "not_sent", "timeout"})


class Called(msgspec.Struct, frozen=True, kw_only=True):
    """The result of a call: evidence of a payment, and the state of its provider."""

    evidence: Evidence
    has_failed: bool = False  # the provider could not be reached, or is in trouble
    retry_after_seconds: float | None = None

    @property
    def is_our_mistake(self) -> bool:
        """Say whether the next call would fail as well, such as by a wrong key."""
        return self.evidence.reason in _OF_TOKENS


def begin(name: str, order: Order, base_url: str) -> Called:
    """Ask a provider for a payment. Once only: the caller has committed that it will."""
    provider, keys = PROVIDERS[name], keys_of(name, order.kind)
    return _called(
        provider,
        order,
        base_url,
        lambda token: provider.begin(order, keys, token),
        lambda reply: provider.read_begun(order, reply),
        Source.ACK,
    )


def look(name: str, order: Order, base_url: str) -> Called:
    """Ask a provider what became of a payment, where it was asked for."""
    provider, keys = PROVIDERS[name], keys_of(name, order.kind)
    return _called(
        provider,
        order,
        base_url,
        lambda token: provider.look(order, keys, token),
        lambda reply: provider.read_look(order, reply),
        Source.QUERY,
    )


def ask_name(name: str, order: Order, base_url: str) -> str | None:
    """Ask whose wallet a number is; empty if its provider knows none, None without an answer."""
    provider, keys = PROVIDERS[name], keys_of(name, order.kind)
    reply = _told(
        provider, order.kind, base_url, lambda token: provider.ask_name(order, keys, token)
    )
    if reply is None or replies.meaning_of_look(reply) is not None:
        return None
    return provider.read_name(reply)


def ask_balance(name: str, kind: Kind, currency: str, base_url: str) -> Decimal | None:
    """Ask what our account for a kind of payment holds; None if that is not told."""
    provider, keys = PROVIDERS[name], keys_of(name, kind)
    reply = _told(provider, kind, base_url, lambda token: provider.ask_balance(keys, token, kind))
    return None if reply is None else provider.read_balance(reply, currency)


def register_urls(
    name: str, base_url: str, *, told_at: str, asked_at: str, without_us: bool
) -> str:
    """Have a provider tell of payments to our account at these URLs; return its refusal, if any."""
    accounts, keys = ACCOUNTS[name], keys_of(name, "collect")
    reply = _told(
        PROVIDERS[name],
        "collect",
        base_url,
        lambda token: accounts.register(
            keys, token, told_at=told_at, asked_at=asked_at, without_us=without_us
        ),
    )
    return "nothing was sent" if reply is None else accounts.refusal(reply)


def has_name_check(name: str) -> bool:
    """Say whether a provider tells whose wallet a number is."""
    return PROVIDERS[name].capabilities.name_check


def _called(
    provider: AnyProvider,
    order: Order,
    base_url: str,
    build: Callable[[str], Request | None],
    read: Callable[[Reply], Evidence],
    source: Source,
) -> Called:
    """Make a call about a payment, and return what it tells."""

    def refuses_token(reply: Reply) -> bool:
        was_answered = reply.status is not None and 400 <= reply.status < 500
        return was_answered and _read(provider, order, reply, read, source).reason in _OF_TOKENS

    try:
        reply = asked(provider, order.kind, base_url, build, refuses_token)
    except NoToken as error:
        return _without_token(error.reply, source)
    except Unbuilt:
        return Called(evidence=_refused(source, "request"))
    if reply is None:
        why = Meaning(Claim.UNKNOWN, "no_answer")
        return Called(evidence=evidence_of(why, source, raw_code="unasked"))
    evidence = _read(provider, order, reply, read, source)
    return Called(
        evidence=evidence,
        has_failed=_is_trouble(reply) and evidence.reason in _TROUBLE,
        retry_after_seconds=reply.retry_after_seconds,
    )


def _told(
    provider: AnyProvider, kind: Kind, base_url: str, build: Callable[[str], Request | None]
) -> Reply | None:
    """Ask something that is about no payment; None if it cannot be asked."""
    try:
        return asked(provider, kind, base_url, build, lambda reply: reply.status == 401)
    except (NoToken, Unbuilt):
        return None


def _without_token(reply: Reply, source: Source) -> Called:
    """Return what it means that there is no token: nothing was asked for."""
    is_later = reply.outcome is Outcome.LATER
    is_refused = reply.status is not None and 400 <= reply.status < 500 and not is_later
    if source is Source.QUERY:
        why = replies.TOKEN if is_refused else replies.NO_ANSWER
        evidence = evidence_of(why, source, raw_code=_code(reply))
        return Called(evidence=evidence, has_failed=not is_refused)
    if is_refused or reply.outcome is Outcome.REFUSED:
        return Called(evidence=_refused(source, _code(reply)))
    evidence = evidence_of(replies.NOT_SENT, source, raw_code=_code(reply))
    return Called(evidence=evidence, has_failed=True)


def _read(
    provider: AnyProvider,
    order: Order,
    reply: Reply,
    read: Callable[[Reply], Evidence],
    source: Source,
) -> Evidence:
    try:
        return read(reply)
    except Exception:  # it promises not to raise; what was answered is then not known
        logger.exception("%s: the answer for payment %s cannot be read", provider.name, order.id)
        return evidence_of(replies.UNREADABLE, source, raw=reply.body)


def _refused(source: Source, raw_code: str) -> Evidence:
    """Return what a mistake of ours means, by which nothing was sent."""
    if source is Source.QUERY:
        return evidence_of(replies.TOKEN, source, raw_code=raw_code)
    return evidence_of(replies.NEVER_SENT, source, raw_code=raw_code)


def _is_trouble(reply: Reply) -> bool:
    return reply.status is None or reply.status >= 500


def _code(reply: Reply) -> str:
    return f"token {reply.status or reply.error}"
