"""Hold README.md, CHANGELOG.md, CONTRIBUTING.md and docs/ against the product, and print what isn't so.

Commands are parsed by Click itself, as the command line would; links and anchors are resolved as
GitHub does; docs/configuration.md must be what scripts/generate_configuration.py makes.
"""

import ast
import importlib
import os
import re
import shlex
import sys
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import click

sys.path.insert(0, str(Path(__file__).resolve().parent))
import generate_configuration
import generate_sql

from payrollx_db.catalogs import registry
from payrollx_db.cli import cli
from payrollx_db.consolidate.endpoints import variable

ROOT = Path(__file__).resolve().parent.parent
GENERATED = "docs/configuration.md"
STATE = "docs/consolidation.md"  # describes the state tables, column by column
ANOTHER_LAYOUT = "docs/layouts.md"  # its worked example brings variables of its own
LANGUAGES = {"sh", "text", "python", "sql", "json", "toml"}
SHELL = {"sh"}
MORE_OPTIONS = {"--help", "--pg"}  # that of every command, and one of our tests
STOPS = set("|;&<>()")
VARIABLES = re.compile(r"\b(?:(?:PAYROLLX|LEGACY|TEST)_[A-Z][A-Z_]*|XDG_DATA_HOME|DATABASE_URL)\b")
READS = re.compile(rf"(?:[\"']|\$\{{?)({VARIABLES.pattern})\b")


@dataclass(frozen=True)
class Block:
    """A fenced block: its language, its text, and the line on which it begins."""

    language: str
    text: str
    line: int


@dataclass(frozen=True)
class Page:
    """One Markdown page; ``name`` is its path below the root."""

    root: Path
    name: str

    @cached_property
    def text(self) -> str:
        """What the file holds."""
        return (self.root / self.name).read_text(encoding="utf-8")

    @cached_property
    def blocks(self) -> tuple[Block, ...]:
        """The fenced blocks."""
        found = re.finditer(r"^```([^\n]*)\n(.*?)^```[ ]*$", self.text, re.MULTILINE | re.DOTALL)
        return tuple(Block(m[1].strip(), m[2], self.text.count("\n", 0, m.start()) + 1) for m in found)

    @cached_property
    def prose(self) -> str:
        """The page without its fenced blocks and comments, line for line."""
        kept = re.sub(r"^```.*?^```[ ]*$|<!--.*?-->", _blank, self.text, flags=re.MULTILINE | re.DOTALL)
        return str(kept)

    @cached_property
    def spans(self) -> tuple[tuple[str, int], ...]:
        """The code spans of the prose, with their lines."""
        found = re.finditer(r"`([^`\n]+)`", self.prose)
        return tuple((m[1], self.prose.count("\n", 0, m.start()) + 1) for m in found)

    @cached_property
    def anchors(self) -> frozenset[str]:
        """The anchors of the headings, as GitHub makes them."""
        seen: dict[str, int] = {}
        made = set()
        for heading in re.findall(r"^#{1,6} (.+?)#*$", self.prose, re.MULTILINE):
            text = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", heading).strip().lower()
            slug = re.sub(r"[^\w\- ]", "", text).replace(" ", "-")
            number = seen.get(slug, 0)
            seen[slug] = number + 1
            made.add(f"{slug}-{number}" if number else slug)
        return frozenset(made)

    def section(self, heading: str) -> tuple[Block, ...]:
        """Return the fenced blocks below the heading of that text, up to the next one of its rank."""
        start = re.search(rf"^(#+) {re.escape(heading)}\s*$", self.prose, re.MULTILINE)
        if start is None:
            raise LookupError(f"{self.name} has no heading {heading!r}")
        end = re.compile(rf"^#{{1,{len(start[1])}}} ", re.MULTILINE).search(self.prose, start.end())
        first = self.prose.count("\n", 0, start.start()) + 1
        last = self.prose.count("\n", 0, end.start()) + 1 if end else sys.maxsize
        return tuple(block for block in self.blocks if first < block.line < last)


def pages(root: Path = ROOT) -> list[Page]:
    """Return the pages to check."""
    docs = sorted(path.relative_to(root).as_posix() for path in (root / "docs").glob("**/*.md"))
    return [Page(root, name) for name in ("README.md", "CHANGELOG.md", "CONTRIBUTING.md", *docs)]


def invocations(text: str, program: str = "payrollx-db") -> Iterator[list[str]]:
    """Yield the arguments of every call of ``program`` in a piece of shell."""
    joined = text.replace("\\\n", " ")
    for match in re.finditer(rf"(?<![\w\[.-]){re.escape(program)}(?=\s|$|[|;&<>()])", joined, re.MULTILINE):
        line = joined[match.end() :].partition("\n")[0]
        yield list(_words(line))


def problems(root: Path = ROOT) -> list[str]:
    """Return everything that isn't so, a line each."""
    found = pages(root)
    return [problem for check in CHECKS for problem in check(root, found)]


