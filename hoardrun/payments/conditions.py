"""What `states` says of the money of a payment, as conditions of queries."""

from __future__ import annotations

from django.db.models import Q

from hoardrun.payments.states import NOT_PAID, PAID, State

WAS_PAID = Q(state__in=sorted(state.value for state in PAID)) | Q(booked_late=True)
STAYS_PAID = Q(state=State.SUCCEEDED.value) | Q(booked_late=True)
MOVED_NOTHING = Q(state__in=sorted(state.value for state in NOT_PAID), booked_late=False)
