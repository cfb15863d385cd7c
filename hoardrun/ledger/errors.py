"""The refusals of the ledger, beside InvalidInput. Codes and titles are part of the API."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from realtime.errors import Refused


class InvalidAmount(Refused):
    """A value that is not a positive amount of the currency."""

    code = "invalid_amount"
    title = "Invalid amount"

    def __init__(self, reason: str) -> None:
        super().__init__(reason, errors={"amount": [reason]})


class UnknownCurrency(Refused):
    """Not a currency that accounts are kept in."""

    code = "unknown_currency"
    title = "Unknown currency"

    def __init__(self, currency: str, known: Sequence[str]) -> None:
        text = f"{currency[:20]!r} is not a currency here. Use one of {', '.join(known)}."
        super().__init__(text, errors={"currency": [text]})


class CurrencyMismatch(Refused):
    """The account is kept in another currency."""

    code = "currency_mismatch"
    title = "Another currency"

    def __init__(self, given: str, kept: str) -> None:
        text = f"The account is kept in {kept}: send {kept}, not {given[:20]!r}."
        super().__init__(text, errors={"currency": [text]})


class AccountNotFound(Refused):
    """No such account, or another user's."""

    code = "account_not_found"
    status = 404
    title = "No such account"
    text = "There is no such account. `GET accounts` lists yours."


class TransactionNotFound(Refused):
    """No such transaction, or another user's."""

    code = "transaction_not_found"
    status = 404
    title = "No such transaction"
    text = "There is no such transaction. `GET transactions` lists yours."


class AccountNotActive(Refused):
    """The account takes no new transactions."""

    code = "account_not_active"
    status = 409
    title = "Account not active"
    text = "The account is {account_status}. Only an active account takes new transactions."


class InsufficientFunds(Refused):
    """Too little money; `available` and `needed` are wire texts in `currency`."""

    code = "insufficient_funds"
    status = 409
    title = "Insufficient funds"
    text = (
        "{currency} {needed} is needed and {currency} {available} is available. "
        "Use a smaller amount, or add money first."
    )


class IllegalTransition(Refused):
    """A move that the table of `transitions` does not have."""

    code = "illegal_transition"
    status = 409
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

    code = "idempotency_conflict"
    status = 422
    title = "Idempotency key used before"

    def __init__(self, fields: Collection[str]) -> None:
        super().__init__(
            f"This idempotency key was used with another {', '.join(sorted(fields))}. "
            "Repeat the first request unchanged, or send a new key.",
            fields=sorted(fields),
        )


class AccountClosed(Refused):
    """Money would come onto a closed account, or is missing there. `accounts` may take part."""

    code = "account_closed"
    status = 409
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


class NothingToCarry(Refused):
    """The account is not closed, or has no money of its own."""

    code = "nothing_to_carry"
    status = 409
    title = "Nothing to carry"
    text = "{} So there is nothing to carry onto another one."


class CarriedMoney(Refused):
    """One side of a carry, which is never moved by itself; `counterpart` is the other side's id."""

    code = "carried_money"
    status = 409
    title = "One side of a carry"
    text = (
        "This transaction and #{counterpart} carried money from one account to another. "
        "Neither is moved again. To bring the money elsewhere, create new transactions."
    )


class ActionNotAllowed(Refused):
    """An owner may not do that to their own transaction."""

    code = "action_not_allowed"
    status = 403
    title = "Not allowed"
    text = "You may not {} a transaction of your own; you may {} it."


class OwnAccount(Refused):
    """A member of staff may not move money on their own account."""

    code = "own_account"
    status = 403
    title = "An account of your own"
    text = "This is an account of your own: another member of staff has to do this."
