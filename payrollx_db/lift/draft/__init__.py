"""A project to own from a database as it is: models, catalog, migrations and tests, as a person would write them."""
