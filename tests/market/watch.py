"""Have the database note, by triggers of our own, changes that no leader may make."""

from __future__ import annotations

from tests.faults import truth as rows

NOTED = "proof_noted"
_OF_ENGINE = "SELECT epoch FROM market_lease WHERE name = 'engine'"
_OF_SOURCE = "SELECT epoch FROM market_lease WHERE name = 'source:' || NEW.source"
_NOW = {"postgres": "clock_timestamp()", "sqlite": "strftime('%Y-%m-%d %H:%M:%f', 'now')"}
# By verdict: the table, the events, when it is so, and what is noted.
_WATCHED = (
    ("overtaken", "market_candle", "INSERT OR UPDATE",
     f"NEW.epoch <> ({_OF_ENGINE})", "'a candle of epoch ' || NEW.epoch"),
    ("overtaken", "market_alertcursor", "INSERT OR UPDATE",
     f"NEW.epoch <> ({_OF_ENGINE})", "'a cursor of epoch ' || NEW.epoch"),
    ("overtaken", "market_last_quote", "INSERT OR UPDATE",
     f"NEW.epoch <> ({_OF_SOURCE})", "'a quote of epoch ' || NEW.epoch"),
    ("unrevised", "market_candle", "UPDATE",
     "OLD.is_closed AND (NOT NEW.is_closed OR NEW.revision <= OLD.revision)",
     "'the candle ' || NEW.bucket || ' of ' || NEW.instrument_id || ', revision ' || NEW.revision"),
    ("stolen", "market_lease", "UPDATE",
     "NEW.epoch <> OLD.epoch AND OLD.expires_at > {now}",
     "'that of ' || NEW.name || ', epoch ' || NEW.epoch"),
    ("stolen", "market_lease", "UPDATE",
     "NEW.holder NOT IN ('', OLD.holder) AND NEW.epoch <= OLD.epoch",
     "'that of ' || NEW.name || ' anew, epoch ' || NEW.epoch"),
)  # fmt: skip


def watch(database_url: str) -> None:
    """Install the triggers, before anybody leads."""
    store = "sqlite" if database_url.startswith("sqlite:///") else "postgres"
    with rows.connected(database_url) as query:
        query(f"CREATE TABLE {NOTED} (verdict text, what text)")
        for number, (verdict, table, events, condition, what) in enumerate(_WATCHED):
            name, when = f"{NOTED}_{number}", condition.format(now=_NOW[store])
            note = f"INSERT INTO {NOTED} SELECT '{verdict}', {what} WHERE {when}"
            if store == "sqlite":
                for event in events.split(" OR "):
                    query(
                        f"CREATE TRIGGER {name}_{event} AFTER {event} ON {table} "
                        f"FOR EACH ROW BEGIN {note}; END"
                    )
            else:
                query(
                    f"CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql "
                    f"AS $$ BEGIN {note}; RETURN NULL; END $$"
                )
                query(
                    f"CREATE TRIGGER {name} AFTER {events} ON {table} "
                    f"FOR EACH ROW EXECUTE FUNCTION {name}()"
                )


def noted(database_url: str) -> list[tuple[str, str]]:
    """Return the verdicts that were noted, each with what it was."""
    with rows.connected(database_url) as query:
        return [(verdict, what) for verdict, what in query(f"SELECT verdict, what FROM {NOTED}")]
