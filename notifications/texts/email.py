"""Put the text of an e-mail into its page: plain, and as HTML with all styles in it. Pure.

Mail programs drop style sheets; the one that is there only changes colors where it is dark.
Every text is escaped here, and nowhere before.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from html import escape
from string import Template

import msgspec

from notifications.brand import Brand
from notifications.texts.catalogue import LAYOUT, Shared
from notifications.texts.template import fill, parse

_PARAGRAPH = '<p style="margin:0 0 14px;">{}</p>'
_FOOTER = '<p style="margin:0 0 6px;">{}</p>'
_LINK = '<a class="faint" href="{}" style="color:#56635c;text-decoration:underline;">{}</a>'
_BUTTON = (
    '<tr><td style="padding:8px 28px 0;"><a href="{url}" style="display:inline-block;padding:12px '
    "22px;border-radius:8px;background-color:{color};color:#ffffff;font:600 16px/20px "
    "-apple-system,'Segoe UI',Roboto,Arial,sans-serif;text-decoration:none;\">{text}</a></td></tr>"
)


class Page(msgspec.Struct, frozen=True, kw_only=True):
    """The parts of an e-mail. Its button leads to `address`, and is left out without one."""

    brand: Brand
    common: Shared
    locale: str
    title: str
    text: str
    address: str = ""
    unsubscribe: str = ""


def plain(page: Page) -> str:
    """Write the part for programs that show text."""
    ends = list(_ends(page))
    if page.unsubscribe:
        ends += [page.common.unsubscribe, page.unsubscribe]
    body = page.text.strip()
    if page.address:
        body = f"{body}\n\n{page.common.open}\n{page.address}"
    return f"{body}\n\n-- \n" + "\n".join([page.brand.name, *ends]) + "\n"


def html(page: Page) -> str:
    """Write the part for programs that show HTML."""
    ends = [escape(end) for end in _ends(page)]
    if page.unsubscribe:
        ends.append(_LINK.format(escape(page.unsubscribe), escape(page.common.unsubscribe)))
    button = {"url": escape(page.address), "color": page.brand.color}
    return _layout().substitute(
        locale=escape(page.locale),
        title=escape(page.title),
        color=page.brand.color,
        brand=escape(page.brand.name),
        paragraphs="\n".join(map(_paragraph, page.text.strip().split("\n\n"))),
        button=_BUTTON.format(text=escape(page.common.open), **button) if page.address else "",
        footer="\n".join(map(_FOOTER.format, ends)),
    )


def _ends(page: Page) -> Iterator[str]:
    if page.brand.support:
        yield fill(parse(page.common.support), {"support": page.brand.support})
    if page.brand.footer:
        yield page.brand.footer


def _paragraph(text: str) -> str:
    return _PARAGRAPH.format(escape(text.strip()).replace("\n", "<br>\n"))


@cache
def _layout() -> Template:
    return Template(LAYOUT.read_text(encoding="utf-8"))
