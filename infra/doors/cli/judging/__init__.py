"""Commands that judge ticket histories: from a file, or from the event log."""
