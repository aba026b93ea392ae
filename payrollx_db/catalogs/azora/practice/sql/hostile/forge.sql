--@ orphan SkillProfile.userId
INSERT INTO public."SkillProfile" ("id", "userId", "skills", "updatedAt")
VALUES (pg_temp.cuid('skills: no user', 0), pg_temp.cuid('user: gone', 9), ARRAY['none'], timestamp '2025-01-11');
