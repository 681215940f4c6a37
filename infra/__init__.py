"""Everything that touches the outside: files, policies on disk, the command line."""
