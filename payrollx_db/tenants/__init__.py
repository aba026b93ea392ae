"""Any number of tenants of one template: in a service, from their birth to their end, and on their way here."""
