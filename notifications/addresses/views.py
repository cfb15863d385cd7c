"""The HTTP API of addresses and push subscriptions: thin callers of the services."""

from __future__ import annotations

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework.generics import ListAPIView
from rest_framework.request import Request
from rest_framework.response import Response

from notifications.addresses import adoption, push, selectors, services, trial
from notifications.addresses.serializers import (
    AddressInput,
    AddressOutput,
    CodeInput,
    LeaveInput,
    PushKeyOutput,
    RenewalInput,
    SubscriptionInput,
    SubscriptionOutput,
)
from notifications.models import Address
from notifications.serializers import NoFields
from realtime.rest.serializers import checked
from realtime.rest.views import View, user_id

CODE_UNITS = 5  # what sends something costs more of the limit on writes


class AddressListView(View, ListAPIView[Address]):
    """List your e-mail addresses, phone numbers and push subscriptions."""

    serializer_class = AddressOutput
    pagination_class = None

    def get_queryset(self) -> QuerySet[Address]:
        user = user_id(self.request)
        adoption.addresses_adopt([user])
        return selectors.addresses_list(user)

    def cost(self, request: Request) -> int:
        return CODE_UNITS if request.method == "POST" else 1

    @extend_schema(request=AddressInput, responses={201: AddressOutput})
    def post(self, request: Request) -> Response:
        """Add an e-mail address or a phone number: a code is sent there.

        Nothing else is sent there before `addresses/{id}/verify` has got that code.
        """
        wanted = checked(AddressInput, request.data)
        added = services.address_add(user_id=user_id(request), **wanted)
        return Response(AddressOutput(added).data, status=201)


class AddressView(View):
    @extend_schema(operation_id="addresses_destroy", responses={204: None})
    def delete(self, request: Request, address_id: str) -> Response:
        """Remove one of your addresses. You are told, there too."""
        services.address_remove(user_id=user_id(request), address_id=address_id)
        return Response(status=204)


class AddressCodeView(View):
    def cost(self, request: Request) -> int:
        return CODE_UNITS

    @extend_schema(operation_id="addresses_code", request=None, responses=AddressOutput)
    def post(self, request: Request, address_id: str) -> Response:
        """Send another code to one of your addresses; the one before it is void."""
        checked(NoFields, request.data)
        sent = services.address_send_code(user_id=user_id(request), address_id=address_id)
        return Response(AddressOutput(sent).data)


class AddressVerifyView(View):
    @extend_schema(operation_id="addresses_verify", request=CodeInput, responses=AddressOutput)
    def post(self, request: Request, address_id: str) -> Response:
        """Prove one of your addresses by the code that was sent there."""
        given = checked(CodeInput, request.data)
        proven = services.address_verify(user_id=user_id(request), address_id=address_id, **given)
        return Response(AddressOutput(proven).data)


class PushKeyView(View):
    @extend_schema(operation_id="push_key", responses=PushKeyOutput)
    def get(self, request: Request) -> Response:
        """Read the key that browsers subscribe to web push with."""
        return Response(push.push_key())


class SubscriptionsView(View):
    @extend_schema(
        operation_id="push_subscriptions",
        request=SubscriptionInput,
        responses={200: SubscriptionOutput, 201: SubscriptionOutput},
    )
    def post(self, request: Request) -> Response:
        """Register a push subscription of this device; do so at every start of the app.

        Answers 201 for a new one, and 200 for one that is known.
        """
        wanted = checked(SubscriptionInput, request.data)
        row, is_new = push.push_subscribe(user_id=user_id(request), **wanted)
        return Response(SubscriptionOutput(row).data, status=201 if is_new else 200)


class SubscriptionView(View):
    @extend_schema(operation_id="push_destroy", responses={204: None})
    def delete(self, request: Request, address_id: str) -> Response:
        """Remove a push subscription, as at a logout. Repeated, it does nothing."""
        push.push_unsubscribe(user_id=user_id(request), address_id=address_id)
        return Response(status=204)


class SubscriptionTestView(View):
    def cost(self, request: Request) -> int:
        return CODE_UNITS

    @extend_schema(operation_id="push_test", request=None, responses={204: None})
    def post(self, request: Request, address_id: str) -> Response:
        """Send a test message to one of your push subscriptions, at once."""
        checked(NoFields, request.data)
        trial.push_test(user_id=user_id(request), address_id=address_id)
        return Response(status=204)


class RenewalView(View):
    """Needs no login: the token came with the subscription."""

    authentication_classes = ()
    permission_classes = ()

    @extend_schema(operation_id="push_renew", request=RenewalInput, responses=SubscriptionOutput)
    def post(self, request: Request) -> Response:
        """Replace a push subscription that the browser has changed, without a login.

        The token is that of the subscription of before, and void from then on; the answer has the
        next one.
        """
        row = push.push_renew(**checked(RenewalInput, request.data))
        return Response(SubscriptionOutput(row).data)


class LeaveView(View):
    """Needs no login: it may be over."""

    authentication_classes = ()
    permission_classes = ()

    @extend_schema(operation_id="push_leave", request=LeaveInput, responses={204: None})
    def post(self, request: Request) -> Response:
        """Remove a push subscription by its token, without a login. Repeated, it does nothing."""
        push.push_leave(**checked(LeaveInput, request.data))
        return Response(status=204)
