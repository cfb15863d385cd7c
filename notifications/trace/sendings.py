"""Deliveries in words: what was decided, called and heard. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from notifications.choices import DeliveryState
from notifications.delivery.states import facts_of
from notifications.models import Attempt, Delivery, Receipt, Suppression
from notifications.policy.facts import OPTIONAL
from notifications.trace.causes import REASONS, cause
from notifications.trace.loading import ENDED, Loaded
from notifications.trace.masks import masked
from notifications.trace.parts import Call, Heard, Said, Sending
from notifications.trace.words import FACTS, HOWS, OUTCOMES, STATES
from realtime.outgoing import Outcome
from realtime.trace.moments import of_text, spoken, stamp


def sendings(rows: Iterable[Delivery], found: Loaded) -> tuple[Sending, ...]:
    """Describe deliveries."""
    return tuple(_sending(row, found) for row in rows)


def evidence_text(evidence: Any) -> str:
    """Say how a user was reached, from what a row keeps of it; "" for nothing."""
    if not isinstance(evidence, dict) or not evidence.get("how"):
        return ""
    how = HOWS.get(evidence["how"], evidence["how"])
    device, at = evidence.get("device"), of_text(evidence.get("at"))
    where = f" (on {device})" if device else ""
    since = f", no later than {at}" if at else ""
    return f"{how[:1].upper()}{how[1:]}{where}{since}."


def suppression_said(rows: Iterable[Suppression], channel: str, hash: str) -> Said | None:
    """Say what forbids the use of an address now, and how that ends."""
    for row in rows:
        if (row.channel, row.hash) != (channel, hash):
            continue
        why = REASONS.get(row.reason, Said(f"The reason is {row.reason}."))
        source = f" by {row.source}" if row.source else ""
        what = {"": "everything", OPTIONAL: "all that is not required"}.get(row.scope, row.scope)
        until = "" if row.until is None else f", until {spoken(row.until)}"
        text = f"The address is suppressed for {what}{until}. {why.text}"
        advice = f"Lift the suppression: {row.reason} on {spoken(row.created_at)}{source}."
        return Said(text, advice)
    return None


def _sending(row: Delivery, found: Loaded) -> Sending:
    said = _said(row, found)
    address = row.address
    return Sending(
        id=str(row.pk),
        channel=row.channel,
        to=masked(
            row.channel,
            "" if address is None else address.value,
            service="" if address is None else address.service,
            device="" if address is None else address.device,
            hash=row.address_hash,
        ),
        state=row.state,
        rule=row.decided_by,
        reason=row.reason,
        text=said.text,
        advice=said.advice,
        decided_at=stamp(row.created_at),
        not_before=stamp(row.not_before),
        expires_at=stamp(row.expires_at),
        provider=row.provider,
        provider_id=row.provider_id or "",
        attempts=row.attempts,
        resend=row.resend,
        required=row.required,
        possible_duplicate=row.possible_duplicate,
        late=row.late,
        locale=row.locale,
        policy_version=row.policy_version,
        preference_version=row.preference_version,
        template_version=row.template_version,
        segments=row.segments,
        cost=None if row.cost is None else f"{row.cost.normalize():f}",
        cost_currency=row.cost_currency,
        facts={name: stamp(getattr(row, name)) for name in row.FACTS if name in facts_of(row)},
        calls=tuple(map(_call, found.calls.get(row.pk, ()))),
        heard=tuple(map(_heard, found.receipts.get(row.pk, ()))),
    )


def _said(row: Delivery, found: Loaded) -> Said:
    """Say where a delivery stands, why, and what would change it."""
    state = STATES[DeliveryState(row.state)]
    why = cause(row.decided_by, row.reason, row.channel)
    advice = state.advice
    parts = [state.text]
    if row.state in ENDED or row.reason or row.state == DeliveryState.QUEUED:
        parts.append(why.text)
        advice = why.advice if row.state in ENDED else advice or why.advice
    parts.append(evidence_text(row.evidence))
    if row.state == DeliveryState.QUEUED and row.not_before > found.now:
        parts.append(f"It is tried from {spoken(row.not_before)} on.")
    if row.possible_duplicate:
        parts.append("The user may have it twice, as nobody could know whether the first one left.")
    if isinstance(row.evidence, dict) and (who := row.evidence.get("by")):
        parts.append(f"Sent once more by {who}: {row.evidence.get('why')}")
    if row.late:
        parts.append("It went out although the user had just seen the notification.")
    if row.state in ENDED and row.address_hash:
        now = suppression_said(found.suppressions, row.channel, row.address_hash)
        advice = advice if now is None else now.advice
    return Said(" ".join(filter(None, parts)), advice)


def _call(row: Attempt) -> Call:
    outcome = OUTCOMES.get(Outcome(row.outcome), row.outcome)
    details = ", ".join(str(each) for each in (row.status, row.code) if each)
    return Call(
        number=row.lease,
        provider=row.provider,
        outcome=row.outcome,
        status=row.status,
        code=row.code,
        started_at=stamp(row.started_at),
        duration_ms=row.duration_ms,
        text=f"{row.provider} {outcome}{f' ({details})' if details else ''}.",
    )


def _heard(row: Receipt) -> Heard:
    fact = next((text for name, text in FACTS.items() if name == row.fact), f"said {row.fact}")
    who = "The device" if row.provider == "device" else row.provider
    return Heard(
        at=stamp(row.happened_at or row.created_at),
        provider=row.provider,
        fact=row.fact,
        code=row.code,
        text=f"{who} {fact}{f' ({row.code})' if row.code else ''}.",
    )
