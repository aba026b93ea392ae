"""Tables of many shapes, and writers that do to them whatever a service may do."""

import random

import psycopg

SOURCE = """
CREATE TABLE teams (id text PRIMARY KEY, name text UNIQUE NOT NULL, notes text, at timestamp(3));
CREATE TABLE players (id integer PRIMARY KEY, team text NOT NULL REFERENCES teams ON UPDATE CASCADE ON DELETE CASCADE,
  shirt integer, UNIQUE (team, shirt) DEFERRABLE);
CREATE TABLE marks (a smallint, b text, c timestamp, value numeric(65,30), more jsonb, PRIMARY KEY (b, a, c));
CREATE TABLE tags (player integer, tag text, PRIMARY KEY (tag, player));
CREATE TABLE visits (id bigint, day date, what text, PRIMARY KEY (id, day)) PARTITION BY RANGE (day);
CREATE TABLE visits_1 PARTITION OF visits FOR VALUES FROM ('2024-01-01') TO ('2024-07-01');
CREATE TABLE visits_2 PARTITION OF visits FOR VALUES FROM ('2024-07-01') TO ('2025-01-01');
CREATE TABLE numbers (id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY, other integer NOT NULL, words text[],
  size integer GENERATED ALWAYS AS (coalesce(array_length(words, 1), 0)) STORED);
CREATE TABLE "odd ""one.%s" ("k.""%" text PRIMARY KEY, "%(v)s" text);
CREATE TABLE loose (id uuid PRIMARY KEY, what text);
INSERT INTO teams SELECT md5(n::text)::uuid::text, 'team ' || n, repeat(md5(n::text), 200), now()
  FROM generate_series(1, 12) AS n;
INSERT INTO players SELECT n, md5((1 + n % 12)::text)::uuid::text, n FROM generate_series(1, 200) AS n;
INSERT INTO marks SELECT n, 'b''"' || chr(92) || n % 3, '2024-01-01'::timestamp + n * interval '1 ms', n / 8.0, '{}'
  FROM generate_series(1, 50) AS n;
INSERT INTO tags SELECT n, 'tag, ' || n % 5 FROM generate_series(1, 60) AS n;
INSERT INTO visits SELECT n, '2024-01-01'::date + n, 'visit' FROM generate_series(1, 300) AS n;
INSERT INTO numbers (other, words) SELECT n, ARRAY['x', NULL] FROM generate_series(1, 30) AS n;
INSERT INTO "odd ""one.%s" SELECT n || ' "{,}NULL' || chr(92), 'v' FROM generate_series(1, 30) AS n;
INSERT INTO loose SELECT gen_random_uuid(), 'loose' FROM generate_series(1, 30);
"""
TARGET = """
CREATE TABLE app.teams (id uuid PRIMARY KEY, name text UNIQUE NOT NULL, notes text, at timestamptz);
CREATE TABLE app.players (id bigint PRIMARY KEY, team uuid NOT NULL REFERENCES app.teams ON DELETE CASCADE,
  shirt integer, UNIQUE (team, shirt));
CREATE TABLE app.marks (a integer, b text, c timestamptz, value numeric(38,18), more jsonb, PRIMARY KEY (c, a, b));
CREATE TABLE app.tags (player bigint, tag varchar(40), PRIMARY KEY (player, tag));
CREATE TABLE app.visits (id bigint, day date, what text, PRIMARY KEY (id, day)) PARTITION BY HASH (id);
CREATE TABLE app.visits_a PARTITION OF app.visits FOR VALUES WITH (MODULUS 2, REMAINDER 0);
CREATE TABLE app.visits_b PARTITION OF app.visits FOR VALUES WITH (MODULUS 2, REMAINDER 1);
CREATE TABLE app.numbers (id bigint PRIMARY KEY, other integer GENERATED ALWAYS AS IDENTITY, words text[],
  size integer, twice integer GENERATED ALWAYS AS (size * 2) STORED);
CREATE TABLE app."odd ""one.%s" ("k.""%" text PRIMARY KEY, "%(v)s" text);
CREATE TABLE app.loose (id uuid NOT NULL, what text);
CREATE FUNCTION app.stamp() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN NEW.notes := ''changed''; RETURN NEW; END';
CREATE TRIGGER stamp BEFORE UPDATE ON app.teams FOR EACH ROW EXECUTE FUNCTION app.stamp();
"""
TABLES = {
    "teams": {"id": "text", "name": "text", "notes": "text?", "at": "timestamp(3)?"},
    "players": {"id": "integer", "team": "text", "shirt": "integer?"},
    "marks": {"a": "smallint", "b": "text", "c": "timestamp", "value": "numeric(65,30)?", "more": "jsonb?"},
    "tags": {"player": "integer", "tag": "text"},
    "visits": {"id": "bigint", "day": "date", "what": "text?"},
    "numbers": {"id": "integer", "other": "integer", "words": "text[]?", "size": "integer?"},
    'odd "one.%s': {'k."%': "text", "%(v)s": "text?"},
    "loose": {"id": "uuid", "what": "text?"},
}
ONE = "(SELECT {} FROM {} ORDER BY random() LIMIT 1)"
STATEMENTS = (
    "UPDATE players SET shirt = {n} WHERE id = " + ONE.format("id", "players"),
    "INSERT INTO players SELECT {n} + 1000, " + ONE.format("id", "teams") + ", {n}",
    "DELETE FROM players WHERE id = " + ONE.format("id", "players"),
    "UPDATE players SET id = {n} + 5000 WHERE id = " + ONE.format("id", "players"),
    "UPDATE players SET team = " + ONE.format("id", "teams") + " WHERE id = " + ONE.format("id", "players"),
    "UPDATE teams SET id = gen_random_uuid()::text WHERE id = " + ONE.format("id", "teams"),
    "UPDATE teams SET at = clock_timestamp() WHERE id = " + ONE.format("id", "teams"),
    "INSERT INTO teams VALUES (gen_random_uuid()::text, 'new {n}', repeat('{n}', 3000), now())",
    "DELETE FROM teams WHERE name LIKE 'new %' AND id = " + ONE.format("id", "teams"),
    "UPDATE marks SET value = {n}.5 WHERE (a, b, c) = " + ONE.format("a, b, c", "marks"),
    "UPDATE marks SET b = b || '~' WHERE (a, b, c) = " + ONE.format("a, b, c", "marks"),
    "INSERT INTO marks VALUES ({n} % 9, 'o''{n}', clock_timestamp()::timestamp, 1, '[1]')",
    "INSERT INTO tags VALUES ({n}, 'tag {n}') ON CONFLICT DO NOTHING",
    "DELETE FROM tags WHERE (player, tag) = " + ONE.format("player, tag", "tags"),
    "UPDATE visits SET day = day + 30 WHERE day < '2024-11-01' AND (id, day) = " + ONE.format("id, day", "visits"),
    "INSERT INTO visits VALUES ({n} + 1000, '2024-03-03', 'v')",
    "DELETE FROM visits WHERE (id, day) = " + ONE.format("id, day", "visits"),
    "INSERT INTO numbers (other, words) VALUES ({n}, '{{a,b}}')",
    "UPDATE numbers SET words = words || 'w'::text, other = {n} WHERE id = " + ONE.format("id", "numbers"),
    'UPDATE "odd ""one.%s" SET "%(v)s" = \'{n}\' WHERE "k.""%" = ' + ONE.format('"k.""%"', '"odd ""one.%s"'),
    'UPDATE "odd ""one.%s" SET "k.""%" = \'\'\'\\{n}"\' WHERE "k.""%" = ' + ONE.format('"k.""%"', '"odd ""one.%s"'),
    "UPDATE loose SET what = '{n}' WHERE id = " + ONE.format("id", "loose"),
    "INSERT INTO loose VALUES (gen_random_uuid(), '{n}')",
    "DELETE FROM loose WHERE id = " + ONE.format("id", "loose"),
    "UPDATE visits SET what = what || '!' WHERE id % 11 = {n} % 11",
    "TRUNCATE tags",
    "TRUNCATE visits_1",
)
SWAP = (
    "UPDATE teams SET name = '~{n}' WHERE name = (SELECT min(name) FROM teams)",
    "UPDATE teams SET name = '#{n}' WHERE name = (SELECT max(name) FROM teams)",
    "UPDATE teams SET name = (SELECT '@' || max(length(name)) || '{n}' FROM teams) WHERE name = '~{n}'",
)
PASSING = ("23", "40")  # what a service's own luck is: a key that is taken, a deadlock


