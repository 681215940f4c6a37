"""The pages of the board, for people; docs/board.md tells them what is where."""
