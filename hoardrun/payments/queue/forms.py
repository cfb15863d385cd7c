"""The forms of staff's pages: find a payment, ask for an action, close a callback."""

from __future__ import annotations

from typing import Any

from django import forms

from hoardrun.payments.choices import StaffAction
from notifications.acts.forms import why_field

FOR_OPEN = {
    StaffAction.ACCEPT: "Accept: what came is the customer's",
    StaffAction.REFUND: "Give back: what came goes back to the phone",
    StaffAction.SEND: "Send it to the provider",
    StaffAction.REJECT: "Reject: it ends without money, and what is held for it is released",
}
FOR_ENDED = FOR_OPEN | {StaffAction.REJECT: "Put away: nothing more is to be booked"}


class FindForm(forms.Form):
    """Find payments, whether they wait or not."""

    q = forms.CharField(
        max_length=200,
        label="Find a payment",
        help_text="Its id or transaction, the provider's receipt, or how a customer's name begins.",
    )


class CloseForm(forms.Form):
    """Close a callback about no payment."""

    callback = forms.IntegerField(min_value=1)
    why = why_field()


class AskForm(forms.Form):
    """Ask for an action, on which somebody else decides."""

    action = forms.ChoiceField(label="What is to be done", widget=forms.RadioSelect)
    amount = forms.CharField(
        max_length=30,
        required=False,
        label="What came",
        help_text="To accept or to give back; empty: what was asked for.",
    )
    why = why_field()

    def __init__(self, actions: tuple[str, ...], *args: Any, is_open: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["action"]
        assert isinstance(field, forms.ChoiceField)
        words = FOR_OPEN if is_open else FOR_ENDED
        # Where nothing may be asked for any more, the service says why.
        actions = actions or tuple(StaffAction.values)
        field.choices = [(action, words[StaffAction(action)]) for action in actions]
        if not {StaffAction.ACCEPT, StaffAction.REFUND} & set(actions):
            del self.fields["amount"]

    def given(self) -> dict[str, Any]:
        """Return what is asked for, once the form is valid."""
        data = dict(self.cleaned_data)
        if not data.get("amount") or data["action"] == StaffAction.REJECT:
            data.pop("amount", None)
        return data
