"""Real servers for tests: what the environment names, else one of their own for the session."""