async def write_at_random(url: str, seed: int, transactions: int) -> int:
    """Do so many transactions, some of them or their savepoints rolled back; return how many were committed."""
    chance = random.Random(seed)  # noqa: S311 - the same rows each time
    done = 0
    async with await psycopg.AsyncConnection.connect(url, autocommit=True) as connection:
        await connection.execute("SET deadlock_timeout = '20ms'")
        for number in range(transactions):
            try:
                async with connection.transaction():
                    for _ in range(chance.randint(1, 4)):
                        await _statement(connection, chance, seed * 100_000 + number * 10 + chance.randint(0, 9))
                    if chance.random() < 0.1:
                        raise psycopg.Rollback
            except psycopg.Error as error:
                if not (error.sqlstate or "").startswith(PASSING):
                    raise
            else:
                done += 1
    return done


async def _statement(connection: psycopg.AsyncConnection, chance: random.Random, n: int) -> None:
    async with connection.transaction():  # a savepoint
        chosen = SWAP if chance.random() < 0.05 else (chance.choice(STATEMENTS),)
        for statement in chosen:
            await connection.execute(_filled(statement, n))
        if chance.random() < 0.1:
            raise psycopg.Rollback


def _filled(statement: str, n: int) -> bytes:
    return statement.replace("{n}", str(n)).replace("{{", "{").replace("}}", "}").encode()
