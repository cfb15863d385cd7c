"""The meaning of a mail server's answer, by its code and its enhanced code (RFC 3463). Pure."""

from __future__ import annotations

import re
from typing import Literal

import msgspec

from notifications.channels import answers
from notifications.channels.answers import Meaning

Stage = Literal["sender", "recipient", "data"]

BOUNCED = Meaning(answers.REFUSED.outcome, "bounced")
REJECTED = Meaning(answers.REFUSED.outcome, "rejected")
# The mailbox or its domain does not exist, or takes no mail any more.
_NOBODY = frozenset({"5.1.1", "5.1.2", "5.1.3", "5.1.6", "5.1.10", "5.2.1"})
# Without an enhanced code, these say so where a recipient is refused.
_NOBODY_PLAIN = frozenset({550, 551, 553})
_FULL = 552
# Our login or our sender.
_OURS = frozenset({530, 534, 535, 538})
_ENHANCED = re.compile(r"([245]\.\d{1,3}\.\d{1,3})\b")


class Said(msgspec.Struct, frozen=True):
    """An answer of a mail server, to be kept as its code."""

    status: int
    enhanced: str = ""

    @property
    def code(self) -> str:
        return f"{self.status} {self.enhanced}".rstrip()


def read(status: int, text: bytes | str) -> Said:
    """Read an answer. Its words are not kept: they may name the address."""
    words = text.decode("ascii", "replace") if isinstance(text, bytes) else text
    found = _ENHANCED.match(words.strip())
    return Said(status, found[1] if found else "")


def meaning(said: Said, stage: Stage) -> Meaning:
    """Say what a refusal means, by what it was the answer to."""
    if 400 <= said.status < 500:
        return answers.LATER
    if not 500 <= said.status < 600:
        return answers.UNKNOWN
    if said.status in _OURS or stage == "sender":
        return answers.MISTAKE
    if said.enhanced in _NOBODY:
        return BOUNCED
    if stage == "recipient" and not said.enhanced and said.status in _NOBODY_PLAIN:
        return BOUNCED
    if said.enhanced.startswith("5.2.") or (not said.enhanced and said.status == _FULL):
        return REJECTED
    return answers.REFUSED  # for what it says, or who we are: that says nothing of the mailbox
