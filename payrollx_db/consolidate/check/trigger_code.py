"""What a trigger may do to rows that are copied in, read from the text of its function.

What can't be told from the text counts as something that it may do: a PL/pgSQL trigger leaves the rows as they are
where each RETURN that an INSERT comes to returns NEW, and nothing is assigned to it.
"""

import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass, replace

# Comments, texts and quoted names, of which the code of a function is freed before it is read.
QUOTED = re.compile(r'--[^\n]*|/\*.*?\*/|(\'(?:[^\']|\'\')*\')|("(?:[^"]|"")*")|\$(\w*)\$.*?\$\3\$', re.DOTALL)
EVENTS = ("'insert'", "'update'", "'delete'", "'truncate'")
BRANCH = re.compile(r"\b(?:els(?:e)?if|if)\b(.*?)\bthen\b", re.DOTALL)
STEP = re.compile(r"\bend\s+(?:if|case|loop)\b|\b(?:if|case|loop|begin|end|elsif|elseif|else)\b")
OTHER_EVENT = re.compile(
    r"\btg_op\s*(?:=|in\s*\()\s*'(?:update|delete|truncate)'(?:\s*,\s*'(?:update|delete|truncate)')*"
    r"|\btg_op\s*(?:<>|!=)\s*'insert'"
)
DOUBTFUL = re.compile(r"\b(?:or|not|case)\b")
RAISES = re.compile(r"\braise\s+(?!notice\b|warning\b|info\b|log\b|debug\b|;)")
BRANCHES = re.compile(r"\b(?:if|case|loop|while|for|exception\s+when)\b")
RETURNS = re.compile(r"\breturn\b([^;]*)")
UNCHANGED = re.compile(r"[\s(]*(?:new|coalesce\s*\(\s*new\s*,\s*old\s*\))[\s)]*")
TARGET = r'[\w.$"\[\]]+'
CHANGES = re.compile(
    rf"(?:^|;|>>|\b(?:begin|then|else|loop))\s*new\s*(?:[.\[][^;=]*?)?\s*:?=(?!=)"
    rf"|\binto\s+(?:strict\s+)?(?:{TARGET}\s*,\s*)*new\b"
    rf"|\bfor(?:each)?\s+(?:{TARGET}\s*,\s*)*new\b"
    r"|\b(?:call|diagnostics)\b[^;]*\bnew\b"
)
WRITES = re.compile(
    r"\b(?:insert\s+into|update\s+(?!of\b)|delete\s+from|merge\s+into|execute|perform|notify|call|copy)\b"
)
DYNAMIC = re.compile(r"(?<!for each row )(?<!for each statement )\bexecute\b")
WRITTEN = re.compile(
    r"\b(?:insert\s+into|(?<!for\s)(?<!do\s)update|delete\s+from|merge\s+into|truncate(?:\s+table)?|copy)"
    r"\s+(?:only\s+)?((?:[\w$]+\s*\.\s*)?[a-z_][\w$]*)"
)
INTO_TABLES = re.compile(r"\b(insert|merge)\s+into\b")
RELATIONS = re.compile(
    r"\b(?:insert\s+into|update|delete\s+from|merge\s+into|from|join)\s+(?:only\s+)?([a-z_][\w$]*)(?![\w$]*\s*[.(])"
)
CALLED = re.compile(r"(?<![\w$.\"])([a-z_][\w$]*)\s*\(")
OWN_NAMES = re.compile(
    r"\b([a-z_][\w$]*)\s+as\s+(?:not\s+)?(?:materialized\s+)?\("
    r"|\btemp(?:orary)?\s+table\s+(?:if\s+not\s+exists\s+)?([\w$]+)"
)

