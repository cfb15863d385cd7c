"""Build an e-mail from a message: text and HTML, and the headers that mailboxes look at. Pure.

Each attempt builds the same Message-ID, so that mailboxes may show a repetition once.
"""

from __future__ import annotations

from email.utils import format_datetime, parseaddr

from django.core.mail import EmailMultiAlternatives

from notifications.channels.message import Message
from notifications.channels.options import ChannelOptions
from notifications.hooks import tokens


class Email(EmailMultiAlternatives):
    """An e-mail with what django-anymail reads beside Django's own attributes; SMTP ignores it.

    `return_path` is the sender for the servers on its way, to whom they report that it bounced.
    """

    def __init__(self, message: Message, options: ChannelOptions, return_path: str = "") -> None:
        shown = {"From": options.email_from} if return_path else {}
        super().__init__(
            subject=one_line(message.content.title),
            body=message.content.body,
            from_email=return_path or options.email_from,
            to=[message.to.value],
            reply_to=[options.email_reply_to] if options.email_reply_to else None,
            headers=headers(message, options) | shown,
        )
        if message.content.html:
            self.attach_alternative(message.content.html, "text/html")
        self.metadata = {"delivery": str(message.delivery_id)}
        self.tags = [message.category]
        self.track_opens = False
        self.track_clicks = False


def headers(message: Message, options: ChannelOptions) -> dict[str, str]:
    """Build the headers. Only what the user may refuse can be unsubscribed from."""
    domain = domain_of(options.email_from)
    found = {
        "Message-ID": f"<delivery-{message.delivery_id}@{domain}>",
        "Date": format_datetime(message.happened_at),
        "Auto-Submitted": "auto-generated",
        "Feedback-ID": f"{message.kind}:{message.category}:hoardrun",
        "Content-Language": message.content.locale,
    }
    if message.thread:
        # Nobody was sent it, but what refers to the same id is shown together.
        found["References"] = f"<{message.thread}@{domain}>"
    if not message.required:
        found |= _unsubscribing(message, options)
    return found


def _unsubscribing(message: Message, options: ChannelOptions) -> dict[str, str]:
    """One click, by RFC 8058: a POST to the link unsubscribes."""
    ways = [tokens.unsubscribe_url(message.user_id, message.category, message.channel)]
    if options.email_unsubscribe:
        ways.append(f"mailto:{options.email_unsubscribe}?subject=unsubscribe")
    return {
        "List-Unsubscribe": ", ".join(f"<{way}>" for way in ways),
        "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
    }


def domain_of(sender: str) -> str:
    """Return the domain of a sender such as `Acme <alerts@acme.example>`."""
    return parseaddr(sender)[1].rpartition("@")[2] or "localhost"


def one_line(text: str) -> str:
    """Return a text as one line: a line break in a header would begin another one."""
    return " ".join(text.split())
