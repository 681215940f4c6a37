"""A made-up desk that lives: a past, and people who go on asking and answering as time passes."""
