"""Generates ``game/accounts/confusables.py`` from Unicode's list of characters that look alike.

Run it as ``python tools/confusables.py confusables.txt > game/accounts/confusables.py``. The list (UTS #39) is part of
the Unicode data files (``security/confusables.txt``) and of ICU's sources (``source/data/unidata/confusables.txt``).
"""

from __future__ import annotations

import re
import sys
import textwrap
import unicodedata
from collections import defaultdict
from pathlib import Path

WIDTH = 116
MOST_IN_A_ROW = 12
_IN_NAMES = frozenset({"Lu", "Ll", "Lt", "Lm", "Lo", "Nd", "Mn", "Mc", "Cn"})
"""The categories of characters in names. Cn: characters that are newer than this Python."""

HEAD = '''"""Characters that look alike, from Unicode's confusables.txt, version {version}. Data only.

Made by ``tools/confusables.py``; do not change it by hand. Left out is what cannot be in a name (``names``), or
is not there any more once a name is decomposed (NFKD). Copyright © 1991-2025 Unicode, Inc., under the Unicode License
V3 (``docs/licences/unicode.txt``).
"""

from __future__ import annotations

CONFUSABLE = """
{rows}
"""
"""Code points in hexadecimal: what is seen (several with +), a colon, and all that looks like it."""
'''


def main() -> None:
    """Read the list, write the module."""
    text = Path(sys.argv[1]).read_text(encoding="utf-8-sig")
    version = re.search(r"^# Version: ([\d.]+)", text, re.MULTILINE)
    like: dict[str, list[str]] = defaultdict(list)
    for source, target in re.findall(r"^([0-9A-F]+) ;\t([0-9A-F ]+) ;\tMA", text, re.MULTILINE):
        character = chr(int(source, 16))
        decomposed = unicodedata.normalize("NFKD", character) == character
        if decomposed and unicodedata.category(character) in _IN_NAMES:
            like["+".join(f"{int(part, 16):x}" for part in target.split())].append(f"{int(source, 16):x}")
    rows = (
        f"{target}:{','.join(sorted(sources)[first : first + MOST_IN_A_ROW])}"
        for target, sources in sorted(like.items())
        for first in range(0, len(sources), MOST_IN_A_ROW)
    )
    lines = textwrap.wrap(" ".join(rows), WIDTH, break_on_hyphens=False, break_long_words=False)
    sys.stdout.write(HEAD.format(version=version[1] if version else "unknown", rows="\n".join(lines)))


if __name__ == "__main__":
    main()
