SELECT version, tool_version FROM payrollx_meta.versions ORDER BY version DESC LIMIT 1
