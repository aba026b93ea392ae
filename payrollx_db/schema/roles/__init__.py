"""The walls in Postgres: a role a service, what it may do, and the proof that it may do that and no more.

``statements`` says it as SQL, derived from a catalog; ``check`` holds a server against the catalog;
``logins`` makes a service's role one that logs in.
"""
