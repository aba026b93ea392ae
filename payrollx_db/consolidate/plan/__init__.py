"""What is to be done, as pure data: the task, each table's and column's way, and the order."""
