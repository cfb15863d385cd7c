"""Sources, their symbols and leaders, hours of venues, and quotes in whole steps.

Quotes get a new table: nodes of the release before go on with `market_quote`, which this release
only copies from. It no longer refers to instruments, so that one can be deleted without it.
"""

from __future__ import annotations

import datetime
from decimal import Decimal
from itertools import islice
from typing import Any

import django.core.validators
import django.db.models.deletion
from django.db import migrations, models

import hoardrun.market.models.hours

PRICES = ("price", "open", "high", "low", "previous_close", "change")
VOLUME_STEPS = 8
LARGEST = 2**63 - 1
ROWS = 1000  # that a statement writes at most: others wait for this migration


def copy_quotes(apps: Any, schema_editor: Any) -> None:
    """Write each former quote in whole steps of its instrument."""
    former, quote = apps.get_model("market", "FormerQuote"), apps.get_model("market", "Quote")
    rows = former.objects.select_related("instrument").order_by("pk").iterator(ROWS)
    while page := [quote(**values(row)) for row in islice(rows, ROWS)]:
        quote.objects.bulk_create(page)


def values(row: Any) -> dict[str, Any]:
    volume = steps(row.volume, VOLUME_STEPS)
    return {
        "instrument": row.instrument,
        "volume": volume if volume <= LARGEST else None,
        "change_percent": row.change_percent,
        "market_cap": row.market_cap,
        "source": "",
        "feed": "live",
        "window": "session",
        "as_of": row.quoted_at,
        **{name: steps(getattr(row, name), row.instrument.decimals) for name in PRICES},
    }


def steps(value: Decimal, exponent: int) -> int:
    return int(value.scaleb(exponent).to_integral_value())