DECLARED = re.compile(r"\bdeclare\b(.*?)\bbegin\b", re.DOTALL)
DECLARATION = re.compile(r"(?:^|;)\s*[a-z_][\w$]*\s+(?:constant\s+)?([a-z_][\w$]*)(?![\w$]*\s*[.%])")
LIKE_A_TABLE = re.compile(r"(?<![\w$.])([a-z_][\w$]*)\s*(?:%\s*rowtype\b|\.\s*[\w$]+\s*%\s*type\b)")
CAST = re.compile(r"::\s*([a-z_][\w$]*)(?![\w$]*\s*\.)")
# Words that stand where a type does, and that are of the language itself.
NO_TYPES = frozenset({
    "alias", "bigint", "bit", "boolean", "char", "character", "cursor", "dec", "decimal", "double", "float", "int",
    "integer", "interval", "national", "nchar", "no", "numeric", "real", "record", "scroll", "smallint", "time",
    "timestamp", "varchar",
})  # fmt: skip
CALLED_THERE = re.compile(r"(?<![\w$.\"])([a-z_][\w$]*)\s*\.\s*([a-z_][\w$]*)\s*\(")

Name = tuple[str, str]  # relation, function or type, and its name


@dataclass(frozen=True)
class Trigger:
    """A trigger of a target table or of one of its partitions. ``limited`` says that it has a WHEN."""

    table: int
    name: str
    per_row: bool
    before: bool
    on_insert: bool
    on_delete: bool
    limited: bool
    function: str
    schema: str
    language: str
    body: str
    settled: bool
    conditions: tuple[int, ...] = ()  # the functions that its WHEN calls

    @property
    def code(self) -> str:
        """What an INSERT may come to of the function's text, in small letters, without comments and quoted texts.

        Empty where it can't be read.
        """
        if self.language != "plpgsql":
            return ""
        text = QUOTED.sub(_bare, self.body).lower()
        return re.sub(r"'\w*'", "''", _of_insert(text) if self.on_insert else text)

    @property
    def event(self) -> str:
        """What it fires on."""
        events = [name for name, fires in (("INSERT", self.on_insert), ("DELETE", self.on_delete)) if fires]
        return " and ".join(events)

    @property
    def always_refuses(self) -> bool:
        """Whether it raises an error whenever it fires."""
        raised = RAISES.search(self.code)
        return raised is not None and not self.limited and not BRANCHES.search(self.code[: raised.start()])

    @property
    def touches(self) -> bool:
        """Whether a row is its to drop or to change before it is inserted."""
        return self.per_row and self.before and self.on_insert

    @property
    def deeds(self) -> list[str]:
        """What it may do to a copy."""
        code = self.code
        if self.language != "plpgsql":
            return ["do anything (its function isn't PL/pgSQL)"]
        told = (
            ("refuse", RAISES.search(code)),
            ("run SQL that it puts together", DYNAMIC.search(code)),
            ("drop rows", self.touches and self._drops),
            ("change rows", self.touches and CHANGES.search(INTO_TABLES.sub(r"\1", code))),
            ("write elsewhere", WRITES.search(code)),
        )
        return [deed for deed, seen in told if seen]

    @property
    def harms(self) -> bool:
        """Whether it may end the copy half-way, or let rows arrive otherwise than they were sent, or not at all.

        What one does that runs SQL which it puts together, or isn't PL/pgSQL, nobody can read.
        """
        if not self.on_insert or self.language != "plpgsql":
            return self.on_insert
        return bool({*self.deeds} & {"drop rows", "change rows", "refuse", "run SQL that it puts together"})

    @property
    def keeps(self) -> bool:
        """Whether it may keep rows of a run from being deleted again, where that run is undone."""
        return self.on_delete and not self.on_insert and RAISES.search(self.code) is not None

    def written(self, tables: Collection[str]) -> list[str]:
        """Return those of ``tables`` (``schema.table``) that it writes to, by the names in its code."""
        names = {re.sub(r"\s", "", name) for name in WRITTEN.findall(self.code)}
        return [table for table in tables if table.lower() in names or table.partition(".")[2].lower() in names]

    def names(self) -> dict[Name, bool]:
        """Return the names without a schema that its code uses, each with whether it comes to that for certain."""
        code = self._searched
        own = {name for pair in OWN_NAMES.findall(code) for name in pair}
        uses: dict[Name, bool] = {}
        for kind, pattern in (("relation", RELATIONS), ("function", CALLED), ("type", CAST)):
            for match in pattern.finditer(code):
                name = (kind, match.group(1))
                if match.group(1) not in own:
                    uses[name] = uses.get(name, False) or match.start() < self._first_branch
        for declared in DECLARED.findall(code):  # which is read whole before the first statement
            types = {*DECLARATION.findall(declared), *LIKE_A_TABLE.findall(declared)} - NO_TYPES
            uses |= {("type", name): not self.limited for name in types}
        return uses

    def calls(self) -> dict[tuple[str, str], bool]:
        """Return the functions that its code names with their schema, each with whether it is called for certain."""
        found: dict[tuple[str, str], bool] = {}
        for match in CALLED_THERE.finditer(self._searched):
            name = (match.group(1), match.group(2))
            found[name] = found.get(name, False) or match.start() < self._first_branch
        return found

    @property
    def _searched(self) -> str:
        """Its code, where that names what it uses: of a function in SQL as well."""
        return replace(self, language="plpgsql").code if self.language == "sql" else self.code

    @property
    def _first_branch(self) -> int:
        """Where its code may go another way."""
        if self.limited:
            return 0
        branch = BRANCHES.search(self._searched)
        return branch.start() if branch else len(self._searched)

    @property
    def _drops(self) -> bool:
        return any(not UNCHANGED.fullmatch(value) for value in RETURNS.findall(self.code))


