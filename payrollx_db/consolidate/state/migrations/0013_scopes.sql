-- Of a target that several sources fill, which of its rows are this source's: columns with their constants.
ALTER TABLE payrollx_meta.tables ADD COLUMN scope jsonb NOT NULL DEFAULT '{}';
