"""Keep a username: a recovery code is made, shown once, and cannot be shown again."""

from __future__ import annotations

from client.desktop.model.base.background import Background, Task
from client.player import Player, new_recovery_code
from client.texts.phrases import sentence
from client.texts.sign_in import MAKING_CODE
from wire.errors import TicTacToeError


class RecoveryCodeModel:
    """The page for a recovery code, while it is open."""

    def __init__(self, player: Player, background: Background) -> None:
        self.name = player.name
        self.code = ""
        """The code, after the servers have stored it."""
        self.doing = ""
        """The action in progress, as a text; empty if there is none."""
        self.message = ""
        self._player = player
        self._background = background
        self._task = Task()

    def make(self) -> None:
        """Make a recovery code. It replaces an earlier code."""
        if self.doing or self.code:
            return
        self.doing, self.message = MAKING_CODE, ""
        code = new_recovery_code()
        self._task = self._background.call(lambda: self._player.keep(code=code), self._made, self._failed)

    def stop(self) -> None:
        """Stop the background work, because the page is closed."""
        self._task.stop()

    def _made(self, code: str) -> None:
        self.doing, self.code = "", code

    def _failed(self, error: TicTacToeError) -> None:
        self.doing, self.message = "", sentence(error.message)
