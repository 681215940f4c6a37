"""The seven commands to a ticket, one module each; docs/commands.md tells them to people."""
