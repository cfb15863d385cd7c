"""The refusals of payments. Codes and titles are part of the API."""

from __future__ import annotations

from realtime.errors import Conflict, NotFound


class PaymentNotFound(NotFound):
    """No such payment, or another user's."""

    title = "No such payment"
    text = "There is no such payment. A payment is named by the `id` that its creation answered."


class ProviderShort(Conflict):
    """Our own account at the provider does not cover a payout."""

    title = "Not possible now"
    text = "{} cannot pay out that much now. Try again later, or a smaller amount."


class TooLateToCancel(Conflict):
    """The provider has been asked for the payment."""

    title = "Too late to cancel"
    text = "The provider has this payment. Decline it on the phone, or let its time pass."


class NotSafeToRetry(Conflict):
    """Another payment could be a second one, or this one has not ended."""

    title = "Not safe to try again"
    text = "Another payment could be a second one. Wait until this one has ended without money."


class NothingToRefund(Conflict):
    """The refund exceeds what is left of the payment."""

    title = "Nothing to refund"
    text = "{} can be given back of this payment, and no more."


class PaymentInDoubt(Conflict):
    """Nobody is sure that the money of a payment is still there to be given back."""

    title = "Payment in doubt"
    text = (
        "Staff have this payment, or its provider is asked about it: its money may have gone back "
        "already. Try again once that is known."
    )


class GivenBack(Conflict):
    """Refunds give back what a transaction has brought: to reverse it would do so twice."""

    title = "Given back by a refund"
    text = "A refund of {} has given this back, or may still. Give the rest back by another refund."


class ReceiptUnknown(Conflict):
    """The provider gives money back by its receipt, which it has not told yet."""

    title = "Receipt not known"
    text = "{} gives money back by its receipt, which is not known yet. Try again later."


class NothingToDecide(Conflict):
    """The payment waits for no person, or not for this action."""

    title = "Nothing to decide"


class DecisionNotFound(NotFound):
    title = "No such request"
    text = "Nobody has asked for an action {!s:.64} on this payment."


class CallbackNotFound(NotFound):
    title = "No such callback"
    text = "There is no callback {!s:.20} about no payment."


class CallbackClosed(Conflict):
    title = "Closed already"
    text = "The callback {} is closed already."


class DecidedAlready(Conflict):
    """The decision was made, or another one is asked for already."""

    title = "Decided already"
