"""Each table and column has its decision, in the code and in docs/privacy.md."""

from __future__ import annotations

import re
from typing import Any

from django.contrib.auth.models import User
from django.db import models

from hoardrun.forgetting.tables import PERSONAL, TABLES, Fate
from tests.hoardrun.forgetting.conftest import MODELS
from tests.services.environment import ROOT

PRIVACY = (ROOT / "docs" / "privacy.md").read_text()


def test_each_table_has_its_decision():
    """A new table: decide what becomes of a user's rows, and say why in docs/privacy.md."""
    assert MODELS.keys() == TABLES.keys()
    told = dict(re.findall(r"^\| `([a-z_]+)` \| (\w+)", PRIVACY, re.MULTILINE))
    assert told == {name: table.fate for name, table in PERSONAL.items()}


def test_each_column_of_a_row_that_stays_has_its_decision():
    """A new column: decide whether it is cleared, and name it in docs/privacy.md if it is text."""
    for name, table in TABLES.items():
        fields = {field.name: field for field in MODELS[name]._meta.concrete_fields}
        stays = table.fate is not Fate.REMOVED
        assert table.cleared | table.kept == (fields.keys() if stays else set()), name
        assert not table.cleared & table.kept, name
        if name not in PERSONAL or not stays:
            continue
        [row] = re.findall(rf"^\| `{name}` \|(.*)", PRIVACY, re.MULTILINE)
        texts = {column for column in table.kept if is_free_text(fields[column])}
        assert not [column for column in table.cleared | texts if f"`{column}`" not in row], name


def is_free_text(field: Any) -> bool:
    kinds = (models.CharField, models.TextField, models.JSONField)
    return isinstance(field, kinds) and not field.choices


def test_a_table_that_refers_to_users_is_somebodys():
    for name, model in MODELS.items():
        if any(field.related_model is User for field in model._meta.concrete_fields):
            assert name in PERSONAL, name
