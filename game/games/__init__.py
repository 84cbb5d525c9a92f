"""Games and what can be chosen of them. Start reading in ``tictactoe``; ``registry`` knows all games by name."""
