"""A tenant from its birth to its end: made, listed, migrated, suspended, moved, handed out, dropped."""