class Migration(migrations.Migration):
    old_code_works = (
        "It goes on with the table of quotes that it knows, and writes instruments without the new "
        "columns; what is constrained anew takes all that it writes."
    )

    dependencies = [("market", "0001_initial")]

    operations = [
        migrations.AlterField(
            "quote",
            "instrument",
            models.OneToOneField(
                db_constraint=False,
                on_delete=django.db.models.deletion.CASCADE,
                primary_key=True,
                related_name="+",
                serialize=False,
                to="market.instrument",
            ),
        ),
        migrations.SeparateDatabaseAndState(
            state_operations=[
                migrations.AlterModelTable("quote", "market_quote"),
                migrations.RenameModel("Quote", "FormerQuote"),
            ]
        ),
        migrations.CreateModel(
            name='Holiday',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('venue', models.CharField(help_text='Such as XNYS.', max_length=12)),
                ('day', models.DateField()),
                ('name', models.CharField(max_length=80)),
                ('opens', models.TimeField(blank=True, help_text='Of a short day; else empty.', null=True)),
                ('closes', models.TimeField(blank=True, help_text='Of a short day; else empty.', null=True)),
            ],
            options={
                'ordering': ['venue', 'day'],
            },
        ),
        migrations.CreateModel(
            name='Lease',
            fields=[
                ('name', models.CharField(max_length=32, primary_key=True, serialize=False)),
                ('holder', models.CharField(blank=True, default='', max_length=64)),
                ('epoch', models.BigIntegerField(default=0, help_text='One more with each leader.')),
                ('acquired_at', models.DateTimeField(default=datetime.datetime(1970, 1, 1, 0, 0, tzinfo=datetime.UTC))),
                ('expires_at', models.DateTimeField(default=datetime.datetime(1970, 1, 1, 0, 0, tzinfo=datetime.UTC))),
            ],
            options={
                'ordering': ['name'],
            },
        ),
        migrations.CreateModel(
            name='Quote',
            fields=[
                ('instrument', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, primary_key=True, related_name='quote', serialize=False, to='market.instrument')),
                ('price', models.BigIntegerField()),
                ('open', models.BigIntegerField(blank=True, null=True)),
                ('high', models.BigIntegerField(blank=True, null=True)),
                ('low', models.BigIntegerField(blank=True, null=True)),
                ('previous_close', models.BigIntegerField(blank=True, null=True)),
                ('change', models.BigIntegerField(blank=True, null=True)),
                ('change_percent', models.DecimalField(blank=True, decimal_places=2, max_digits=15, null=True)),
                ('volume', models.BigIntegerField(blank=True, null=True)),
                ('market_cap', models.DecimalField(blank=True, decimal_places=0, max_digits=15, null=True)),
                ('source', models.CharField(blank=True, max_length=16)),
                ('feed', models.CharField(choices=[('live', 'live'), ('delayed', 'delayed'), ('stale', 'stale'), ('closed', 'closed'), ('halted', 'halted')], max_length=7)),
                ('window', models.CharField(choices=[('rolling_24h', 'Rolling 24H'), ('session', 'Session')], max_length=11)),
                ('as_of', models.DateTimeField(help_text="The source's time.")),
                ('epoch', models.BigIntegerField(default=0, help_text="Of the source's leader that wrote it.")),
            ],
            options={
                'db_table': 'market_last_quote',
            },
        ),
        migrations.CreateModel(
            name='Source',
            fields=[
                ('name', models.CharField(max_length=16, primary_key=True, serialize=False)),
                ('state', models.CharField(blank=True, default='', max_length=16)),
                ('reason', models.CharField(blank=True, default='', max_length=200)),
                ('since', models.DateTimeField(blank=True, help_text='Of the state.', null=True)),
                ('last_price_at', models.DateTimeField(blank=True, null=True)),
                ('lag_ms', models.IntegerField(blank=True, help_text="Between a price's time and its arrival.", null=True)),
                ('quarantined', models.BigIntegerField(default=0, help_text='Prices that were not believed.')),
                ('odd', models.BigIntegerField(default=0, help_text='Frames that could not be read.')),
                ('reconnects', models.BigIntegerField(default=0)),
                ('refused', models.BigIntegerField(default=0, help_text='Symbols that it does not have.')),
                ('is_stopped', models.BooleanField(default=False, help_text='By staff: nobody connects to it.')),
                ('licence', models.CharField(blank=True, default='', help_text='Who has allowed what to be done with its prices.', max_length=200)),
                ('updated_at', models.DateTimeField(blank=True, null=True)),
            ],
            options={
                'ordering': ['name'],
            },
        ),
        migrations.CreateModel(
            name='SourceSymbol',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('source', models.CharField(help_text='Such as kraken.', max_length=16)),
                ('venue_symbol', models.CharField(help_text='Such as BTC/USD.', max_length=40)),
                ('rest_symbol', models.CharField(blank=True, default='', help_text="The same in the source's HTTP API.", max_length=40)),
                ('role', models.CharField(choices=[('primary', 'Primary'), ('backup', 'Backup')], default='primary', max_length=7)),
                ('exponent', models.PositiveSmallIntegerField(blank=True, help_text="Decimals of the source's prices, if it says so.", null=True, validators=[django.core.validators.MaxValueValidator(12)])),
                ('is_enabled', models.BooleanField(default=True)),
                ('reason', models.CharField(blank=True, default='', help_text='Why it is not enabled.', max_length=200)),
            ],
            options={
                'ordering': ['source', 'venue_symbol'],
            },
        ),
        migrations.CreateModel(
            name='TradingSession',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('venue', models.CharField(help_text='Such as XNYS.', max_length=12)),
                ('weekday', models.PositiveSmallIntegerField(choices=[(0, 'Monday'), (1, 'Tuesday'), (2, 'Wednesday'), (3, 'Thursday'), (4, 'Friday'), (5, 'Saturday'), (6, 'Sunday')])),
                ('kind', models.CharField(choices=[('regular', 'Regular'), ('pre_market', 'Pre Market'), ('after_hours', 'After Hours')], default='regular', max_length=11)),
                ('opens', models.TimeField()),
                ('closes', models.TimeField(help_text='00:00 is the end of the day.')),
                ('timezone', models.CharField(help_text='Such as Africa/Nairobi.', max_length=40, validators=[hoardrun.market.models.hours.check_timezone])),
                ('valid_from', models.DateField()),
            ],
            options={
                'ordering': ['venue', 'weekday', '-valid_from', 'opens'],
            },
        ),
        migrations.RemoveConstraint(
            model_name='instrument',
            name='instrument_decimals_fit',
        ),
        migrations.AddField(
            model_name='instrument',
            name='base',
            field=models.CharField(blank=True, db_default='', default='', help_text='The unit that is priced, such as BTC; empty for shares.', max_length=10),
        ),
        migrations.AddField(
            model_name='instrument',
            name='venue_code',
            field=models.CharField(blank=True, db_default='', default='', help_text='Whose trading sessions hold, such as XNYS; empty if it trades around the clock.', max_length=12),
        ),
        migrations.AlterField(
            model_name='instrument',
            name='decimals',
            field=models.PositiveSmallIntegerField(default=2, help_text='Of the price. `manage.py market_rescale` changes it once there are prices.', validators=[django.core.validators.MaxValueValidator(12)]),
        ),
        migrations.AlterField(
            model_name='instrument',
            name='status',
            field=models.CharField(choices=[('open', 'Open'), ('closed', 'Closed'), ('pre_market', 'Pre Market'), ('after_hours', 'After Hours'), ('holiday', 'Holiday'), ('halted', 'Halted')], default='open', max_length=11),
        ),
        migrations.AddConstraint(
            model_name='instrument',
            constraint=models.CheckConstraint(condition=models.Q(('decimals__lte', 12)), name='instrument_decimals_fit'),
        ),
        migrations.AddConstraint(
            model_name='holiday',
            constraint=models.UniqueConstraint(fields=('venue', 'day'), name='holiday_once'),
        ),
        migrations.AddConstraint(
            model_name='holiday',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('closes__isnull', True), ('opens__isnull', True)), models.Q(('closes__gt', models.F('opens')), ('closes__isnull', False), ('opens__isnull', False)), _connector='OR'), name='holiday_short_day_is_whole', violation_error_message='A short day needs both times, the later one last.'),
        ),
        migrations.AddConstraint(
            model_name='lease',
            constraint=models.UniqueConstraint(fields=('name', 'epoch'), name='lease_epoch_once'),
        ),
        migrations.AddField(
            model_name='sourcesymbol',
            name='instrument',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='source_symbols', to='market.instrument'),
        ),
        migrations.AddConstraint(
            model_name='tradingsession',
            constraint=models.UniqueConstraint(fields=('venue', 'weekday', 'valid_from', 'opens'), name='trading_session_once'),
        ),
        migrations.AddConstraint(
            model_name='tradingsession',
            constraint=models.CheckConstraint(condition=models.Q(('closes__gt', models.F('opens')), ('closes', datetime.time(0, 0)), _connector='OR'), name='trading_session_ends_after_it_begins', violation_error_message='A session ends after it begins; 00:00 ends the day.'),
        ),
        migrations.AddConstraint(
            model_name='sourcesymbol',
            constraint=models.UniqueConstraint(fields=('source', 'venue_symbol'), name='source_symbol_once'),
        ),
        migrations.AddConstraint(
            model_name='sourcesymbol',
            constraint=models.UniqueConstraint(fields=('instrument', 'source'), name='source_instrument_once'),
        ),
        migrations.RunPython(copy_quotes, migrations.RunPython.noop),
        migrations.SeparateDatabaseAndState(
            state_operations=[migrations.DeleteModel("FormerQuote")]
        ),
    ]
