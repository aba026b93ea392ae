"""The systems that the tool knows by name. Nothing below this package knows any of them."""
