-- A database that was made before 2026-01-06, and never pushed to again.
DROP TABLE public."MessageReaction";
ALTER TABLE public."Conversation" DROP COLUMN "recipientRcsCapable", DROP COLUMN "isTyping", DROP COLUMN "lastTypingAt";
ALTER TABLE public."ConversationMessage" DROP COLUMN "channel", DROP COLUMN "rcsReadAt", DROP COLUMN "rcsFallbackReason",
    DROP COLUMN "replyToId", DROP COLUMN "sendEffect";
