-- The first admin chooses a password when invited: no hash is that of this text.
INSERT INTO {tenant}.admins (
    id, email, email_hash, password_hash, first_name, last_name, role, invitation_token, invitation_expires_at
)
VALUES (
    %(admin_id)s, %(admin_email)s, %(email_hash)s, 'none yet', %(admin_first_name)s, %(admin_last_name)s, 'PRIMARY',
    %(invitation)s, pg_catalog.now() + interval '7 days'
)
