"""Answer an SMS that ends or begins optional ones, in the language of its sender."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta

from notifications import languages
from notifications.addresses.values import address_hash
from notifications.brand import brand
from notifications.channels import registry
from notifications.channels.direct import direct
from notifications.channels.message import Content
from notifications.choices import AddressState
from notifications.delivery import bill
from notifications.hooks.incoming import Answer
from notifications.hooks.words import ANSWERS
from notifications.models import Address, Preference
from realtime import clock

LIFE = timedelta(hours=1)


def answer_to(address: str, question: str, *, wants: bool) -> Answer:
    """Return the answer in the language of the number's owner, else in the deployment's."""
    owner = Address.objects.filter(
        channel="sms", hash=address_hash("sms", address), state=AddressState.VERIFIED
    ).first()
    chosen = None if owner is None else Preference.objects.filter(pk=owner.user_id).first()
    locales = [chosen.locale if chosen else "", owner.locale if owner else "", brand().locale]
    language = languages.choose(*locales).language
    return Answer(
        address=address,
        question=question,
        text=ANSWERS[language][wants],
        language=language,
        user_id=0 if owner is None else owner.user_id,
    )


def send(answers: Iterable[Answer], provider: str) -> None:
    """Send answers by SMS, once each, and within the limits. Not in a transaction."""
    if (by := registry.find(provider)) is None:
        return
    for each in answers:
        content = Content(title="", body=each.text, locale=each.language)
        message = direct(
            "sms", each.address, content,
            kind="answer", user_id=each.user_id, now=clock.now(), life=LIFE,
        )  # fmt: skip
        if (counted := bill.direct_take(each.address)) is not None:
            bill.direct_cost(counted, by.send(message))
