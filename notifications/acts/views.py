"""The HTTP API of what support does about a notification: thin callers of its acts."""

from __future__ import annotations

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from notifications.acts.staff import MAY_RESEND, resend_once
from notifications.choices import OutsideChannel
from notifications.validation import WHY_LENGTH
from realtime.rest import idempotency
from realtime.rest.permissions import StaffWith
from realtime.rest.serializers import StrictSerializer, checked
from realtime.rest.views import View, user_id


class _MayResend(StaffWith):
    rights = (MAY_RESEND,)


class ResendInput(StrictSerializer):
    channel = serializers.ChoiceField(OutsideChannel.choices)
    why = serializers.CharField(
        max_length=WHY_LENGTH, help_text="The reason. It is kept: write no personal data."
    )
    on_request = serializers.BooleanField(
        default=False,
        help_text="The user has asked for it: needed where the kind does not require the channel.",
    )


class ResendOutput(serializers.Serializer[dict[str, object]]):
    channel = serializers.ChoiceField(OutsideChannel.choices)
    resend = serializers.IntegerField(help_text="Which repetition by this channel it is.")
    deliveries = serializers.ListField(
        child=serializers.CharField(), help_text="One for each address, as `trace` shows them."
    )


class ResendView(View):
    permission_classes = (_MayResend,)

    @extend_schema(
        operation_id="notifications_resend",
        request=ResendInput,
        responses={200: ResendOutput, 201: ResendOutput},
        parameters=idempotency.parameters(
            "it is sent once, and the answer is the first one.",
            200,
            of="that of the member of staff for this notification",
        ),
    )
    def post(self, request: Request, notification_id: str) -> Response:
        """Send any user's notification again by a channel.

        Needs `notifications.resend_notification`. The kind requires the channel, or the user has
        asked for it. It goes to the addresses that hold now, whatever the user's quiet hours. The
        admin's log keeps who did, and why.
        """
        key = idempotency.key_of(request)
        wanted = checked(ResendInput, request.data)
        rows, is_new = resend_once(notification_id, wanted, by=user_id(request), key=key)
        said = {
            "channel": wanted["channel"],
            "resend": rows[0].resend,
            "deliveries": [str(row.pk) for row in rows],
        }
        if is_new:
            return Response(said, status=201)
        return Response(said, headers={idempotency.REPLAYED: "true"})
