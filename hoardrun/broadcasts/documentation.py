"""The descriptions of the broadcast endpoints in the OpenAPI document, for `extend_schema`."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import OpenApiParameter, OpenApiResponse

from hoardrun.broadcasts.kinds import KINDS
from hoardrun.broadcasts.serializers import BroadcastOutput, RejectedOutput, WaitingOutput
from notifications.serializers import NoFields
from realtime.rest import idempotency

TAGS = ["broadcast"]


def broadcasting(name: str) -> dict[str, Any]:
    """Describe a broadcast: its body, its target, and its key."""
    kind = KINDS[name]
    parameters = idempotency.parameters(
        "it is broadcast once, and the first answer comes back; once it is approved, the answer "
        "of what was sent.",
        200,
        202,
    )
    if kind.target is not None:
        of = int if kind.target == "user_id" else str
        text = "The same as the field; give one of them."
        parameters.append(OpenApiParameter(kind.target, of, description=text))
    return {
        "operation_id": f"broadcast_{name}",
        "description": kind.send.__doc__,
        "request": kind.serializer,
        "responses": {
            200: BroadcastOutput,
            202: OpenApiResponse(WaitingOutput, "It is for so many that another person decides."),
            **_refusals(
                s400="What is broadcast is not valid.",
                s403="You may not broadcast.",
                s404="There is no such user or room.",
                s409="The key was used for a broadcast that was not approved.",
                s413="The body is too large.",
                s422="The key was used for another broadcast.",
                s429="Too many broadcasts; `Retry-After` says when to go on.",
            ),
        },
        "parameters": parameters,
        "tags": TAGS,
    }


def deciding(name: str) -> dict[str, Any]:
    """Describe a decision on a broadcast that waits."""
    return {
        "operation_id": f"broadcast_{name}",
        "request": NoFields,
        "responses": {
            200: BroadcastOutput if name == "approve" else RejectedOutput,
            **_refusals(
                s403="You may not approve, or the broadcast is your own.",
                s404="There is no such broadcast.",
                s409="It is decided already, it is too old, or it cannot be sent any more.",
                s429="Too many requests; `Retry-After` says when to go on.",
            ),
        },
        "tags": TAGS,
    }


def _refusals(**reasons: str) -> dict[int, OpenApiResponse]:
    """Describe refusals, given as `s403="why"`; `hoardrun.api.schema` adds their shape."""
    return {int(status[1:]): OpenApiResponse(description=why) for status, why in reasons.items()}
