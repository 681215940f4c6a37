"""The parts together: commands, files, and what they print."""
