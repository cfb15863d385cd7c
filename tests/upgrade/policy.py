"""Say of a migration whether code of the release before goes on working once it is applied.

Old code names every column that it knows in what it reads and writes, and none that it does not.
So a table or a column may come, if a row can be written without it; nothing may go, be renamed or
become narrower. docs/upgrade.md has the policy for people.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.db import migrations, models
from django.db.migrations.operations.base import Operation
from django.db.migrations.state import ProjectState
from django.db.models.fields import NOT_PROVIDED

# They add, take away what only refuses or only speeds up, or change nothing in the database.
HARMLESS = (
    migrations.AddIndex,
    migrations.RemoveIndex,
    migrations.RenameIndex,
    migrations.AlterModelOptions,
    migrations.AlterModelManagers,
    migrations.AlterModelTableComment,
)
# The database does not see these of a field.
UNSEEN = ("blank", "choices", "editable", "error_messages", "help_text", "validators", "default")
SAY_WHY = "say why old code goes on working, in `old_code_works` of the migration"


def breaks(migration: migrations.Migration, state: ProjectState) -> list[str]:
    """Return what would break old code, a line for each operation; nothing if all is additive.

    `state` is the one before the migration. The migration's attribute `old_code_works`, a
    sentence, stands for operations that cannot be judged from outside.
    """
    state = state.clone()
    found = []
    for operation in migration.operations:
        found += [
            f"{migration.app_label}.{migration.name}: {operation.describe()}: {reason}"
            for reason in _reasons(operation, migration.app_label, state)
        ]
        operation.state_forwards(migration.app_label, state)
    return [] if getattr(migration, "old_code_works", "") else found


def _reasons(operation: Operation, app: str, state: ProjectState) -> Iterator[str]:
    match operation:
        case migrations.SeparateDatabaseAndState():
            for inner in operation.database_operations:
                yield from _reasons(inner, app, state)
        case migrations.CreateModel():
            if any(_holds_another_row(field) for _, field in operation.fields):
                yield f"old code may delete the row that one points to; {SAY_WHY}"
        case migrations.RemoveConstraint():
            constraints = state.models[app, operation.model_name_lower].options["constraints"]
            name = operation.deconstruct()[-1]["name"]
            went = next(each for each in constraints if each.name == name)
            if isinstance(went, models.UniqueConstraint):
                yield f"old code may write ON CONFLICT with these columns; {SAY_WHY}"
        case migrations.AddField():
            if _holds_another_row(operation.field):
                yield f"old code may delete the row that one points to; {SAY_WHY}"
            if not _may_be_left_out(operation.field):
                yield "old code writes rows without it; give it null=True or db_default"
        case migrations.AlterField():
            before = state.models[app, operation.model_name_lower].fields[operation.name]
            yield from _narrower(before, operation.field)
        case migrations.RunPython() | migrations.RunSQL() | migrations.AddConstraint():
            yield SAY_WHY
        case _ if not isinstance(operation, HARMLESS):
            yield (
                "old code uses what goes; do it a release later, in a migration whose name "
                "begins with NNNN_needs_hoardrun_<major>_<minor>"
            )


def _may_be_left_out(field: models.Field) -> bool:
    return field.null or _has_db_default(field) or field.many_to_many is True


def _holds_another_row(field: models.Field) -> bool:
    """Say whether the database refuses to delete what a column points to."""
    return field.remote_field is not None and getattr(field, "db_constraint", True)


def _has_db_default(field: models.Field) -> bool:
    return getattr(field, "db_default", NOT_PROVIDED) is not NOT_PROVIDED


def _narrower(before: models.Field, after: models.Field) -> Iterator[str]:
    """Say what an altered column does not take any more."""
    if before.null and not after.null:
        yield "old code writes NULL"
    old, new = _definition(before), _definition(after)
    longest, now = old[1].pop("max_length", None), new[1].pop("max_length", None)
    if now is not None and (longest is None or now < longest):  # None: any length
        yield "old code writes longer texts"
    for options in (old[1], new[1]):
        options.pop("null", None)
    if _has_db_default(after):
        old[1].pop("db_default", None)
        new[1].pop("db_default", None)
    if old != new:
        yield SAY_WHY


def _definition(field: models.Field) -> tuple[str, dict[str, Any]]:
    _, path, _, options = field.deconstruct()
    return path, {name: value for name, value in options.items() if name not in UNSEEN}
