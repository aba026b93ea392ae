--@ none
ALTER TABLE public."Conversation" DROP CONSTRAINT "Conversation_memberId_fkey";
--@ orphan Conversation.memberId
INSERT INTO public."Conversation" ("id", "memberId", "updatedAt")
VALUES (pg_temp.cuid('conversation: no member', 0), pg_temp.cuid('member: gone', 0), timestamp '2025-01-11');
--@ none ConsentLog.memberId
UPDATE public."ConsentLog" SET "memberId" = pg_temp.cuid('member: gone', 1)
WHERE "id" = pg_temp.cuid('tenant.consent_logs', 0);
