"""All texts that people read are in the catalogue: windows and their models have none of their own."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import client.desktop

NOT_FOR_PEOPLE = {
    "Left", "Right", "Up", "Down", "Ctrl+L", "Ctrl+Q",  # keys
    "TkDefaultFont", "TButton", "Treeview", "Big.",  # Tk's names
    "Ada", "Bob",  # usernames
    "in step",  # a state on the wire
}  # fmt: skip
FOR_PROGRAMS = {"TypeVar", "warning", "error", "InternalError", "InvalidArgument"}
"""Calls whose texts are for a log or a program, or come with an error."""
READABLE = re.compile(r"[A-Za-z…].* |\s[A-Za-z]|^[A-Z][a-z]")


def test_windows_and_models_have_no_texts_of_their_own() -> None:
    root = Path(next(iter(client.desktop.__path__)))
    found = {f"{file.relative_to(root)}: {text}" for file in root.rglob("*.py") for text in readable(file)}
    assert not found


def readable(file: Path) -> set[str]:
    """Return the texts in a file that look as if people read them."""
    tree = ast.parse(file.read_text(encoding="utf-8"))
    left_out: set[int] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            left_out.add(id(node.value))  # a docstring
        if isinstance(node, ast.Call) and name_of(node.func) in FOR_PROGRAMS:
            left_out.update(map(id, ast.walk(node)))
    texts = {node.value for node in ast.walk(tree) if isinstance(node, ast.Constant) and id(node) not in left_out}
    return {text for text in texts if isinstance(text, str) and READABLE.search(text)} - NOT_FOR_PEOPLE


def name_of(function: ast.expr) -> str:
    """Return the last part of a function's name."""
    return ast.unparse(function).rpartition(".")[2]
