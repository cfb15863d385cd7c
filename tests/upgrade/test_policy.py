"""Every migration since the release before leaves that release's code working."""

from __future__ import annotations

from typing import Any

import pytest
from django.apps import apps
from django.conf import settings
from django.db import migrations, models
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.state import ModelState, ProjectState

from realtime.sql import schema
from tests.services.environment import ROOT
from tests.upgrade import release
from tests.upgrade.policy import breaks

OURS = {
    config.label: config.name.replace(".", "/")
    for config in apps.get_app_configs()
    if config.name.partition(".")[0] in {"hoardrun", "notifications", "realtime"}
}


def is_released(migration: migrations.Migration) -> bool:
    path = f"{OURS[migration.app_label]}/migrations/{migration.name}.py"
    return path in release.migrations()


def test_each_new_migration_leaves_the_release_before_working():
    loader = MigrationLoader(None)
    found = []
    for key, migration in loader.graph.nodes.items():
        needed = schema.needs(key[1])
        if key[0] not in OURS or is_released(migration):
            continue
        if needed is None:
            found += breaks(migration, loader.project_state([key], at_end=False))
        else:  # it may break what is older than the release that it names
            assert not schema.needing_newer([".".join(key)], release.version()), key
    assert found == []


def test_released_migrations_stay_as_they_are():
    assert len(release.migrations()) >= 20
    changed = [
        path
        for path, content in release.migrations().items()
        if (ROOT / path).read_bytes() != content
    ]
    assert changed == [], "databases have applied these: write a new migration instead"


def test_the_release_before_is_older_than_this_code():
    assert release.version() != settings.VERSION
    assert schema.needing_newer(["x.0001_needs_hoardrun_0_0_y"], release.version()) == []


def migration(*operations: Any, **attributes: Any) -> migrations.Migration:
    made = migrations.Migration("0002_change", "shop")
    for name, value in {"operations": list(operations), **attributes}.items():
        setattr(made, name, value)
    return made


STATE = ProjectState()
STATE.add_model(
    ModelState(
        "shop",
        "Order",
        [
            ("id", models.BigAutoField(primary_key=True)),
            ("name", models.CharField(max_length=20, null=True)),
            ("code", models.CharField(null=True)),  # of any length
            ("paid", models.BooleanField(default=False)),
        ],
        {
            "constraints": [
                models.UniqueConstraint(fields=["name"], name="once"),
                models.CheckConstraint(condition=models.Q(paid=True), name="paid_for"),
            ]
        },
    )
)


@pytest.mark.parametrize(
    "operation",
    [
        migrations.AddField("order", "note", models.TextField(null=True)),
        migrations.AddField("order", "note", models.TextField(db_default="")),
        migrations.AddIndex("order", models.Index(fields=["name"], name="order_name")),
        migrations.AlterField("order", "name", models.CharField(max_length=40, null=True)),
        migrations.AlterField("order", "name", models.CharField(null=True)),
        migrations.AlterField(
            "order", "paid", models.BooleanField(default=False, help_text="By whom?")
        ),
        migrations.AlterField("order", "paid", models.BooleanField(null=True)),
        migrations.CreateModel("Line", [("id", models.BigAutoField(primary_key=True))]),
        migrations.AddField(
            "order",
            "part_of",
            models.ForeignKey("Order", models.CASCADE, null=True, db_constraint=False),
        ),
        migrations.RemoveConstraint("order", "paid_for"),
        migrations.SeparateDatabaseAndState(
            state_operations=[migrations.RemoveField("order", "paid")]
        ),
    ],
    ids=lambda operation: operation.describe(),
)
def test_what_adds_is_let_through(operation: Any):
    assert breaks(migration(operation), STATE) == []


HARMFUL = [
    migrations.CreateModel("Line", [("order", models.ForeignKey("Order", models.CASCADE))]),
    migrations.AddField("order", "part_of", models.ForeignKey("Order", models.CASCADE, null=True)),
    migrations.RemoveConstraint("order", "once"),
    migrations.AddField("order", "note", models.TextField(default="")),
    migrations.AlterField("order", "name", models.CharField(max_length=20)),
    migrations.AlterField("order", "name", models.CharField(max_length=10, null=True)),
    migrations.AlterField("order", "code", models.CharField(max_length=10, null=True)),
    migrations.AlterField("order", "name", models.IntegerField(null=True)),
    migrations.RemoveField("order", "paid"),
    migrations.RenameField("order", "paid", "settled"),
    migrations.DeleteModel("Order"),
    migrations.RenameModel("Order", "Purchase"),
    migrations.AlterModelTable("Order", "orders"),
    migrations.RunSQL("ALTER TABLE shop_order DROP COLUMN paid"),
    migrations.AddConstraint(
        "order", models.UniqueConstraint(fields=["name"], name="order_name_once")
    ),
    migrations.SeparateDatabaseAndState(
        database_operations=[migrations.RemoveField("order", "paid")]
    ),
]


@pytest.mark.parametrize("operation", HARMFUL, ids=lambda operation: operation.describe())
def test_what_breaks_old_code_is_named(operation: Any):
    (line,) = breaks(migration(operation), STATE)
    assert line.startswith("shop.0002_change: ")


def test_a_reason_stands_for_what_nobody_can_judge():
    said = migration(migrations.RunSQL("SELECT 1"), old_code_works="It only reads.")
    assert breaks(said, STATE) == []


@pytest.mark.parametrize(
    ("name", "version", "is_newer"),
    [
        ("realtime.0012_needs_hoardrun_0_3_drop_channels", "0.2.9", True),
        ("realtime.0012_needs_hoardrun_0_3_drop_channels", "0.3.0", False),
        ("realtime.0012_needs_hoardrun_0_3_drop_channels", "1.0.0", False),
        ("realtime.0012_needs_hoardrun_10_0", "9.9.9", True),
        ("realtime.0012_needs_hoardrun_0_3", "0.3.0rc1", False),
        ("shop.0002_needs_more_time", "0.1.0", False),
    ],
)
def test_the_name_says_which_release_the_schema_needs(name: str, version: str, is_newer: bool):
    assert schema.needing_newer([name], version) == ([name] if is_newer else [])
