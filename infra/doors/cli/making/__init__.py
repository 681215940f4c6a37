"""Commands that make histories: from another system, from a seed, for a first look."""
