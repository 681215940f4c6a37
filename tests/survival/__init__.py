"""What must survive: real processes that are killed, starved, locked out and misled."""
