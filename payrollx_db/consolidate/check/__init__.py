"""What would fail or lie later, found before a byte moves."""
