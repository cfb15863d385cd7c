"""Why the ledger refuses.

LedgerError
├── InvalidAmount         not a positive amount of this currency
├── UnknownCurrency       not a currency that we keep accounts in
├── CurrencyMismatch      the account is kept in another currency
├── InvalidInput          a field is wrong, or contradicts another
├── AccountNotFound       no such account, or somebody else's
├── TransactionNotFound   no such transaction, or somebody else's
├── AccountNotActive      the account takes no new transactions
├── InsufficientFunds     the available balance is too small
├── IllegalTransition     the transaction's status does not allow the move
├── IdempotencyConflict   the key was used for another request
├── AccountClosed         the money would be stuck on a closed account
├── NothingToCarry        the account is not closed, or has no money of its own
├── CarriedMoney          one side of a carry is never moved by itself
├── ActionNotAllowed      owners may not do that to a transaction of their own
└── OwnAccount            staff would move money on an account of its own

Whoever answers HTTP reads `status`, `code`, `title` and `extra`; the text of the
exception says what to do. Nothing was written when one of these is raised.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any, ClassVar


class LedgerError(Exception):
    """Any refusal of the ledger."""

    code: ClassVar[str] = "ledger_error"
    status: ClassVar[int] = 400
    title: ClassVar[str] = "The ledger refuses this"

    @property
    def extra(self) -> dict[str, Any]:
        """What a program needs to react, beside the text."""
        return {}


class InvalidAmount(LedgerError):
    """A value that is not an amount of the currency."""

    code = "invalid_amount"
    title = "Invalid amount"

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason

    @property
    def extra(self) -> dict[str, Any]:
        return {"errors": {"amount": [self.reason]}}


class UnknownCurrency(LedgerError):
    code = "unknown_currency"
    title = "Unknown currency"

    def __init__(self, currency: str, known: Sequence[str]) -> None:
        super().__init__(
            f"{currency[:20]!r} is not a currency here. Use one of {', '.join(known)}."
        )
        self.currency = currency

    @property
    def extra(self) -> dict[str, Any]:
        return {"errors": {"currency": [str(self)]}}


class CurrencyMismatch(LedgerError):
    code = "currency_mismatch"
    title = "Another currency"

    def __init__(self, given: str, kept: str) -> None:
        super().__init__(f"The account is kept in {kept}: send {kept}, not {given[:20]!r}.")
        self.given = given
        self.kept = kept

    @property
    def extra(self) -> dict[str, Any]:
        return {"errors": {"currency": [str(self)]}}


class InvalidInput(LedgerError):
    """Fields that are wrong, each with its reasons."""

    code = "invalid_input"
    title = "Invalid input"

    def __init__(self, errors: Mapping[str, Sequence[str]]) -> None:
        super().__init__(" ".join(f"{name}: {' '.join(why)}" for name, why in errors.items()))
        self.errors = {name: list(why) for name, why in errors.items()}

    @property
    def extra(self) -> dict[str, Any]:
        return {"errors": self.errors}


class AccountNotFound(LedgerError):
    code = "account_not_found"
    status = 404
    title = "No such account"

    def __init__(self) -> None:
        super().__init__("There is no such account. `GET accounts` lists yours.")


class TransactionNotFound(LedgerError):
    code = "transaction_not_found"
    status = 404
    title = "No such transaction"

    def __init__(self) -> None:
        super().__init__("There is no such transaction. `GET transactions` lists yours.")


class AccountNotActive(LedgerError):
    code = "account_not_active"
    status = 409
    title = "Account not active"

    def __init__(self, account_status: str) -> None:
        super().__init__(
            f"The account is {account_status}. Only an active account takes new transactions."
        )
        self.account_status = account_status

    @property
    def extra(self) -> dict[str, Any]:
        return {"account_status": self.account_status}


class InsufficientFunds(LedgerError):
    """Too little money; `available` and `needed` are wire texts in `currency`."""

    code = "insufficient_funds"
    status = 409
    title = "Insufficient funds"

    def __init__(self, *, available: str, needed: str, currency: str) -> None:
        super().__init__(
            f"{currency} {needed} is needed and {currency} {available} is available. "
            "Use a smaller amount, or add money first."
        )
        self.available = available
        self.needed = needed
        self.currency = currency

    @property
    def extra(self) -> dict[str, Any]:
        return {"available": self.available, "needed": self.needed, "currency": self.currency}


class IllegalTransition(LedgerError):
    """A move that the table of `transitions` does not have."""

    code = "illegal_transition"
    status = 409
    title = "Illegal transition"

    def __init__(self, current: str, wanted: str, allowed: Collection[str]) -> None:
        could = f"It can become {', '.join(sorted(allowed))}." if allowed else "That is final."
        super().__init__(f"The transaction is {current} and cannot become {wanted}. {could}")
        self.current = current
        self.wanted = wanted
        self.allowed = sorted(allowed)

    @property
    def extra(self) -> dict[str, Any]:
        return {"current": self.current, "wanted": self.wanted, "allowed": self.allowed}


class IdempotencyConflict(LedgerError):
    code = "idempotency_conflict"
    status = 422
    title = "Idempotency key used before"

    def __init__(self, fields: Collection[str]) -> None:
        super().__init__(
            f"This idempotency key was used with another {', '.join(sorted(fields))}. "
            "Repeat the first request unchanged, or send a new key."
        )
        self.fields = sorted(fields)

    @property
    def extra(self) -> dict[str, Any]:
        return {"fields": self.fields}


class AccountClosed(LedgerError):
    """Money would come onto a closed account, or is missing there. Names other accounts."""

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
        super().__init__(f"The transaction's account is closed. {what}")
        self.accounts = [str(number) for number in accounts]

    @property
    def extra(self) -> dict[str, Any]:
        return {"accounts": self.accounts}


class NothingToCarry(LedgerError):
    code = "nothing_to_carry"
    status = 409
    title = "Nothing to carry"

    def __init__(self, reason: str) -> None:
        super().__init__(f"{reason} So there is nothing to carry onto another one.")


class CarriedMoney(LedgerError):
    """One side of a carry; `counterpart` is the id of the other side."""

    code = "carried_money"
    status = 409
    title = "One side of a carry"

    def __init__(self, counterpart: int) -> None:
        super().__init__(
            f"This transaction and #{counterpart} carried money from one account to another. "
            "Neither is moved again. To bring the money elsewhere, create new transactions."
        )
        self.counterpart = str(counterpart)

    @property
    def extra(self) -> dict[str, Any]:
        return {"counterpart": self.counterpart}


class ActionNotAllowed(LedgerError):
    code = "action_not_allowed"
    status = 403
    title = "Not allowed"

    def __init__(self, action: str, allowed: Collection[str]) -> None:
        super().__init__(
            f"You may not {action} a transaction of your own; "
            f"you may {', '.join(sorted(allowed))} it."
        )
        self.action = action


class OwnAccount(LedgerError):
    code = "own_account"
    status = 403
    title = "An account of your own"

    def __init__(self) -> None:
        super().__init__("This is an account of your own: another member of staff has to do this.")
