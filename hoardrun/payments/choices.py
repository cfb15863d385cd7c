"""The words of payments, as they are stored. States, claims and verdicts are the pure core's."""

from __future__ import annotations

from django.db import models

from hoardrun.payments.evidence import Claim, Source
from hoardrun.payments.providers.interface import Verdict
from hoardrun.payments.providers.registry import PROVIDERS
from hoardrun.payments.states import State

CARRIERS = [(name, name) for name in PROVIDERS]
STATES = [(state.value, state.value) for state in State]
CLAIMS = [(claim.value, claim.value) for claim in Claim]
SOURCES = [(source.name.lower(), source.name.lower()) for source in Source]
VERDICTS = [(verdict.value, verdict.value) for verdict in Verdict]


class Kind(models.TextChoices):
    COLLECT = "collect"  # a customer pays us
    PAYOUT = "payout"  # we pay a customer
    REFUND = "refund"  # a collected payment is given back


class Outcome(models.TextChoices):
    """What became of a callback."""

    APPLIED = "applied"
    DUPLICATE = "duplicate"
    STALE = "stale"  # the payment had ended
    UNMATCHED = "unmatched"  # no payment is known that it is about
    MISMATCH = "mismatch"  # it tells of another payment than was asked for
    REFUSED = "refused"  # forged


class StaffAction(models.TextChoices):
    """What staff do with a payment."""

    ACCEPT = "accept"  # what came is the customer's
    REFUND = "refund"  # likewise, and it is given back
    REJECT = "reject"  # nothing came, or it is not to be sent
    SEND = "send"  # it is so large that two must accept it


class DecisionState(models.TextChoices):
    ASKED = "asked"
    DONE = "done"
    DECLINED = "declined"
