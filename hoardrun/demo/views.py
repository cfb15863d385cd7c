"""The HTTP API of the console's panel "Phone". It answers 404 unless the demo's providers run."""

from __future__ import annotations

import time
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.clickjacking import xframe_options_sameorigin
from django.views.decorators.http import require_safe
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from hoardrun.demo import current, people, shown
from realtime.errors import InvalidInput, NotFound
from realtime.rest.serializers import StrictSerializer, checked
from realtime.rest.views import View

if TYPE_CHECKING:
    from hoardrun.demo.outside import Outside

PATH = "/demo/phone"
MAX_TEXT = 160
# An e-mail brings its styles and pictures inside, and nothing in it runs.
MAIL_POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; img-src data:; frame-ancestors 'self'; sandbox"
)


def path() -> str | None:
    """Return the path of this API; None where the demo's providers do not run."""
    return PATH if settings.DEBUG and current.get() else None


class PhoneQuery(StrictSerializer):
    whose = serializers.CharField(required=False, max_length=150)
    version = serializers.CharField(required=False, max_length=100)


class TextInput(StrictSerializer):
    text = serializers.CharField(max_length=MAX_TEXT)
    whose = serializers.CharField(required=False, max_length=150)


class PhoneView(View):
    """One customer's phone: their own, or for staff that of each customer of the demo."""

    schema = None
    queries = {"GET": PhoneQuery}

    def get(self, request: Request) -> Response:
        """Return what came to a phone; 204 if nothing has since `version`."""
        found, asked = _running(), self.asked(request)
        whose = _whose(request, asked.get("whose", ""))
        version = f"{whose.pk}-{shown.version(found)}"
        if asked.get("version") == version:
            return Response(status=HTTPStatus.NO_CONTENT)
        at = people.reached_at(whose.pk)
        return Response(
            {
                "version": version,
                "whose": whose.get_username(),
                "people": _others(request),
                "number": next(iter(sorted(each for each in at if each.startswith("+"))), ""),
                "payments": {"page": found.money.page, "numbers": shown.numbers()},
                **shown.messages(found, at),
            }
        )

    def post(self, request: Request) -> Response:
        """Send an SMS from the phone to us, as its owner would."""
        found, wanted = _running(), checked(TextInput, request.data)
        whose = _whose(request, wanted.get("whose", ""))
        number = next(iter(sorted(e for e in people.reached_at(whose.pk) if e[0] == "+")), "")
        if not number:
            raise InvalidInput("text", "The phone has no number.")
        row: dict[str, str | float] = {"at": time.time(), "text": wanted["text"], "number": number}
        found.texts.append(row | {"id": f"own-{len(found.texts)}"})
        status = found.africastalking.text(number, wanted["text"])
        if status != HTTPStatus.OK:
            raise InvalidInput("text", "The provider could not hand it over.")
        return Response(status=HTTPStatus.NO_CONTENT)


@require_safe
@xframe_options_sameorigin
def mail(request: HttpRequest, name: str) -> HttpResponse:
    """Show an e-mail as a mail program does. Its name is known to its phone only."""
    found = current.get()
    row = shown.mail(found, name) if settings.DEBUG and found else None
    if row is None:
        raise Http404("There is no such e-mail.")
    return HttpResponse(row["html"], headers={"Content-Security-Policy": MAIL_POLICY})


def _running() -> Outside:
    found = current.get()
    if found is None or not settings.DEBUG:
        raise NotFound("The demo's providers do not run.")
    return found


def _others(request: Request) -> list[str]:
    """List the users whose phones a user may look at, beside the own one."""
    return [each.get_username() for each in people.customers()] if request.user.is_staff else []


def _whose(request: Request, name: str) -> Any:
    """Return the user whose phone is asked for; by default the own, for staff the first one."""
    if not request.user.is_staff:
        if name and name != request.user.get_username():
            raise NotFound("There is no such phone.")
        return request.user
    found = {each.get_username(): each for each in people.customers()}
    if name in found or (not name and found):
        return found[name or next(iter(found))]
    raise NotFound("There is no such phone.")
