--@ unconvertible MFASettings.backupCodes
UPDATE public."MFASettings" SET "backupCodes" = 'none yet'
WHERE "id" IN (SELECT pg_temp.cuid('auth.mfa_settings', n) FROM pg_catalog.generate_series(0, 1) AS n);
