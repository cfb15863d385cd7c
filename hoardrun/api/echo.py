"""`POST /api/v1/echo`: an event to oneself, by which a check from outside measures a deployment."""

from __future__ import annotations

from typing import Annotated

from django.contrib.auth import get_user_model
from django.db import transaction
from drf_spectacular.utils import extend_schema
from msgspec import Meta
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from realtime.protocol.messages import Payload, examples
from realtime.publish import publish
from realtime.rest.serializers import StrictSerializer, checked
from realtime.rest.views import View
from realtime.streams import user_stream

MAX_TEXT = 64


class Echo(Payload, frozen=True, kw_only=True):
    """A user has asked for this event, to see that events arrive; it means nothing else."""

    wire_type = "echo"
    carried_by = "stream"
    line = "{text}"
    example = examples(__file__)["echo"]

    text: Annotated[str, Meta(min_length=1, max_length=MAX_TEXT)]
    """The text of the request."""


class EchoInput(StrictSerializer):
    text = serializers.CharField(
        max_length=MAX_TEXT, help_text="What the event says; choose one that you recognise."
    )


class EchoOutput(serializers.Serializer[None]):
    stream = serializers.CharField()
    offset = serializers.IntegerField()
    epoch = serializers.CharField()


class EchoView(View):
    @extend_schema(
        operation_id="echo_create", request=EchoInput, responses=EchoOutput, tags=["realtime"]
    )
    def post(self, request: Request) -> Response:
        """Publish an `echo` to all sockets of the user who asks, as any other event."""
        text = checked(EchoInput, request.data)["text"]
        assert isinstance(request.user, get_user_model())  # IsAuthenticated let the request in
        with transaction.atomic():
            event = publish(user_stream(request.user.pk), Echo(text=text))
        return Response({"stream": event.stream, "offset": event.offset, "epoch": event.epoch})
