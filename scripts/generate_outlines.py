"""Write the outlines of the built-in catalogs from their models. With --check, only say whether they are up to date.

Usage: generate_outlines.py [--check]
"""

import json
import sys

from payrollx_db.catalogs import outline, registry


def main() -> None:
    """Write them all, or name those that aren't up to date."""
    stale = []
    for name in outline.NAMES:
        text = json.dumps(outline.document_of(name, registry.find(name)), indent=1) + "\n"
        file = outline.FOLDER / f"{name}.json"
        if file.exists() and file.read_text(encoding="utf-8") == text:
            continue
        stale.append(name)
        if "--check" not in sys.argv[1:]:
            file.write_text(text, encoding="utf-8")
            print(f"wrote {file}")
    if stale and "--check" in sys.argv[1:]:
        sys.exit(f"the outlines of {', '.join(stale)} are of other models: run scripts/generate_outlines.py")


if __name__ == "__main__":
    main()
