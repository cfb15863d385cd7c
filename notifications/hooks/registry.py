"""The providers that call us, by the code of their path. A further one is one line here."""

from __future__ import annotations

from notifications.hooks.africastalking import AfricasTalking
from notifications.hooks.email import Email
from notifications.hooks.incoming import Source
from notifications.hooks.tokens import CODES
from notifications.hooks.twilio import Twilio

SOURCES: dict[str, Source] = {
    CODES[source.provider]: source for source in (AfricasTalking(), Twilio(), Email())
}
