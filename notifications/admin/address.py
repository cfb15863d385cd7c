"""The list of addresses in the admin: masked, and searched by a whole address."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import Q
from django.urls import reverse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from notifications.addresses.values import address_hash
from notifications.kinds import Channel
from notifications.models import Address, Suppression
from notifications.trace.masks import masked
from realtime.admin_bases.pages import ReadOnly, users_found
from realtime.admin_bases.reveal import Reveals
from realtime.core.text import row_id

_FOUND_BY: tuple[Channel, ...] = ("email", "sms")


def with_hash(word: str) -> list[str]:
    """Return the hashes that a whole e-mail address or phone number is looked up by."""
    return [address_hash(channel, word) for channel in _FOUND_BY]


@admin.register(Address)
class AddressAdmin(ReadOnly, Reveals):
    """Where users can be reached. The whole address takes a right of its own."""

    list_display = ("id", "user", "channel", "shown", "state", "created", "verified_at")
    list_display_links = ("id", "shown")
    list_select_related = ("user",)
    list_filter = ("state",)
    search_help_text = "How the name of its user begins, an id, or a whole address or number"
    linked_by = ("user__id__exact",)
    fields = (
        "user", "channel", "service", "shown", "device", "locale", "state", "suppressed",
        "created_at", "touched_at", "verified_at", "last_ok_at", "removed_at", "code_sent_at",
        "codes_sent", "replaces", "sent",
    )  # fmt: skip
    reveal_right = "notifications.view_address_value"
    reveal_label = "Show the whole address"
    reveal_note = "Looked at the whole address."

    def matching(self, word: str) -> Q:
        found = Q(pk=row_id(word)) | Q(user__in=users_found(word))
        for channel in _FOUND_BY:
            found |= Q(channel=channel, hash=address_hash(channel, word))
        return found

    def hidden_text(self, row: Address) -> str:
        return row.value

    @admin.display(description="address")
    def shown(self, row: Address) -> str:
        return masked(row.channel, row.value, service=row.service, device=row.device, hash=row.hash)

    @admin.display(description="suppressed")
    def suppressed(self, row: Address) -> str | SafeString:
        """List what forbids the use of the address."""
        found = Suppression.objects.filter(channel=row.channel, hash=row.hash).order_by("scope")
        lines = ((each.scope or "everything", each.reason, _until(each)) for each in found)
        return format_html_join("", "{}: {}{}<br>", lines) or "no"

    @admin.display(description="messages to it")
    def sent(self, row: Address) -> SafeString:
        url = reverse("admin:notifications_delivery_changelist")
        return format_html('<a href="{}?address_hash__exact={}">Show them</a>', url, row.hash)


def _until(suppression: Any) -> str:
    return f" until {suppression.until:%Y-%m-%d}" if suppression.until else ""
