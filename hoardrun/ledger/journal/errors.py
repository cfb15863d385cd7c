"""What the journal refuses. Each is a fault of the code or of the data, never of a request."""

from __future__ import annotations


class JournalError(Exception):
    """A posting that would make the journal wrong; its transaction must not commit."""


class SourceReused(JournalError):
    """A source was posted before, with something else."""

    def __init__(self, source: str, differing: list[str]) -> None:
        super().__init__(f"{source} was posted before with another {', '.join(differing)}.")


class BookChanged(JournalError):
    """A book has moved although its account was locked, or has another currency than that."""

    def __init__(self, book: object) -> None:
        super().__init__(f"The book {book} is not what its account says; `ledger_verify` says why.")
