CREATE POLICY {policy} ON {table} FOR SELECT TO {role} USING (true)
