"""Commands on the event log itself: create, fill, prove, show, erase."""
