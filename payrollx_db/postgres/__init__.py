"""All that speaks to a server and knows no catalog: URLs, sessions, errors, introspection, comparing, copying."""
