"""Following: each pass brings the rows that changed on one side to their state in one snapshot, on the other side."""
