"""The refusals of payees."""

from __future__ import annotations

from realtime.errors import Conflict, NotFound


class PayeeNotFound(NotFound):
    title = "No such payee"
    text = "There is no such payee. `GET payees` lists yours."


class TooManyPayees(Conflict):
    title = "Too many payees"
    text = "There are {} already. Remove one, then add another."


class PhoneNotConfirmed(Conflict):
    """Money would go to a phone that is neither the customer's nor a payee's."""

    title = "Confirm who gets it"
    text = (
        "Money goes to your own phone once it is verified, or to a payee whose name you have "
        "confirmed: `POST payees` asks for it."
    )


class NameNotConfirmed(Conflict):
    """The provider has another name than was given, or confirmed, or says none.

    `verdict` says how alike it is to the one that was given, `shown_name` what may be seen of it.
    """

    title = "Confirm who gets it"
    text = (
        "The provider has another name for this phone, or says none. Look at `shown_name`; if it "
        "is whom you mean, ask again and confirm that name."
    )
