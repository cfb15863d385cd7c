"""Show the texts of a kind with its samples, as they would be sent: for people who check them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import msgspec

from notifications.channels.message import Content
from notifications.channels.sms import gsm
from notifications.kinds import Kind
from notifications.texts.render import TEXT_CHANNELS, TextChannel, render


class Preview(msgspec.Struct, frozen=True, kw_only=True):
    """The text of one sample by one channel. `sms` measures it where it is an SMS."""

    channel: TextChannel
    sample: int  # its place among the samples of the kind
    content: Content
    sms: gsm.Size | None = None
    expensive: tuple[str, ...] = ()  # letters that make an SMS twice as expensive

    @property
    def characters(self) -> int:
        return len(self.content.body)


def channels_of(kind: Kind) -> tuple[TextChannel, ...]:
    """Return the channels that a kind has texts for: the app, and those of its ladder."""
    used = {"in_app", *(rung.channel for rung in kind.ladder)}
    return tuple(channel for channel in TEXT_CHANNELS if channel in used)


def previews(
    kind: Kind,
    *,
    locale: str,
    channels: Sequence[TextChannel] = TEXT_CHANNELS,
    zone: str = "",
    hide_amounts: bool = False,
    address: str = "",
) -> Iterator[Preview]:
    """Yield the texts of a kind: by channel, each with all samples."""
    for channel in channels:
        for place, sample in enumerate(kind.samples):
            content = render(
                kind.name,
                channel,
                sample,
                locale=locale,
                zone=zone,
                hide_amounts=hide_amounts,
                address=address if channel == "email" else "",
            )
            is_sms = channel == "sms"
            yield Preview(
                channel=channel,
                sample=place,
                content=content,
                sms=gsm.size(content.body) if is_sms else None,
                expensive=tuple(sorted(gsm.strangers(content.body))) if is_sms else (),
            )
