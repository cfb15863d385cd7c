"""The refusals of the ledger, beside InvalidInput. Codes and titles are part of the API."""

from __future__ import annotations

from collections.abc import Collection

from realtime.errors import Conflict, Forbidden, NotFound, Refused


class InvalidAmount(Refused):
    """A value that is not a positive amount of the currency."""

    title = "Invalid amount"
    field = "amount"


class UnknownCurrency(Refused):
    """Not a currency that accounts are kept in."""

    title = "Unknown currency"
    field = "currency"
    text = "{!r} is not a currency here. Use one of {}."


class CurrencyMismatch(Refused):
    """The account is kept in another currency."""

    title = "Another currency"
    field = "currency"
    text = "The account is kept in {0}: send {0}, not {1!r}."


class AccountNotFound(NotFound):
    """No such account, or another user's."""

    title = "No such account"
    text = "There is no such account. `GET accounts` lists yours."


class TransactionNotFound(NotFound):
    """No such transaction, or another user's."""

    title = "No such transaction"
    text = "There is no such transaction. `GET transactions` lists yours."


class AccountNotActive(Conflict):
    """The account takes no new transactions."""

    title = "Account not active"
    text = "The account is {account_status}. Only an active account takes new transactions."


class InsufficientFunds(Conflict):
    """Too little money; `available` and `needed` are wire texts in `currency`."""

    title = "Insufficient funds"
    text = (
        "{currency} {needed} is needed and {currency} {available} is available. "
        "Use a smaller amount, or add money first."
    )


class IllegalTransition(Conflict):
    """A move that the table of `transitions` does not have."""

    title = "Illegal transition"

    def __init__(self, current: str, wanted: str, allowed: Collection[str]) -> None:
        could = f"It can become {', '.join(sorted(allowed))}." if allowed else "That is final."
        super().__init__(
            f"The transaction is {current} and cannot become {wanted}. {could}",
            current=current,
            wanted=wanted,
            allowed=sorted(allowed),
        )


class IdempotencyConflict(Refused):
    """The key was used for another request, which differs in `fields`."""

    status = 422
    title = "Idempotency key used before"

    def __init__(self, fields: Collection[str]) -> None:
        super().__init__(
            f"This idempotency key was used with another {', '.join(sorted(fields))}. "
            "Repeat the first request unchanged, or send a new key.",
            fields=sorted(fields),
        )


class AccountClosed(Conflict):
    """Money would come onto a closed account, or is missing there. `accounts` may take part."""

    title = "The account is closed"

    def __init__(self, currency: str, accounts: Collection[int]) -> None:
        others = ", ".join(f"#{number}" for number in accounts)
        what = (
            f"Name another active account of this customer in {currency} as `onto_account_id`: "
            f"{others}."
            if accounts
            else f"Open another account in {currency} for this customer, and name it as "
            "`onto_account_id`."
        )
        super().__init__(
            f"The transaction's account is closed. {what}",
            accounts=[str(number) for number in accounts],
        )


class NothingToCarry(Conflict):
    """The account is not closed, or has no money of its own."""

    title = "Nothing to carry"
    text = "{} So there is nothing to carry onto another one."


class StatementTooLong(Refused):
    """A file with more entries than one may have."""

    title = "Statement too long"
    text = "That are {count} entries, and a file has {most} at most. Ask for a shorter time."


class CarriedMoney(Conflict):
    """One side of a carry, which is never moved by itself; `counterpart` is the other side's id."""

    title = "One side of a carry"
    text = (
        "This transaction and #{counterpart} carried money from one account to another. "
        "Neither is moved again. To bring the money elsewhere, create new transactions."
    )


class PaymentUnderWay(Conflict):
    """A payment by `carrier` moves the transaction, and nothing else while that lives."""

    title = "A payment is under way"
    text = (
        "A payment by {carrier} moves this transaction, and alone decides how it ends. "
        "Wait for it; staff decide on one that is held."
    )


class ActionNotAllowed(Forbidden):
    """An owner may not do that to their own transaction."""

    title = "Not allowed"
    text = "You may not {} a transaction of your own; you may {} it."


class OwnAccount(Forbidden):
    """A member of staff may not move money on their own account."""

    title = "An account of your own"
    text = "This is an account of your own: another member of staff has to do this."
