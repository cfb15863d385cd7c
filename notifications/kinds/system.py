"""The service itself: by push unless seen in the app, and in the e-mail digest."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import partial

from msgspec import Struct

from notifications.kinds.kind import Kind
from notifications.kinds.savings import LADDER
from notifications.kinds.values import General, Moment

_system = partial(Kind, type="system", category="system", ladder=LADDER, digestible=True)


class Maintenance(Struct, frozen=True, kw_only=True):
    """The times of a maintenance, and the part of the service that it concerns."""

    what: str
    starts_at: Moment
    ends_at: Moment


class Emergency(Struct, frozen=True, kw_only=True):
    """The text of an emergency announcement, as staff have written it."""

    text: str


# No ladder: it goes to those without the announcement on a device, see `delivery.fallback`.
EMERGENCY = Kind(
    name="system.emergency",
    title="SMS after an emergency announcement",
    type="system",
    category="system",
    variables=Emergency,
    samples=(Emergency(text="Transfers are stopped. Your money is safe."),),
    on_unknown="hold",
)

KINDS = (
    EMERGENCY,
    _system(
        name="system.maintenance",
        title="Maintenance",
        variables=Maintenance,
        samples=(
            Maintenance(
                what="Transfers",
                starts_at=datetime(2026, 3, 7, 22, 0, tzinfo=UTC),
                ends_at=datetime(2026, 3, 8, 1, 0, tzinfo=UTC),
            ),
        ),
    ),
    _system(
        name="system.general",
        title="Other messages about the service",
        variables=General,
        samples=(General(title="What is new", message="You can pin messages now."),),
    ),
)