def main() -> int:
    """Print the problems. Returns the exit code."""
    found = problems()
    for problem in found:
        print(problem)
    print(f"{len(found)} problems" if found else f"{len(pages())} pages say what is so")
    return 1 if found else 0


# --- the checks -------------------------------------------------------------------------------------


def links(root: Path, found: Iterable[Page]) -> Iterator[str]:
    """Every relative link leads to a file of the repository, and every anchor to a heading there."""
    for page in found:
        markdown = re.findall(r"\]\(([^)\s]+)\)", page.prose)
        html = re.findall(r"""(?:href|src|srcset)=["']([^"']+)["']""", page.prose)
        for link in (*markdown, *html):
            if re.match(r"[a-z]+:", link):
                continue
            path, _, anchor = link.partition("#")
            place = ((root / page.name).parent / path).resolve() if path else root / page.name
            if not place.exists() or not place.is_relative_to(root.resolve()):
                yield f"{page.name}: the link {link} leads nowhere"
            elif anchor and anchor not in Page(root, os.path.relpath(place, root)).anchors:
                yield f"{page.name}: the link {link} names no heading there"


def languages(_root: Path, found: Iterable[Page]) -> Iterator[str]:
    """Every fenced block says what it is, so that it can be checked as that."""
    for page in found:
        for block in page.blocks:
            if block.language not in LANGUAGES:
                yield f"{page.name}:{block.line}: a block of {block.language or 'no language'}"


def commands(_root: Path, found: Iterable[Page]) -> Iterator[str]:
    """Every call of payrollx-db that is shown is one that the command line would take."""
    known = {name for _, command in generate_configuration.commands() for name in _options(command)}
    known |= _options(cli) | MORE_OPTIONS
    for page in found:
        for text, line in _shell(page):
            for arguments in invocations(text):
                if problem := _refused(arguments):
                    yield f"{page.name}:{line}: payrollx-db {shlex.join(arguments)}: {problem}"
        for span, line in page.spans:
            if span.startswith("--") and (option := re.split(r"[ =]", span)[0]) not in known:
                yield f"{page.name}:{line}: no command has the option {option}"


