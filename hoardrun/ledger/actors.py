"""The actor that moves a transaction. `services` stores the actor with every move. No I/O here."""

from __future__ import annotations

from typing import NamedTuple

from hoardrun.ledger.choices import ActorKind


class Actor(NamedTuple):
    """A person or program that moves money. Make one by the functions below.

    Its fields are columns of a move. `user_id` names a user or a member of staff; `actor_name` a
    service, a provider or a part of the system. `evidence` says where the proof of a provider's
    statement is stored.
    """

    actor_kind: ActorKind
    user_id: int | None = None
    actor_name: str = ""
    evidence: str = ""


def user(user_id: int) -> Actor:
    """Return a customer: acts on their own accounts."""
    return Actor(ActorKind.USER, user_id)


def staff(user_id: int) -> Actor:
    """Return a member of staff: may not act on their own accounts."""
    return Actor(ActorKind.STAFF, user_id)


def service(name: str, user_id: int | None = None) -> Actor:
    """Return another program, with the user that it logs in as, if any."""
    return Actor(ActorKind.SERVICE, user_id, name)


def provider(name: str, evidence: str) -> Actor:
    """Return a payment provider whose statement is stored at `evidence`."""
    return Actor(ActorKind.PROVIDER, None, name, evidence)


def system(name: str) -> Actor:
    """Return a part of this program, such as a job or a command."""
    return Actor(ActorKind.SYSTEM, actor_name=name)


UNNAMED = system("unnamed")
"""The actor of a call that names none."""
