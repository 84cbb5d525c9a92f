"""The games: ``tictactoe`` has the rules and the boards. ``registry`` has all games by name, and their short lists."""
