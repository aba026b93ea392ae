"""What columns with fixed values hold, by the unified column. Nothing in the databases enforces it."""

VALUES: dict[str, tuple[str, ...]] = {
    "auth.users.role": (
        "student",
        "educator",
        "employer",
        "admin",
    ),
    "auth.tokens.type": (
        "REFRESH",
        "EMAIL_VERIFICATION",
        "RESET_PASSWORD",
    ),
    "auth.mfa_settings.method": (
        "totp",
        "sms",
        "email",
    ),
    "education.courses.level": (
        "beginner",
        "intermediate",
        "advanced",
    ),
    "education.enrollments.status": (
        "active",
        "completed",
        "dropped",
    ),
    "education.transactions.type": (
        "payment",
        "earning",
        "refund",
    ),
    "education.transactions.reference": (
        "courseId",
        "jobId",
    ),
    "mint.transactions.type": (
        "mint",
        "transfer",
        "stake",
        "unstake",
        "reward",
    ),
    "mint.transactions.status": (
        "pending",
        "completed",
        "failed",
    ),
    "mint.stakes.status": (
        "active",
        "completed",
        "cancelled",
    ),
    "mint.mining_records.activity_type": (
        "course_completion",
        "job_completion",
        "skill_assessment",
    ),
    "forge.jobs.status": (
        "open",
        "in_progress",
        "completed",
        "cancelled",
    ),
    "forge.applications.status": (
        "pending",
        "accepted",
        "rejected",
    ),
    "forge.contracts.status": (
        "active",
        "completed",
        "disputed",
        "cancelled",
    ),
    "forge.milestones.status": (
        "pending",
        "completed",
        "approved",
    ),
    "forge.disputes.status": (
        "open",
        "resolved",
        "escalated",
    ),
    "nexus.recommendations.type": (
        "feature",
        "service",
        "product",
    ),
    "nexus.recommendations.status": (
        "active",
        "dismissed",
        "accepted",
    ),
    "nexus.interactions.type": (
        "view",
        "click",
        "dismiss",
        "accept",
        "purchase",
    ),
    "health_monitor.logs.level": ("DEBUG", "INFO", "WARN", "ERROR", "FATAL"),
    "auth.mfa_settings.backup_codes": ('["1a2b-3c4d", "5e6f-7a8b"]', "[]"),
    "currency": ("AZR",),
}