@dataclass(frozen=True)
class Called:
    """A function that a trigger's function, or its WHEN, may call."""

    oid: int
    function: str
    schema: str
    name: str
    language: str
    body: str
    settled: bool


def called_by(trigger: Trigger, functions: Collection[Called]) -> Iterator[Trigger]:
    """Yield those of ``functions`` that ``trigger`` calls, as if each were its own function."""
    calls = {} if trigger.settled else trigger.calls()
    for function in functions:
        name = (function.schema, function.name)
        of_when = function.oid in trigger.conditions
        if of_when or name in calls:
            one_of_many = sum((other.schema, other.name) == name for other in functions) > 1
            limited = not of_when and (trigger.limited or not calls[name] or one_of_many)
            yield replace(
                trigger, function=function.function, schema=function.schema, language=function.language,
                body=function.body, settled=function.settled, limited=limited, conditions=(),
            )  # fmt: skip


def _bare(match: re.Match[str]) -> str:
    """Return what stays of a comment, a text or a quoted name: names of events, and names that need no quotes."""
    text, name = match.group(1), match.group(2)
    if name is not None:
        return name[1:-1] if re.fullmatch(r'"[a-z_][a-z0-9_$]*"', name) else "quoted"
    if text is None:
        return "''" if match.group(3) is not None else " "
    return text if text.lower() in EVENTS else "''"


def _of_insert(code: str) -> str:
    """Return the code without the branches that are for other events, as IF TG_OP = 'DELETE' THEN begins one."""
    start = 0
    while branch := BRANCH.search(code, start):
        start = branch.end()
        condition = branch.group(1)
        if OTHER_EVENT.search(condition) and not DOUBTFUL.search(condition):
            code = code[:start] + " " + code[_end_of_branch(code, start) :]
    return code


def _end_of_branch(code: str, start: int) -> int:
    """Return where the branch that begins at ``start`` ends: at its ELSIF, ELSE or END IF."""
    depth = 0
    for step in STEP.finditer(code, start):
        word = step.group()
        if depth == 0 and word.startswith(("els", "end")):
            return step.start()
        if word in ("if", "case", "loop", "begin"):
            depth += 1
        elif word.startswith("end"):
            depth -= 1
    return start