def targets(root: Path, found: Iterable[Page]) -> Iterator[str]:
    """Every make target that is shown is in the Makefile."""
    known = set(re.findall(r"^([a-z-]+):", (root / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    for page in found:
        for text, line in _shell(page):
            for arguments in invocations(text, "make"):
                wanted = [word for word in arguments if "=" not in word and not word.startswith("-")]
                yield from (f"{page.name}:{line}: there is no make {word}" for word in wanted if word not in known)


def coverage(_root: Path, found: Iterable[Page]) -> Iterator[str]:
    """Every command is named on a page that people wrote."""
    written = [page for page in found if page.name not in (GENERATED, "CHANGELOG.md")]
    shown = {tuple(arguments) for page in written for text, _ in _shell(page) for arguments in invocations(text)}
    for words, _ in generate_configuration.commands():
        if not any(call[: len(words)] == words for call in shown):
            yield f"no page names payrollx-db {' '.join(words)}"


def configuration(root: Path, _found: Iterable[Page]) -> Iterator[str]:
    """The generated page is what the generator makes now."""
    if (root / GENERATED).read_text(encoding="utf-8") != generate_configuration.page():
        yield f"{GENERATED}: is stale; run scripts/generate_configuration.py"


def statements(root: Path, _found: Iterable[Page]) -> Iterator[str]:
    """The files for a DBA are what the catalog says now."""
    for name, text in generate_sql.pages().items():
        if (root / "sql" / name).read_text(encoding="utf-8") != text:
            yield f"sql/{name}: is stale; run scripts/generate_sql.py"


def variables(root: Path, found: Iterable[Page]) -> Iterator[str]:
    """Every variable that a page names is one that is configured, and every one that the code reads is."""
    said = set(VARIABLES.findall(generate_configuration.page())) | set(_of_sources())
    for page in found:
        if page.name != ANOTHER_LAYOUT:
            unread = sorted(set(VARIABLES.findall(page.text)) - said)
            yield from (f"{page.name}: nothing reads the variable {name}" for name in unread)
    for pattern in ("payrollx_db/**/*.py", "scripts/*.py", "scripts/*.sh"):
        for file in sorted(root.glob(pattern)):
            for name in sorted(set(READS.findall(file.read_text(encoding="utf-8"))) - said):
                yield f"{file.relative_to(root)}: reads {name}, of which {GENERATED} says nothing"


def _of_sources() -> Iterator[str]:
    """Yield the variables of the legacy databases of every built-in catalog."""
    for name in registry.BUILT_IN:
        catalog = registry.find(name)
        for layout in catalog.layouts:
            yield from (variable(known.variable) for known in registry.layout(catalog, layout).databases)


def state(root: Path, _found: Iterable[Page]) -> Iterator[str]:
    """Every column of the state tables is described, and no other."""
    files = sorted((root / "payrollx_db/consolidate/state/migrations").glob("*.sql"))
    script = "\n".join(file.read_text(encoding="utf-8") for file in files)
    tables = re.findall(r"CREATE TABLE (?:IF NOT EXISTS )?([\w.]+) \((.*?)^\)", script, re.MULTILINE | re.DOTALL)
    page = Page(root, STATE).text
    for table, body in tables:
        columns = set(re.findall(r"^  ([a-z_]+) ", body, re.MULTILINE))
        for change in re.findall(rf"^ALTER TABLE {re.escape(table)}\s([^;]*);", script, re.MULTILINE):
            columns |= set(re.findall(r"ADD COLUMN (?:IF NOT EXISTS )?([a-z_]+) ", change))
        heading = re.search(rf"^### `{re.escape(table)}`$(.*?)(?=^#|\Z)", page, re.MULTILINE | re.DOTALL)
        said = set(re.findall(r"^\| `([a-z_]+)` \|", heading[1], re.MULTILINE)) if heading else set()
        yield from (f"{STATE}: says nothing of {table}.{name}" for name in sorted(columns - said))
        yield from (f"{STATE}: there is no {table}.{name}" for name in sorted(said - columns))


def python(_root: Path, found: Iterable[Page]) -> Iterator[str]:
    """Every block of Python compiles, and what it imports of ours is there."""
    for page in found:
        for block in page.blocks:
            if block.language == "python":
                yield from (f"{page.name}:{block.line}: {problem}" for problem in _python(block.text))


CHECKS: tuple[Callable[[Path, list[Page]], Iterator[str]], ...] = (
    links, languages, commands, targets, coverage, configuration, statements, variables, state, python,
)  # fmt: skip


# --- how they do it ---------------------------------------------------------------------------------


def _blank(match: re.Match[str]) -> str:
    return "\n" * match[0].count("\n")


def _words(line: str) -> Iterator[str]:
    """Yield the words up to the end of the call: a pipe, a redirection, a closing parenthesis, a comment."""
    lexer = shlex.shlex(line, posix=True, punctuation_chars=True)
    lexer.whitespace_split = True
    while (word := lexer.get_token()) is not None and not set(word) <= STOPS:
        yield word


def _shell(page: Page) -> Iterator[tuple[str, int]]:
    """Yield the pieces of shell: blocks of it, and spans that begin with one of our programs."""
    for block in page.blocks:
        if block.language in SHELL:
            yield block.text, block.line
    for span, line in page.spans:
        if re.search(r"\bpayrollx-db |^make ", span):
            yield span, line


def _refused(arguments: list[str]) -> str:
    """Return why Click refuses these arguments; empty where it takes them. Runs no command."""
    kept = {name: os.environ.pop(name) for name in list(os.environ) if name.startswith("PAYROLLX_")}
    try:
        _parse(cli, "payrollx-db", arguments, None)
    except (click.exceptions.NoArgsIsHelpError, click.exceptions.Exit):
        return ""
    except click.MissingParameter:
        return ""  # a command that is only named
    except click.ClickException as error:
        return error.format_message()
    finally:
        os.environ.update(kept)
    return ""


def _parse(command: click.Command, name: str, arguments: list[str], parent: click.Context | None) -> None:
    devnull = Path(os.devnull).open("w", encoding="utf-8")  # noqa: SIM115 - closed below
    stdout, sys.stdout = sys.stdout, devnull  # --help and --version print
    try:
        context = command.make_context(name, list(arguments), parent)
    finally:
        sys.stdout = stdout
        devnull.close()
    if isinstance(command, click.Group):
        rest = [*context._protected_args, *context.args]  # noqa: SLF001 - where Click keeps the subcommand
        if rest:
            found, child, remaining = command.resolve_command(context, rest)
            if child is not None:
                _parse(child, found or "", remaining, context)


def _options(command: click.Command) -> set[str]:
    return {name for p in command.params if isinstance(p, click.Option) for name in (*p.opts, *p.secondary_opts)}


def _python(text: str) -> Iterator[str]:
    try:
        tree = ast.parse(text)
    except SyntaxError as error:
        yield f"no Python: {error}"
        return
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and (node.module or "").partition(".")[0] == "payrollx_db":
            yield from _missing(node.module or "", [alias.name for alias in node.names])


def _missing(module: str, names: list[str]) -> Iterator[str]:
    try:
        found = importlib.import_module(module)
    except ImportError:
        yield f"there is no module {module}"
        return
    for name in names:
        if not hasattr(found, name):
            try:
                importlib.import_module(f"{module}.{name}")
            except ImportError:
                yield f"{module} has no {name}"


if __name__ == "__main__":
    sys.exit(main())
