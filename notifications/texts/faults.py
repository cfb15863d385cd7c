"""Find what is wrong with the texts before anything is sent: `manage.py check` runs it.

Each kind is rendered with its samples in each language for each channel of its ladder.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import msgspec

from notifications import kinds
from notifications.brand import Brand, brand
from notifications.channels.sms import gsm
from notifications.kinds import Kind
from notifications.kinds.values import General
from notifications.languages import CODES
from notifications.texts import catalogue, template
from notifications.texts.catalogue import GENERAL, KindTexts, Text, Words
from notifications.texts.render import (
    PUSH_BODY,
    PUSH_TITLE,
    SMS_SEGMENTS,
    TextChannel,
    action_title,
    brand_values,
    compiled,
    reader_of,
    uncut,
)
from notifications.texts.values import Variable, variables
from notifications.validation import MESSAGE_LENGTH, TITLE_LENGTH

FORMS = {"zero", "one", "two", "few", "many", "other"}
ACTION_TITLE = 20  # characters that a phone shows of a button
NEVER_OUTSIDE = "balance"  # of push and SMS


class Fault(msgspec.Struct, frozen=True, kw_only=True):
    """A fault in the texts of a kind; `language` is empty where all are concerned."""

    kind: str
    language: str = ""
    what: str


def faults() -> Iterator[Fault]:
    """Yield all faults of all texts, by kind."""
    for kind in kinds.all_kinds():
        yield from faults_of(kind)
    declared = {kind.name for kind in kinds.all_kinds()}
    for name in catalogue.names():
        if name not in declared:
            yield Fault(kind=name, what="has texts, and no app declares that kind")


def faults_of(kind: Kind) -> Iterator[Fault]:
    """Yield the faults of one kind's texts."""
    try:
        texts = catalogue.find(kind.name)
    except ValueError as error:
        yield Fault(kind=kind.name, what=f"cannot be read: {error}")
        return
    if texts is None:
        if not issubclass(kind.variables, General):
            yield Fault(kind=kind.name, what=f"has no texts: write {kind.name}.toml")
            return
        texts = KindTexts(words=dict.fromkeys(CODES, GENERAL))
    if not texts.url.startswith("/") or texts.url.startswith("//"):
        yield Fault(kind=kind.name, what=f"opens {texts.url!r}, which is no path of ours")
    for what in _of_text(texts.url, variables(kind.variables)):
        yield Fault(kind=kind.name, what=f"url {what}")
    for name in sorted(set(texts.words) - set(CODES)):
        yield Fault(kind=kind.name, language=name, what="is a language that we do not have")
    for language in CODES:
        words = texts.words.get(language)
        found = ["is missing"] if words is None else _of_words(kind, words, language)
        for what in found:
            yield Fault(kind=kind.name, language=language, what=what)


def _of_words(kind: Kind, words: Words, language: str) -> Iterator[str]:
    known = variables(kind.variables)
    wrong = False
    for name, text in _texts(words):
        for what in _of_text(text, known):
            wrong = True
            yield f"{name} {what}"
    if kind.category not in catalogue.shared(language).categories:
        yield f"has no name for the category {kind.category!r} in shared.toml"
    for channel in dict.fromkeys(rung.channel for rung in kind.ladder):
        if not getattr(words, channel) and not (channel == "push" and kind.privacy == "secret"):
            yield f"has no text for {channel}"
    for name in kind.actions:
        title = action_title(name, words, catalogue.shared(language))
        if not 0 < len(title) <= ACTION_TITLE:
            yield f"needs a name for the button {name!r}, of {ACTION_TITLE} characters at most"
    for name in sorted(words.actions.keys() - set(kind.actions)):
        yield f"names the button {name!r}, which its kind does not have"
    if kind.privacy != "public" and any(known[name].is_money for name in _uses(words.title, known)):
        yield "title has an amount, which a lock screen shows"
    for name, text in (("push", words.push), ("sms", words.sms)):
        if NEVER_OUTSIDE in _uses(text, known):
            yield f"{name} has the balance, which never leaves the app"
    if not wrong:
        yield from dict.fromkeys(_of_samples(kind, words, language))


def _of_text(text: Text, known: dict[str, Variable]) -> Iterator[str]:
    """Yield the faults that one text has with any values."""
    if isinstance(text, dict):
        if "other" not in text or not set(text) <= FORMS:
            yield f"needs the form `other`, and no other names than {', '.join(sorted(FORMS))}"
        if "count" not in known:
            yield "has forms for a number, and its kind has no variable `count`"
    for form in _forms(text):
        try:
            parsed = compiled(form)
        except ValueError as error:
            yield f"cannot be read: {error}"
            continue
        for name in sorted(set(template.names(parsed)) - known.keys() - _brand_names()):
            yield f"uses {{{name}}}, which its kind does not have"
        for name, word in template.words(parsed):
            if name in known and word not in known[name].words:
                yield f"compares {{{name}}} with {word!r}, which it never is"


def _of_samples(kind: Kind, words: Words, language: str) -> Iterator[str]:
    """Yield what is too long or too expensive when the samples are filled in."""
    of = brand()
    reader = reader_of(language, "", of)
    channels: tuple[TextChannel, ...] = ("in_app", *(rung.channel for rung in kind.ladder))
    for channel in dict.fromkeys(channels):
        for sample in kind.samples:
            found = uncut(kind, channel, sample, reader, of)
            if channel == "in_app":
                yield from _too_long("title", found.title, TITLE_LENGTH)
                yield from _too_long("message", found.body, MESSAGE_LENGTH)
            elif channel == "push":
                yield from _too_long("title", found.title, PUSH_TITLE)
                yield from _too_long("push", found.body, PUSH_BODY)
            elif channel == "sms":
                yield from _of_sms(kind, found.body)
            if "\n" in found.title or not found.title or not found.body:
                yield f"{channel} has no text, or a title of several lines, for a sample"
    yield from _expensive(words.sms)


def _of_sms(kind: Kind, text: str) -> Iterator[str]:
    text = gsm.replace(text)
    # A kind of which no rung by SMS is required may take a second segment.
    most = 1 if "sms" in kind.required_channels or _may_be_required(kind) else 2
    if (segments := gsm.segments(text)) > most:
        yield f"sms takes {segments} segments for a sample, not {most} at most: {text!r}"
    if "://" in text or "www." in text:
        yield "sms has a link; people must not learn to tap on one"
    assert most <= SMS_SEGMENTS


def _may_be_required(kind: Kind) -> bool:
    return any(rung.channel == "sms" and rung.required_above for rung in kind.ladder)


def _expensive(text: Text) -> Iterator[str]:
    letters = set().union(*(gsm.strangers(gsm.replace(form)) for form in _forms(text)))
    if letters := letters - set("{}#^=/"):
        shown = " ".join(sorted(letters))
        yield f"sms has letters that make it twice as expensive: {shown}"


def _too_long(name: str, text: str, most: int) -> Iterator[str]:
    if len(text) > most:
        yield f"{name} has {len(text)} characters for a sample, not {most} at most"


def _texts(words: Words) -> Iterator[tuple[str, Text]]:
    for name in ("title", "message", "push", "sms", "email"):
        yield name, getattr(words, name)


def _uses(text: Text, known: Iterable[str]) -> set[str]:
    used: set[str] = set()
    for form in _forms(text):
        try:
            used |= set(template.names(compiled(form)))
        except ValueError:
            continue  # reported as unreadable
    return used & set(known)


def _forms(text: Text) -> Iterable[str]:
    return text.values() if isinstance(text, dict) else [text]


def _brand_names() -> set[str]:
    return set(brand_values(Brand()))
