"""The house bot, in a process of its own. The communication server starts it.

Servers that run start this path from the files on disk, also while an upgrade replaces them: like the three servers'
scripts it stays where it is.
"""

from __future__ import annotations

from server.communication.house_bot import main

if __name__ == "__main__":
    main()
