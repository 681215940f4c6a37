"""What doors answer to programs: JSON objects, the same on the command line and over HTTP."""
