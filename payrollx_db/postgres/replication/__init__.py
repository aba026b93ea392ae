"""Which keys changed in a source: its log over the replication protocol, and what has to be made there for that."""
