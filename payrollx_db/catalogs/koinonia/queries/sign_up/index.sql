INSERT INTO registry.admin_email_index (id, email_hash, email, tenant_id, admin_id)
VALUES (%(index_id)s, %(email_hash)s, %(admin_email)s, %(id)s, %(admin_id)s)
