"""Counts the product: logical lines outside docstrings, files, and words that hide a subject.

Run it as ``python tools/product_size.py [FOLDER]``; the folder is a checkout, by default this one.
"""

from __future__ import annotations

import ast
import io
import re
import sys
import tokenize
from collections import Counter
from pathlib import Path

PACKAGES = ("game", "wire", "server", "client", "verify", "bench", "simulator", "tictactoe.py")
RIDDLES = re.compile(r"\b(who|whoever|whose)\b", re.IGNORECASE)


def logical_lines(source: str) -> int:
    """Return the NEWLINE tokens of a module, without those that end a docstring or another bare string."""
    tokens = tokenize.generate_tokens(io.StringIO(source).readline)
    bare = sum(
        isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str)
        for node in ast.walk(ast.parse(source))
    )
    return sum(token.type == tokenize.NEWLINE for token in tokens) - bare


def main(root: Path) -> None:
    """Print a line for each package, and the sums."""
    sums: Counter[str] = Counter()
    classes: Counter[str] = Counter()
    for package in PACKAGES:
        place = root / package
        found = place.rglob("*.py") if place.is_dir() else [place] if place.exists() else []
        files = sorted(file for file in found if "node_modules" not in file.parts)
        sources = [file.read_text() for file in files]
        widest = max((len(list(folder.glob("*.py"))) for folder in {file.parent for file in files}), default=0)
        lines, riddles = sum(map(logical_lines, sources)), sum(len(RIDDLES.findall(source)) for source in sources)
        sums.update(files=len(files), lines=lines, riddles=riddles)
        for source in sources:
            classes.update(node.name for node in ast.walk(ast.parse(source)) if isinstance(node, ast.ClassDef))
        print(f"{package:14} {len(files):4} files, widest folder {widest:3}, {lines:6} lines, {riddles:4} riddles")
    twice = sorted(name for name, count in classes.items() if count > 1)
    print(f"{'all':14} {sums['files']:4} files, {sums['lines']:23} lines, {sums['riddles']:4} riddles")
    print(f"{len(twice)} class names are used more than once: {', '.join(twice)}")


if __name__ == "__main__":
    main(Path(sys.argv[1] if len(sys.argv) > 1 else Path(__file__).parent.parent))
