-- The words that need quotes as a name.
SELECT k.word::text FROM pg_catalog.pg_get_keywords() AS k WHERE k.catcode <> 'U'
