"""What users have chosen, in the admin: preferences with their history, and consents."""

from __future__ import annotations

from django.contrib import admin
from django.db.models import Q
from django.utils import timezone
from django.utils.html import format_html_join
from django.utils.safestring import SafeString

from notifications.admin.links import pairs, to_list, to_row
from notifications.models import Consent, Preference, PreferenceChange
from realtime.admin_bases.pages import ByKey, ReadOnly, users_found
from realtime.core.text import row_id

MOST_CHANGES = 20  # that the page of a preference shows


class OfUser(ReadOnly, ByKey):
    """Base of lists that are searched by user."""

    list_select_related = ("user",)
    linked_by = ("user__id__exact",)
    search_help_text = "An id, or how the name of its user begins"

    def matching(self, word: str) -> Q:
        return Q(pk=row_id(word)) | Q(user__in=users_found(word))


@admin.register(Preference)
class PreferenceAdmin(OfUser):
    """The choices of the users who have changed something; only they change them."""

    list_display = ("user", "version", "zone", "locale", "muted_until", "updated_at")
    fields = (
        "user", "version", "switches", "quiet_hours", "shown_digests", "zone", "locale",
        "muted_until", "hide_amounts", "above", "updated_at", "history",
    )  # fmt: skip

    @admin.display(description="switches")
    def switches(self, row: Preference) -> str | SafeString:
        """Show what was switched on or off, by kind or category."""
        lines = (
            (scope, ", ".join(f"{name} {'on' if on else 'off'}" for name, on in cells.items()))
            for scope, cells in row.cells.items()
        )
        return format_html_join("", "{}: {}<br>", lines) or "all as the kinds say"

    @admin.display(description="quiet hours")
    def quiet_hours(self, row: Preference) -> str | SafeString:
        lines = ((_days(each["days"]), each["start"], each["end"]) for each in row.quiet)
        return format_html_join("", "{}, {} to {}<br>", lines) or "none"

    @admin.display(description="digests")
    def shown_digests(self, row: Preference) -> str | SafeString:
        return pairs(row.digests)

    @admin.display(description="always by SMS from")
    def above(self, row: Preference) -> str:
        return "–" if row.sms_above is None else f"{row.sms_above:f} {row.sms_above_currency}"

    @admin.display(description="history")
    def history(self, row: Preference) -> SafeString:
        """Show the newest changes, and link to all."""
        newest = PreferenceChange.objects.filter(user=row.pk).order_by("-pk")[:MOST_CHANGES]
        lines = (
            (
                to_row(PreferenceChange, change.pk, f"version {change.version}"),
                f"{timezone.localtime(change.created_at):%Y-%m-%d %H:%M}",
                change.actor,
                change.source,
                ", ".join(sorted({*change.old, *change.new})),
            )
            for change in newest
        )
        shown = format_html_join("", "{}, {}, {} by {}: {}<br>", lines)
        return shown + to_list(PreferenceChange, "user__id__exact", row.pk, "All changes")


@admin.register(PreferenceChange)
class PreferenceChangeAdmin(OfUser):
    """The history of preferences: author, time and source. Nothing edits or deletes these rows."""

    list_display = ("id", "user", "version", "what", "actor", "source", "created")
    fields = (
        "user", "version", "actor", "source", "address", "before", "after", "created_at",
    )  # fmt: skip

    @admin.display(description="what")
    def what(self, row: PreferenceChange) -> str:
        return ", ".join(sorted({*row.old, *row.new}))

    @admin.display(description="before")
    def before(self, row: PreferenceChange) -> str | SafeString:
        return pairs(row.old)

    @admin.display(description="after")
    def after(self, row: PreferenceChange) -> str | SafeString:
        return pairs(row.new)


@admin.register(Consent)
class ConsentAdmin(OfUser):
    """The history of consents: each grant and each end. Nothing edits or deletes these rows."""

    list_display = ("id", "user", "category", "channel", "granted", "actor", "source", "created")
    fields = (
        "user", "category", "channel", "granted", "wording", "actor", "source", "address",
        "created_at",
    )  # fmt: skip


def _days(mask: int) -> str:
    """Name the days of a mask; bit 0 is Monday."""
    names = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
    chosen = [name for day, name in enumerate(names) if mask >> day & 1]
    return "every day" if len(chosen) == len(names) else " ".join(chosen)
