"""The doors for what comes back from outside: providers' webhooks and devices' receipts."""

from __future__ import annotations

from http import HTTPStatus

from django.http import HttpResponse
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.exceptions import APIException
from rest_framework.request import Request
from rest_framework.response import Response

from notifications import kinds
from notifications.delivery.receipts import DEVICE, Heard, receipts_take
from notifications.hooks import answering, tokens
from notifications.hooks.incoming import Incoming, Source
from notifications.hooks.registry import SOURCES
from notifications.hooks.services import said_take
from notifications.models import Delivery
from realtime.errors import Forbidden, InvalidInput
from realtime.outgoing import inbox
from realtime.rest.doors import Door, count
from realtime.rest.serializers import StrictSerializer, checked
from realtime.rest.views import View

EVENTS = ("displayed", "clicked", "dismissed")
MAX_ACTION = 30


class WebhookView(Door):
    """Take a provider's webhook.

    The answer is 2xx only once what it says is committed. A repetition and an unknown reference
    are 2xx, too: the provider could do nothing about them. A wrong path is 404 and a wrong
    signature 403; of both nothing is kept.
    """

    schema = None

    def post(self, request: Request, code: str, token: str, topic: str = "") -> HttpResponse:
        source, incoming = self._read(request, code, token, topic)
        is_proven = source.is_proven(incoming)
        if is_proven is False:
            count("unsigned")
            self.count_stranger(request)
            raise Forbidden("The signature is wrong.")
        is_new = inbox.keep(code, incoming.body, incoming.headers, is_proven=bool(is_proven))
        try:
            said = source.read(incoming)
        except InvalidInput:
            count("unreadable")
            raise
        answers = said_take(said, provider=source.provider)
        count("taken" if is_new else "repeated")
        if source.answers_by_sms:
            answering.send(answers, source.provider)
        body, kind = source.reply(answers)
        return HttpResponse(body, content_type=kind)

    def _read(self, request: Request, code: str, token: str, topic: str) -> tuple[Source, Incoming]:
        """Find whose request it is. A stranger's is counted as such, and raises NotFound."""
        path = "/".join(filter(None, ("/hooks", code, token, topic)))
        query = request.META.get("QUERY_STRING", "")
        incoming = Incoming(
            token=token,
            topic=topic,
            url=tokens.public_url(f"{path}?{query}" if query else path),
            body=request.body,
            headers={name.lower(): value for name, value in request.headers.items()},
        )
        source = SOURCES.get(code)
        if source is None or not source.is_ours(incoming):
            raise self.unknown(request)
        self.count_path(request, f"{code} {topic}")
        return source, incoming


class ReceiptInput(StrictSerializer):
    token = serializers.CharField(max_length=100, help_text="`receipt` of the push message.")
    event = serializers.ChoiceField(EVENTS)
    action = serializers.CharField(
        max_length=MAX_ACTION,
        required=False,
        help_text="Of `clicked`: the button that was tapped. It proves nothing of who did so.",
    )


class ReceiptView(Door, View):
    """Take the receipt of a device."""

    @extend_schema(
        operation_id="receipts_create",
        request=ReceiptInput,
        responses={204: None},
        tags=["notifications"],
    )
    def post(self, request: Request) -> Response:
        """Say that a push message was displayed, clicked or dismissed.

        Needs no login: the token came with the message. A repeated receipt changes nothing.
        """
        try:
            heard = self._read(request)
        except (APIException, InvalidInput):
            self.count_stranger(request)
            raise
        receipts_take([heard])
        return Response(status=HTTPStatus.NO_CONTENT)

    def _read(self, request: Request) -> Heard:
        wanted = checked(ReceiptInput, request.data)
        event, action = wanted["event"], wanted.get("action", "")
        delivery_id = tokens.delivery_of(wanted["token"])
        if delivery_id is None:
            raise InvalidInput("token", "It is not one of ours.")
        if action and (event != "clicked" or action not in _actions(delivery_id)):
            raise InvalidInput("action", "Its push message has no such button to click.")
        return Heard(
            provider=DEVICE,
            event_key=":".join(filter(None, (str(delivery_id), event, action))),
            fact=event,
            delivery_id=delivery_id,
            code=action,
        )


def _actions(delivery_id: int) -> tuple[str, ...]:
    """Return the buttons of what a delivery carries."""
    kind = Delivery.objects.filter(pk=delivery_id).values_list("kind", flat=True).first()
    found = kinds.find(kind or "")
    return () if found is None else found.actions
