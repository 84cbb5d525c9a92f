"""The games, and what players can choose. Start reading in ``tictactoe``; ``registry`` has all games by name."""
