"""Read the texts of kinds, and those that all kinds share, from TOML files.

An app registers the folder of its own in `ready()`; nothing is read before the first use.
"""

from __future__ import annotations

import hashlib
import tomllib
from functools import cache
from pathlib import Path
from typing import Any

import msgspec

HERE = Path(__file__).parent
LAYOUT = HERE / "email.html"
# A text, or its forms for the variable `count` by CLDR's names: one, many, other.
Text = str | dict[str, str]

_FOLDERS: list[Path] = []


class Words(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The texts of one kind in one language; see `notifications.texts.template`."""

    name: str  # of the kind itself, on the page of preferences
    title: Text  # in the app, of a push message, and the subject of an e-mail
    message: Text  # in the app
    push: Text = ""
    sms: Text = ""
    email: Text = ""  # paragraphs, with an empty line between them
    actions: dict[str, str] = {}  # the names of buttons that `Shared` does not have


class KindTexts(msgspec.Struct, frozen=True, kw_only=True):
    """The texts of one kind, by language. `url` is what a tap opens: a path, with values in it."""

    url: str = "/"
    words: dict[str, Words]


class Digest(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The texts of digests in one language."""

    title: Text
    push: Text
    sms: Text
    email: Text


class Shared(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The texts that all kinds share in one language."""

    secret_title: str
    secret_push: str
    hidden_push: str
    open: str
    unsubscribe: str
    support: str
    others: str  # the name of a `<type>.general` kind
    digest: Digest
    line: str  # one message of a digest
    more: Text
    categories: dict[str, str]
    actions: dict[str, str]  # the names of the buttons of push messages


# The texts of kinds for which the sender writes the title and the message.
GENERAL = Words(
    name="",
    title="{title}",
    message="{message}",
    push="{message}",
    sms="{title}: {message}",
    email="{message}",
)


def register(folder: Path) -> None:
    """Add the texts of an app's kinds: `<folder>/<kind>.toml`."""
    if folder not in _FOLDERS:
        _FOLDERS.append(folder)
        forget()


def forget() -> None:
    """Read the files again at the next use."""
    for each in (_files, find, version):
        each.cache_clear()


def names() -> list[str]:
    """List the kinds that have a file."""
    return sorted(_files())


@cache
def find(kind: str) -> KindTexts | None:
    """Return the texts of a kind; None without a file. Raises ValueError for one that is wrong."""
    path = _files().get(kind)
    if path is None:
        return None
    data = _read(path)
    url = data.pop("url", "/")
    try:
        return KindTexts(url=url, words=msgspec.convert(data, dict[str, Words]))
    except msgspec.ValidationError as error:
        raise ValueError(f"{path.name}: {error}") from error


@cache
def shared(language: str) -> Shared:
    """Return what all kinds share in a language."""
    return msgspec.convert(_read(HERE / "shared.toml")[language], Shared)


@cache
def version(kind: str, language: str) -> str:
    """Return a hash of all that the texts of a kind are made of in a language."""
    found = find(kind)
    parts = (found and found.url, found and found.words.get(language), shared(language))
    text = msgspec.json.encode([*parts, LAYOUT.read_text(encoding="utf-8")], order="sorted")
    return hashlib.sha256(text).hexdigest()[:12]


@cache
def _files() -> dict[str, Path]:
    found = [path for folder in _FOLDERS for path in sorted(folder.glob("*.toml"))]
    by_kind = {path.stem: path for path in found}
    assert len(by_kind) == len(found), "two files have the texts of one kind"
    return by_kind


def _read(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except tomllib.TOMLDecodeError as error:
        raise ValueError(f"{path.name}: {error}") from error
