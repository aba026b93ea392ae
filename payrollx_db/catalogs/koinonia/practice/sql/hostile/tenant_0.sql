--@ unconvertible AgentAudit.findings
UPDATE public."AgentAudit" SET "findings" = 'none yet' WHERE "id" = pg_temp.cuid('tenant.agent_audits', 0);
--@ none AnalyticsEvent.properties
UPDATE public."AnalyticsEvent" SET "properties" = '' WHERE "id" = pg_temp.cuid('tenant.analytics_events', 0);
--@ drift plan
UPDATE public."Subscription" SET "plan" = 'unknown';
