--@ orphan student_profiles.studentId
INSERT INTO public."student_profiles" ("id", "studentId", "updatedAt")
VALUES (pg_temp.uuid('profile: no student', 0), pg_temp.cuid('student: gone', 0), timestamp '2025-01-11');
