"""A small catalog of tenants, choirs, in both shapes: for what a template's tenants are held to."""
