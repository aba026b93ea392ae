CREATE POLICY {policy} ON {table} FOR ALL TO {role} USING ({is_own}) WITH CHECK ({is_own})
