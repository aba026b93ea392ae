"""What the tool speaks of, as frozen data without I/O: catalogs, layouts, policies, findings, events."""
