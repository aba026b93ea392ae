"""Times: fewer digits of a second, fewer fields of an interval, and local times that get a zone."""

from psycopg import sql

from payrollx_db.consolidate.plan.conversion.rule import Conversion, Servers, cast, differ, text_of
from payrollx_db.postgres.column_types import ColumnType

TIMES = frozenset({"timestamp", "timestamptz", "time", "timetz", "interval"})
WITHOUT_SUMMER_TIME = frozenset({"UTC", "Etc/UTC", "GMT", "Etc/GMT", "Zulu", "Etc/Zulu", "UCT", "Etc/UCT", "Universal"})

# A zone's offsets before and after: further away than any change of the clocks is wide (a day, at a date line), nearer
# than the next one. Where the local time reads back from both of them, it is ambiguous. Most have no change so near.
TWICE = """
(CASE
   WHEN NOT pg_catalog.isfinite({local})
     OR {local} < '0001-01-01'::timestamp OR {local} > '200000-01-01'::timestamp
     OR ({moment} - '26 hours'::interval) AT TIME ZONE {zone} + '52 hours'::interval
      = ({moment} + '26 hours'::interval) AT TIME ZONE {zone}
   THEN false
   ELSE (SELECT before.moment <> after.moment
           AND before.moment AT TIME ZONE {zone} = {local} AND after.moment AT TIME ZONE {zone} = {local}
         FROM (SELECT ({local} - (e.earlier AT TIME ZONE {zone} - e.earlier AT TIME ZONE 'UTC')) AT TIME ZONE 'UTC'
               FROM (SELECT {moment} - '26 hours'::interval) AS e (earlier)) AS before (moment),
              (SELECT ({local} - (l.later AT TIME ZONE {zone} - l.later AT TIME ZONE 'UTC')) AT TIME ZONE 'UTC'
               FROM (SELECT {moment} + '26 hours'::interval) AS l (later)) AS after (moment)) END)
"""


def precision(value: sql.Composable, source: ColumnType, target: ColumnType, servers: Servers) -> Conversion | None:
    """Cut what the same type with fewer digits or fields doesn't hold."""
    if not (source.built_in and source.name == target.name and target.name in TIMES and target.modifier):
        return None
    shorter = cast(value, target)
    if target.name != "interval":
        return Conversion(f"to {target.display}", shorter, None, differ(shorter, value))
    # As intervals, a month equals thirty days.
    finite = sql.SQL("pg_catalog.isfinite({})").format(value) if servers.target_version < 170000 else None
    return Conversion(f"to {target.display}", shorter, finite, differ(text_of(shorter), text_of(value)), late=True)


def to_timestamptz(
    value: sql.Composable, source: ColumnType, target: ColumnType, servers: Servers
) -> Conversion | None:
    """Turn a local time into a moment."""
    if not (source.built_in and target.built_in) or (source.name, target.name) != ("timestamp", "timestamptz"):
        return None
    return at_zone(value, target, servers.timezone)


def at_zone(value: sql.Composable, target: ColumnType, timezone: str) -> Conversion:
    """Return the conversion of local times of ``timezone``: those of an hour that it skipped don't read back."""
    zone = sql.Literal(timezone)
    moment = sql.SQL("({} AT TIME ZONE {})").format(value, zone)
    rule, converted = f"timestamp at {timezone}", cast(moment, target) if target.modifier else moment
    if timezone in WITHOUT_SUMMER_TIME:
        if target.modifier:
            return Conversion(rule, converted, None, differ(converted, moment))
        return Conversion(rule, converted, sent=value)  # both count microseconds since the same midnight
    lossy = sql.SQL("{} AT TIME ZONE {} <> {}").format(converted, zone, value)
    return Conversion(rule, converted, None, lossy, ambiguous=twice(value, moment, zone))


def twice(local: sql.Composable, moment: sql.Composable, zone: sql.Literal) -> sql.Composable:
    """Return the condition that a ``local`` time, taken as that ``moment``, came twice in its zone."""
    return sql.SQL(" ".join(TWICE.split())).format(local=local, moment=moment, zone=zone)


def date_to_timestamp(value: sql.Composable, source: ColumnType, target: ColumnType, _: Servers) -> Conversion | None:
    """Turn a date into its midnight."""
    if not (source.built_in and target.built_in) or (source.name, target.name) != ("date", "timestamp"):
        return None
    valid = sql.SQL("({0} = 'infinity' OR {0} < '294277-01-01'::date)").format(value)
    return Conversion("date to timestamp", cast(value, target), valid)
