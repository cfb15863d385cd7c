"""Ask for SMS after an announcement, approve them as a second person, cancel them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from django.contrib.auth import get_user_model

from notifications import languages, validation
from notifications.channels import registry
from notifications.fallbacks import errors
from notifications.models import Announcement, Fallback
from realtime import clock
from realtime.errors import InvalidInput, NotFound
from realtime.log_context import request_id
from realtime.rest.permissions import staff_may
from realtime.retry import one_transaction

REQUEST = "notifications.request_fallback"
APPROVE = "notifications.approve_fallback"
TEXT_LENGTH = 300  # with its frame, three segments at the most
APPROVAL_HOURS = 24


@one_transaction
def fallback_request(
    *, announcement_id: int, user_id: int, texts: Mapping[str, Any] | None = None
) -> Fallback:
    """Have an announcement followed by SMS, before it is published.

    `texts` are the words of the SMS by language; in a language without any, it is what the
    announcement says. Nothing is sent until another person has approved. Raises Refused.
    """
    _require(user_id, REQUEST)
    row = Announcement.objects.select_for_update(no_key=True).filter(pk=announcement_id).first()
    if row is None:
        raise NotFound(f"There is no announcement {announcement_id}.")
    if row.published_at is not None:
        raise errors.AlreadyPublished(row.pk)
    fallback, is_new = Fallback.objects.get_or_create(
        announcement=row,
        defaults={
            "texts": _texts({} if texts is None else texts),
            "requested_by_id": user_id,
            "requested_at": clock.now(),
        },
    )
    if not is_new:
        raise errors.AlreadyRequested(row.pk)
    return fallback


@one_transaction
def fallback_approve(*, announcement_id: int, user_id: int) -> Fallback:
    """Let the SMS be sent, once devices have had their time. Raises Refused.

    Only somebody else than the one who asked may do so, and only once nobody can change the
    announcement any more.
    """
    _require(user_id, APPROVE)
    fallback, now = _locked(announcement_id), clock.now()
    if fallback.requested_by_id == user_id:
        raise errors.OwnFallback
    if fallback.approved_at is not None or fallback.cancelled_at is not None:
        state = "cancelled" if fallback.cancelled_at is not None else "approved already"
        raise errors.NothingToApprove(state)
    if fallback.announcement.published_at is None:
        raise errors.NotPublished(fallback.pk)
    if _is_too_old(fallback.announcement, now):
        raise errors.ApprovalTooLate(APPROVAL_HOURS)
    if "sms" not in registry.configured():
        raise errors.NoSms
    fallback.approved_by_id, fallback.approved_at = user_id, now
    fallback.approved_request_id = request_id()
    fallback.save(update_fields=["approved_by", "approved_at", "approved_request_id"])
    return fallback


@one_transaction
def fallback_cancel(*, announcement_id: int, user_id: int) -> Fallback:
    """Send no more of these SMS. Those that are being sent go on; does nothing at the end.

    Either of the two rights is enough. Raises Refused.
    """
    _require(user_id, REQUEST, APPROVE)
    fallback = _locked(announcement_id)
    if fallback.cancelled_at is None:
        # What waits is cancelled by a worker, or by its last look.
        fallback.cancelled_by_id, fallback.cancelled_at = user_id, clock.now()
        fallback.finished_at, fallback.cancelled_request_id = None, request_id()
        fallback.save(
            update_fields=["cancelled_by", "cancelled_at", "cancelled_request_id", "finished_at"]
        )
    return fallback


def _is_too_old(row: Announcement, now: datetime) -> bool:
    since = row.published_at
    is_old = since is not None and since < now - timedelta(hours=APPROVAL_HOURS)
    return is_old or row.state(now) == "over"


def _require(user_id: int, *rights: str) -> None:
    user = get_user_model()._default_manager.filter(pk=user_id).first()
    if user is None or not any(staff_may(user, right) for right in rights):
        raise errors.NotAllowed(" or ".join(rights))


def _locked(announcement_id: int) -> Fallback:
    fallback = (
        Fallback.objects.select_related("announcement")
        .select_for_update(no_key=True, of=("self",))
        .filter(pk=announcement_id)
        .first()
    )
    if fallback is None:
        raise errors.FallbackNotFound(announcement_id)
    return fallback


def _texts(given: Mapping[str, Any]) -> dict[str, str]:
    """Return the words of the SMS by language. Raises InvalidInput."""
    if not isinstance(given, Mapping):
        raise InvalidInput("sms_texts", "must be an object")
    for code in given:
        if code not in languages.CODES:
            known = ", ".join(languages.CODES)
            raise InvalidInput("sms_texts", f"has {str(code)!r:.20}, which is none of {known}")
    return {
        code: validation.text(f"sms_texts.{code}", text, TEXT_LENGTH)
        for code, text in given.items()
    }
