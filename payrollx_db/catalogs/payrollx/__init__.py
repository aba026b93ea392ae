"""PayrollX: eight services, their legacy layout, practice databases and seed rows."""
