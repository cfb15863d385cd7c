"""Book what a file of a provider has beside its payments: charges, and money of nobody yet."""

from __future__ import annotations

from hoardrun.payments.reconciling.charges import charges_book
from hoardrun.payments.reconciling.models import StatementFile
from hoardrun.payments.reconciling.suspense import suspense_book, suspense_release


def file_book(file: StatementFile) -> None:
    """Book a file whose payments have been told. What was booked before stays as it is."""
    charges_book(file)
    suspense_book(file)
    suspense_release()
