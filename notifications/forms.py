"""Forms of the admin that add or edit: checked as the services check, errors at the field."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, ClassVar

from django import forms

from notifications import validation
from notifications.choices import SENT_CHANNELS
from notifications.models import Announcement, Notification
from realtime.errors import InvalidInput

if TYPE_CHECKING:  # Django's class takes no parameters when it runs
    _ModelForm = forms.ModelForm[Any]
else:
    _ModelForm = forms.ModelForm


class TextField(forms.CharField):
    """Text whose length is counted as the services count it.

    Browsers send each line end as two characters, and count some characters twice where
    `maxlength` is given: so it is not.
    """

    def to_python(self, value: Any) -> str:
        return str(super().to_python(value) or "").replace("\r\n", "\n")

    def widget_attrs(self, widget: forms.Widget) -> dict[str, Any]:
        return {k: v for k, v in super().widget_attrs(widget).items() if k != "maxlength"}


class MetadataField(forms.Field):
    """Names and values, one pair a line, as `order = 17`; each value is text."""

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
                    f"Line {number} is no name and value: write it like order = 17."
                )
            if name in pairs:
                raise forms.ValidationError(f"Line {number} gives {name:.50} once more.")
            pairs[name] = text
        return pairs


class _CheckedForm(_ModelForm):
    """A form whose values `check` takes; what that refuses is an error at its field."""

    check: ClassVar[Callable[..., Mapping[str, Any]]]
    checked: tuple[str, ...]

    def clean(self) -> dict[str, Any]:
        data = super().clean() or self.cleaned_data
        if not self.errors:
            try:
                data |= type(self).check(**{name: data.get(name) for name in self.checked})
            except InvalidInput as error:
                for name, [reason] in error.errors.items():
                    self.add_error(name, f"This {reason}.")
        return data


class NotificationAddForm(_CheckedForm):
    """A new notification, checked as `notification_create` will check it again."""

    check = validation.notification
    checked = (
        "title",
        "message",
        "type",
        "priority",
        "channels",
        "metadata",
        "scheduled_at",
        "expires_at",
    )
    channels = forms.MultipleChoiceField(
        choices=[(channel.value, channel.label) for channel in SENT_CHANNELS],
        initial=[channel.value for channel in SENT_CHANNELS],
        widget=forms.CheckboxSelectMultiple,
    )
    metadata = MetadataField(
        required=False,
        widget=forms.Textarea(attrs={"rows": 4, "class": "vLargeTextField"}),
        help_text="For the app, not shown: one name and value a line, such as order = 17.",
    )

    class Meta:
        model = Notification
        fields = ("user",)  # the admin chooses
        field_classes: ClassVar = {"title": TextField, "message": TextField}


class AnnouncementForm(_CheckedForm):
    """An announcement that nobody has been told yet."""

    check = validation.announcement
    checked = ("title", "message", "severity", "starts_at", "ends_at")

    class Meta:
        model = Announcement
        fields = ("title",)  # the admin chooses
        field_classes: ClassVar = {"title": TextField, "message": TextField}
