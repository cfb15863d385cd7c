"""The admin's forms. They check as the services do, and show an error at its field."""

from __future__ import annotations

from typing import Any, ClassVar

from django import forms

from notifications import validation
from notifications.choices import SENT_CHANNELS
from notifications.models import Announcement, Notification
from realtime.admin_bases.pages import ModelForm
from realtime.errors import InvalidInput


class TextField(forms.CharField):
    """Text whose length the form counts as the services do.

    The input has no `maxlength`: browsers would count each line end, and some characters, twice.
    """

    def to_python(self, value: Any) -> str:
        return str(super().to_python(value) or "").replace("\r\n", "\n")

    def widget_attrs(self, widget: forms.Widget) -> dict[str, Any]:
        return {k: v for k, v in super().widget_attrs(widget).items() if k != "maxlength"}


class MetadataField(forms.Field):
    """Names and values, one pair on each line, such as `order = 17`. Each value is text."""

    widget = forms.Textarea

    def to_python(self, value: Any) -> dict[str, str]:
        pairs: dict[str, str] = {}
        lines = str(value or "").splitlines()
        for number, line in enumerate(lines, start=1):
            if not line.strip():
                continue
            name, equals, text = (part.strip() for part in line.partition("="))
            if not (name and equals):
                raise forms.ValidationError(
                    f"Line {number} has no name and value. Write it like order = 17."
                )
            if name in pairs:
                raise forms.ValidationError(f"Line {number} repeats the name {name:.50}.")
            pairs[name] = text
        return pairs


class _CheckedForm(ModelForm):
    """A form that checks a new row's content, and shows a refusal at its field."""

    def clean(self) -> dict[str, Any]:
        data = super().clean() or self.cleaned_data
        if not self.errors:
            try:
                model = self._meta.model
                data |= validation.new_fields(
                    model, {name: data.get(name) for name in model.CONTENT}
                )
            except InvalidInput as error:
                for name, [reason] in error.errors.items():
                    self.add_error(name, f"This {reason}.")
        return data


class NotificationAddForm(_CheckedForm):
    """A new notification, checked as `notification_create` will check it again."""

    channels = forms.MultipleChoiceField(
        choices=[(channel.value, channel.label) for channel in SENT_CHANNELS],
        initial=[channel.value for channel in SENT_CHANNELS],
        widget=forms.CheckboxSelectMultiple,
    )
    metadata = MetadataField(
        required=False,
        widget=forms.Textarea(attrs={"rows": 4, "class": "vLargeTextField"}),
        help_text="For the app, not shown. One name and value on each line, such as order = 17.",
    )

    class Meta:
        model = Notification
        fields = ("user",)  # the admin chooses
        field_classes: ClassVar = {"title": TextField, "message": TextField}


class AnnouncementForm(_CheckedForm):
    """An announcement that is not published yet."""

    class Meta:
        model = Announcement
        fields = ("title",)  # the admin chooses
        field_classes: ClassVar = {"title": TextField, "message": TextField}


class EmergencyForm(AnnouncementForm):
    """A new announcement that SMS may follow."""

    emergency = forms.BooleanField(
        required=False,
        label="Followed by SMS",
        help_text="After an hour, to those whose devices do not have it, once another person "
        "has approved.",
    )
    sms_texts = MetadataField(
        required=False,
        label="Texts of the SMS",
        widget=forms.Textarea(attrs={"rows": 4, "class": "vLargeTextField"}),
        help_text="One language and text on each line, such as sw = …; else it is the message.",
    )
