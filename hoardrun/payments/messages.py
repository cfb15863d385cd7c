"""The message of the server about providers of payments."""

from __future__ import annotations

from typing import Literal

from realtime.protocol.messages import Payload, examples

_EXAMPLES = examples(__file__)


class ProviderHealth(Payload, frozen=True, kw_only=True):
    """A provider of payments works, or is slow now: new payments by it wait, and may fail."""

    wire_type = "provider_health"
    carried_by = "room"
    line = "{provider} is {state}"
    example = _EXAMPLES["provider_health"]

    provider: str
    """The gateway, such as `mtn`."""
    state: Literal["ok", "slow"]
    """How it is now."""
