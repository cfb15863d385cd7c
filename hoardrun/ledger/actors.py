"""Who moves a transaction. Pure: `services` stores it with every move."""

from __future__ import annotations

from typing import NamedTuple

from hoardrun.ledger.choices import ActorKind


class Actor(NamedTuple):
    """One who moves money.

    `user_id` says which user or member of staff, `name` which service, provider or part of
    the system. `request_id` is that of the HTTP request, `evidence` where the proof of a
    provider's word is kept. Make one by the functions below: they set what its kind needs.
    """

    kind: ActorKind
    user_id: int | None = None
    name: str = ""
    request_id: str = ""
    evidence: str = ""


def user(user_id: int, request_id: str = "") -> Actor:
    """Return a customer, who acts on an account of their own."""
    return Actor(ActorKind.USER, user_id, request_id=request_id)


def staff(user_id: int, request_id: str = "") -> Actor:
    """Return a member of staff; the ledger refuses one on an account of their own."""
    return Actor(ActorKind.STAFF, user_id, request_id=request_id)


def service(name: str, request_id: str = "", user_id: int | None = None) -> Actor:
    """Return a program beside this one, and the user that it logs in as, if any."""
    return Actor(ActorKind.SERVICE, user_id, name, request_id)


def provider(name: str, evidence: str, request_id: str = "") -> Actor:
    """Return a payment provider whose word is kept at `evidence`."""
    return Actor(ActorKind.PROVIDER, None, name, request_id, evidence)


def system(name: str) -> Actor:
    """Return a part of this program: a job, a command."""
    return Actor(ActorKind.SYSTEM, name=name)


UNNAMED = system("unnamed")
"""Code that called a service without saying who acts."""
