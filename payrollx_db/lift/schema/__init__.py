"""A source database's schema, carried over as it is: dumped, restored and moved in one transaction a database."""
