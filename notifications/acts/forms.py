"""The forms of the page "Why": send again, stop, and search."""

from __future__ import annotations

from typing import Any

from django import forms

from notifications.choices import OutsideChannel
from notifications.validation import WHY_LENGTH


def why_field() -> forms.CharField:
    """Ask for the reason of an act of staff."""
    return forms.CharField(
        max_length=WHY_LENGTH, label="Reason", help_text="It is kept. Write no personal data."
    )


class ResendForm(forms.Form):
    """Send again by one channel."""

    channel = forms.ChoiceField(choices=OutsideChannel.choices)
    why = why_field()
    on_request = forms.BooleanField(required=False, label="The user has asked for it")

    def __init__(self, channels: list[str], *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["channel"]
        assert isinstance(field, forms.ChoiceField)
        field.choices = [choice for choice in OutsideChannel.choices if choice[0] in channels]


class StopForm(forms.Form):
    """Stop a ladder."""

    why = why_field()


class UserSearch(forms.Form):
    """Find what a user got within a time."""

    user = forms.CharField(max_length=150, label="User", help_text="The name, or the id.")
    since = forms.DateTimeField(
        required=False,
        label="From",
        help_text="UTC; empty: seven days ago.",
        widget=forms.DateTimeInput(attrs={"type": "datetime-local"}),
    )
    until = forms.DateTimeField(
        required=False,
        label="To",
        help_text="UTC; empty: now.",
        widget=forms.DateTimeInput(attrs={"type": "datetime-local"}),
    )


class AddressSearch(forms.Form):
    """Find what went to an address. It is posted: addresses of pages are logged."""

    address = forms.CharField(
        max_length=254, label="Phone or e-mail", help_text="A number with its country: +256…"
    )


class ProviderSearch(forms.Form):
    """Find the message that a provider speaks of."""

    provider_id = forms.CharField(max_length=200, label="Id at the provider")
