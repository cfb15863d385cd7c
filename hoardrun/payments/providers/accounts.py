"""The interface of providers for payments that customers make without a prompt of ours. Pure."""

from __future__ import annotations

from typing import Any, Literal, Protocol, TypeVar

from hoardrun.payments.providers.interface import Answered, Request
from realtime.outgoing.reply import Reply

# Why a payment that is about to be made is refused: what of it is wrong.
Refusal = Literal["account", "amount", "kyc", "msisdn", "other", "shortcode"]
K = TypeVar("K", contravariant=True)


class Accounts(Protocol[K]):
    """Payments to an account. The provider asks whether one may be made, and tells of each."""

    def register(
        self, keys: K, token: str, *, told_at: str, asked_at: str, without_us: bool
    ) -> Request:
        """Name the URLs at which we are told and asked; `without_us`: it goes on if we are down."""

    def refusal(self, reply: Reply) -> str:
        """Return the code by which the URLs were refused; empty if they are registered."""

    def is_ours(self, keys: K, receiver: str) -> bool:
        """Say whether a payment goes to our account."""

    def needs_account(self, keys: K) -> bool:
        """Say whether payers must write whom it is for."""

    def refuse(self, reason: Refusal) -> Answered:
        """Return the answer that stops a payment; `Provider.answer` is the one that lets it go."""


AnyAccounts = Accounts[Any]
