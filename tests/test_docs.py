"""All names in the documentation exist."""

from __future__ import annotations

import pkgutil
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.apps import apps

from hoardrun import __version__
from notifications.kinds import all_kinds
from tests.services.environment import ROOT

PAGES = sorted(
    [*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), *ROOT.glob("npm/*.md")],
    key=lambda page: page.relative_to(ROOT).parts,
)
FOLDERS = "bench|deploy|docs|hoardrun|notifications|npm|realtime|tests|\\.ci|\\.github"
# In backquotes, from the top of the repository; `<name>` stands for any.
NAMED = re.compile(rf"`((?:{FOLDERS})/[\w./-]*)`")
# A module or what is in it, as imports write it, a right, such as `ledger.change_transaction`, or a
# kind of notification.
APPS = "auth|broadcasts|hoardrun|ledger|market|notifications|realtime"
DOTTED = re.compile(rf"`((?:{APPS})(?:\.[a-z_]{{2,}})+)(?=[`(])")
LINK = re.compile(r"\]\(([^)\s]+)\)")


def page_id(page: Path) -> str:
    return str(page.relative_to(ROOT))


def anchors(page: Path) -> set[str]:
    """Return what a link may name behind `#`, as GitHub makes it from the headings."""
    headings = re.findall(r"^#+ (.*)$", page.read_text(), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", text.lower()).replace(" ", "-") for text in headings}


@pytest.mark.parametrize("page", PAGES, ids=page_id)
def test_each_file_that_a_page_names_exists(page: Path):
    assert [name for name in NAMED.findall(page.read_text()) if not (ROOT / name).exists()] == []


@pytest.mark.parametrize("page", PAGES, ids=page_id)
def test_each_module_and_right_that_a_page_names_exists(page: Path):
    rights = {f"{meta.app_label}.{code}" for meta, code in permissions()}
    kinds = {kind.name for kind in all_kinds()}
    for name in sorted(set(DOTTED.findall(page.read_text())) - rights - kinds):
        pkgutil.resolve_name(name)


def permissions() -> Iterator[tuple[Any, str]]:
    for model in apps.get_models():
        meta = model._meta
        yield from ((meta, f"{verb}_{meta.model_name}") for verb in meta.default_permissions)
        yield from ((meta, str(code)) for code, _ in meta.permissions)


@pytest.mark.parametrize("page", PAGES, ids=page_id)
def test_each_link_leads_somewhere(page: Path):
    dead = []
    for link in LINK.findall(page.read_text()):
        name, _, anchor = link.partition("#")
        target = (page.parent / name).resolve() if name else page
        if re.match(r"[a-z]+:", link):
            continue
        if not target.exists() or (anchor and anchor not in anchors(target)):
            dead.append(link)
    assert dead == []


def test_the_index_lists_every_page():
    index = ROOT / "docs" / "README.md"
    linked = {(index.parent / link).resolve() for link in LINK.findall(index.read_text())}
    assert {page for page in ROOT.glob("docs/*.md") if page != index} <= linked
    records = ROOT / "docs" / "decisions"
    listed = {records / link for link in LINK.findall((records / "README.md").read_text())}
    assert set(records.glob("0*.md")) <= listed


def test_the_readme_fits_on_three_screens():
    lines = (ROOT / "README.md").read_text().splitlines()
    assert len(lines) <= 125
    assert [line for line in lines if len(line) > 100 and not line.startswith("|")] == []


def test_the_changelog_begins_with_this_version():
    versions = re.findall(r"^## (\S+)", (ROOT / "CHANGELOG.md").read_text(), re.MULTILINE)
    assert versions[0] == __version__
