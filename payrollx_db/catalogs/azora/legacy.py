"""Azora's legacy layout: nine databases that Prisma pushed, some of which may be one, and where each column goes.

Pure data, to be audited line by line. What the general rules say isn't repeated: a camelCase column goes to its
snake_case namesake, moments are UTC, an amount that is a float goes by its digits. Ids stay the texts that they are.
"""

from dataclasses import replace

from payrollx_db.model.layout import Discard, Layout, LegacyDatabase, SourceTable, TableMap

PRISMA = Discard("_prisma_migrations", "Prisma's own bookkeeping; Alembic keeps the unified database's")

GIVEN_UP = "of a schema of mint that was given up"
ABANDONED = tuple(
    Discard(table, GIVEN_UP)
    for table in ("subscription", "invoice", "audit_log", "users", "user_balances", "knowledge_rewards")
)

TIME = "timestamp(3)"
FLOAT = "double precision"

AUTH_USER = SourceTable("User", {
    "id": "text", "email": "text", "password": "text", "name": "text", "role": "text",
    "isEmailVerified": "boolean", "isActive": "boolean", "lastLoginAt": TIME + "?", "createdAt": TIME,
    "updatedAt": TIME,
}, indexes=(("email",), ("role",)))  # fmt: skip

AUTH_SESSION = SourceTable("Session", {
    "id": "text", "userId": "text", "token": "text", "ipAddress": "text?", "userAgent": "text?",
    "expiresAt": TIME, "createdAt": TIME,
}, indexes=(("userId",), ("token",)))  # fmt: skip

AUTH_TOKEN = SourceTable("Token", {
    "id": "text", "userId": "text", "type": "text", "token": "text", "expiresAt": TIME, "createdAt": TIME,
}, indexes=(("userId",), ("type",), ("token",)))  # fmt: skip

AUTH_MFA_SETTINGS = SourceTable("MFASettings", {
    "id": "text", "userId": "text", "enabled": "boolean", "method": "text", "secret": "text?",
    "backupCodes": "text", "createdAt": TIME, "updatedAt": TIME,
})  # fmt: skip

AUTH_USER_PROFILE = SourceTable("UserProfile", {
    "id": "text", "userId": "text", "avatar": "text?", "bio": "text?", "location": "text?", "timezone": "text?",
    "language": "text", "metadata": "jsonb?", "createdAt": TIME, "updatedAt": TIME,
})  # fmt: skip

AUTH_AUDIT_LOG = SourceTable("AuditLog", {
    "id": "text", "userId": "text?", "action": "text", "resource": "text?", "ipAddress": "text?",
    "metadata": "jsonb?", "createdAt": TIME,
})  # fmt: skip

EDUCATION_STUDENTS = SourceTable("students", {
    "id": "text", "userId": "text", "firstName": "text", "lastName": "text", "email": "text",
    "dateOfBirth": TIME + "?", "grade": "text?", "country": "text", "createdAt": TIME, "updatedAt": TIME,
}, indexes=(("userId",), ("email",)))  # fmt: skip

EDUCATION_COURSES = SourceTable("courses", {
    "id": "text", "title": "text", "description": "text", "instructorId": "text", "price": FLOAT,
    "currency": "text", "duration": "integer", "level": "text", "category": "text", "published": "boolean",
    "createdAt": TIME, "updatedAt": TIME,
}, indexes=(("category",), ("published",)))  # fmt: skip

EDUCATION_MODULES = SourceTable("modules", {
    "id": "text", "courseId": "text", "title": "text", "description": "text?", "order": "integer",
    "content": "jsonb", "createdAt": TIME, "updatedAt": TIME,
})  # fmt: skip

EDUCATION_ENROLLMENTS = SourceTable("enrollments", {
    "id": "text", "studentId": "text", "courseId": "text", "status": "text", "progress": FLOAT,
    "enrolledAt": TIME, "completedAt": TIME + "?",
})  # fmt: skip

EDUCATION_LEARNING_PROGRESS = SourceTable("learning_progress", {
    "id": "text", "studentId": "text", "moduleId": "text", "completed": "boolean", "timeSpent": "integer",
    "score": FLOAT + "?", "startedAt": TIME, "completedAt": TIME + "?",
}, indexes=(("studentId",),))  # fmt: skip

EDUCATION_ASSESSMENT_SUBMISSIONS = SourceTable("assessment_submissions", {
    "id": "text", "studentId": "text", "assessmentId": "text", "answers": "jsonb", "score": FLOAT,
    "passed": "boolean", "feedback": "text?", "submittedAt": TIME,
})  # fmt: skip

EDUCATION_WALLETS = SourceTable("wallets", {
    "id": "text", "studentId": "text", "balance": FLOAT, "currency": "text", "createdAt": TIME, "updatedAt": TIME,
})  # fmt: skip

EDUCATION_TRANSACTIONS = SourceTable("transactions", {
    "id": "text", "walletId": "text", "type": "text", "amount": FLOAT, "currency": "text", "description": "text",
    "reference": "text?", "status": "text", "createdAt": TIME,
})  # fmt: skip

MINT_WALLET = SourceTable("Wallet", {
    "id": "text", "userId": "text", "address": "text", "balance": "numeric(18,8)", "staked": "numeric(18,8)",
    "earned": "numeric(18,8)", "createdAt": TIME, "updatedAt": TIME,
}, indexes=(("userId",), ("address",)))  # fmt: skip

MINT_TRANSACTION = SourceTable("Transaction", {
    "id": "text", "type": "text", "fromId": "text?", "toId": "text?", "amount": "numeric(18,8)",
    "reason": "text?", "status": "text", "metadata": "jsonb?", "createdAt": TIME,
})  # fmt: skip

MINT_STAKE = SourceTable("Stake", {
    "id": "text", "walletId": "text", "amount": "numeric(18,8)", "startDate": TIME, "endDate": TIME + "?",
    "rewardRate": "numeric(5,4)", "status": "text", "createdAt": TIME, "updatedAt": TIME,
})  # fmt: skip

MINT_MINING_RECORD = SourceTable("MiningRecord", {
    "id": "text", "walletId": "text", "activityId": "text", "activityType": "text",
    "tokensEarned": "numeric(18,8)", "difficulty": "integer", "metadata": "jsonb?", "minedAt": TIME,
})  # fmt: skip

MINT_ECONOMIC_METRICS = SourceTable("EconomicMetrics", {
    "id": "text", "totalSupply": "numeric(18,8)", "circulatingSupply": "numeric(18,8)",
    "totalStaked": "numeric(18,8)", "totalMinted": "numeric(18,8)", "activeWallets": "integer",
    "dailyVolume": "numeric(18,8)", "recordedAt": TIME,
})  # fmt: skip

FORGE_JOB = SourceTable("Job", {
    "id": "text", "title": "text", "description": "text", "employerId": "text", "budget": "numeric(18,8)",
    "currency": "text", "status": "text", "skills": "text[]?", "category": "text", "deadline": TIME + "?",
    "createdAt": TIME, "updatedAt": TIME,
})  # fmt: skip

FORGE_APPLICATION = SourceTable("Application", {
    "id": "text", "jobId": "text", "freelancerId": "text", "proposal": "text", "bidAmount": "numeric(18,8)",
    "status": "text", "createdAt": TIME,
})  # fmt: skip

FORGE_CONTRACT = SourceTable("Contract", {
    "id": "text", "jobId": "text", "freelancerId": "text", "employerId": "text", "amount": "numeric(18,8)",
    "status": "text", "startDate": TIME, "endDate": TIME + "?", "escrowId": "text?", "createdAt": TIME,
    "updatedAt": TIME,
})  # fmt: skip

FORGE_MILESTONE = SourceTable("Milestone", {
    "id": "text", "contractId": "text", "description": "text", "amount": "numeric(18,8)", "status": "text",
    "dueDate": TIME + "?", "completedAt": TIME + "?", "createdAt": TIME,
})  # fmt: skip

FORGE_DISPUTE = SourceTable("Dispute", {
    "id": "text", "contractId": "text", "raisedBy": "text", "reason": "text", "status": "text",
    "resolution": "text?", "resolvedAt": TIME + "?", "createdAt": TIME,
}, indexes=(("contractId",), ("status",)))  # fmt: skip

FORGE_SKILL_PROFILE = SourceTable("SkillProfile", {
    "id": "text", "userId": "text", "skills": "text[]?", "rating": "numeric(3,2)", "jobsCompleted": "integer",
    "totalEarned": "numeric(18,8)", "createdAt": TIME, "updatedAt": TIME,
}, indexes=(("userId",),))  # fmt: skip

SAPIENS_TUTORING_SESSIONS = SourceTable("tutoring_sessions", {
    "id": "text", "studentId": "text", "courseId": "text?", "topic": "text", "duration": "integer",
    "status": "text", "startedAt": TIME, "endedAt": TIME + "?",
}, indexes=(("studentId",),))  # fmt: skip

SAPIENS_MESSAGES = SourceTable("messages", {
    "id": "text", "sessionId": "text", "role": "text", "content": "text", "timestamp": TIME,
})  # fmt: skip

SAPIENS_LEARNING_INSIGHTS = SourceTable("learning_insights", {
    "id": "text", "sessionId": "text", "studentId": "text", "insightType": "text", "description": "text",
    "confidence": FLOAT, "createdAt": TIME,
})  # fmt: skip

SAPIENS_LEARNING_PATHS = SourceTable("learning_paths", {
    "id": "text", "studentId": "text", "subject": "text", "title": "text", "description": "text?",
    "currentLevel": "text", "targetLevel": "text", "difficulty": "text", "estimatedHours": "integer",
    "totalSteps": "integer", "completedSteps": "integer", "status": "text", "milestones": "jsonb?",
    "createdAt": TIME, "updatedAt": TIME,
})  # fmt: skip

SAPIENS_PATH_STEPS = SourceTable("path_steps", {
    "id": "text", "pathId": "text", "order": "integer", "title": "text", "description": "text",
    "estimatedHours": FLOAT, "resources": "jsonb", "assessmentCriteria": "jsonb", "completed": "boolean",
    "completedAt": TIME + "?",
})  # fmt: skip

SAPIENS_QUESTIONS = SourceTable("questions", {
    "id": "text", "studentId": "text", "question": "text", "answer": "text?", "topic": "text?",
    "difficulty": "text?", "askedAt": TIME, "answeredAt": TIME + "?",
})  # fmt: skip

SAPIENS_ASSESSMENTS = SourceTable("assessments", {
    "id": "text", "studentId": "text", "pathId": "text?", "type": "text", "subject": "text", "questions": "jsonb",
    "answers": "jsonb?", "score": FLOAT + "?", "maxScore": FLOAT, "passed": "boolean", "difficulty": "text",
    "timeSpent": "integer?", "startedAt": TIME, "completedAt": TIME + "?",
}, indexes=(("studentId",), ("subject",)))  # fmt: skip

SAPIENS_PROGRESS = SourceTable("progress", {
    "id": "text", "studentId": "text", "pathId": "text", "subject": "text", "currentStep": "integer",
    "totalSteps": "integer", "completionRate": FLOAT, "timeSpent": "integer", "lastActivity": TIME,
    "updatedAt": TIME,
}, indexes=(("studentId",),))  # fmt: skip

SAPIENS_STUDENT_PROFILES = SourceTable("student_profiles", {
    "id": "text", "studentId": "text", "learningStyle": "text?", "strengths": "text[]?", "weaknesses": "text[]?",
    "interests": "text[]?", "goals": "jsonb?", "metadata": "jsonb?", "createdAt": TIME, "updatedAt": TIME,
})  # fmt: skip

NEXUS_USER_PROFILES = SourceTable("user_profiles", {
    "id": "text", "userId": "text", "preferences": "jsonb", "behavior": "jsonb", "demographics": "jsonb?",
    "createdAt": TIME, "updatedAt": TIME,
})  # fmt: skip

NEXUS_RECOMMENDATIONS = SourceTable("recommendations", {
    "id": "text", "userId": "text", "type": "text", "itemId": "text", "itemName": "text", "score": FLOAT,
    "context": "jsonb", "status": "text", "createdAt": TIME, "updatedAt": TIME,
}, indexes=())  # fmt: skip

NEXUS_INTERACTIONS = SourceTable("interactions", {
    "id": "text", "userId": "text", "recommendationId": "text?", "type": "text", "itemId": "text",
    "metadata": "jsonb", "timestamp": TIME,
}, indexes=())  # fmt: skip

NEXUS_AUDIT_LOGS = SourceTable("audit_logs", {
    "id": "text", "action": "text", "entityId": "text", "entityType": "text", "userId": "text?",
    "details": "jsonb", "timestamp": TIME,
}, indexes=())  # fmt: skip

AI_FAMILY_FAMILY_MEMBERS = SourceTable("family_members", {
    "id": "text", "name": "text", "role": "text", "traits": "text[]?", "background": "text",
    "relationships": "jsonb", "temperature": FLOAT, "avatar": "text?", "createdAt": TIME, "updatedAt": TIME,
})  # fmt: skip

AI_FAMILY_CONVERSATIONS = SourceTable("conversations", {
    "id": "text", "memberId": "text", "userId": "text", "context": "jsonb?", "startedAt": TIME, "updatedAt": TIME,
})  # fmt: skip

AI_FAMILY_MESSAGES = SourceTable("messages", {
    "id": "text", "conversationId": "text", "memberId": "text", "userId": "text", "role": "text",
    "content": "text", "mood": "text", "metadata": "jsonb?", "timestamp": TIME,
}, indexes=(("conversationId",), ("userId",), ("timestamp",)))  # fmt: skip

AI_FAMILY_FAMILY_INTERACTIONS = SourceTable("family_interactions", {
    "id": "text", "userId": "text", "memberName": "text", "interaction": "text", "sentiment": "text?",
    "metadata": "jsonb?", "createdAt": TIME,
})  # fmt: skip

NOTIFICATION_NOTIFICATIONS = SourceTable("notifications", {
    "id": "text", "userId": "text", "title": "text", "message": "text", "type": "text", "isRead": "boolean",
    "readAt": TIME + "?", "createdAt": TIME, "deletedAt": TIME + "?",
})  # fmt: skip

HEALTH_MONITOR_LOGS = SourceTable("logs", {
    "id": "text", "level": "LogLevel", "message": "text", "service": "text", "metadata": "jsonb?",
    "createdAt": TIME,
})  # fmt: skip

HEALTH_MONITOR_CONSTITUTIONAL_LOGS = SourceTable("constitutional_logs", {
    "id": "text", "action": "text", "userId": "text?", "metadata": "jsonb?", "createdAt": TIME,
})  # fmt: skip

AUTH = LegacyDatabase(
    "azora_auth", variable="AUTH", service="auth", discards=(PRISMA,),
    maps=(
        TableMap(AUTH_USER, "auth.users", new=("deleted_at",)),
        TableMap(AUTH_SESSION, "auth.sessions"),
        TableMap(AUTH_TOKEN, "auth.tokens"),
        TableMap(AUTH_MFA_SETTINGS, "auth.mfa_settings", new=("last_used_at",)),
        TableMap(AUTH_USER_PROFILE, "auth.user_profiles"),
        TableMap(AUTH_AUDIT_LOG, "auth.audit_logs"),
    ),
)  # fmt: skip

EDUCATION = LegacyDatabase(
    "azora_education", variable="EDUCATION", service="education", discards=(PRISMA,),
    maps=(
        TableMap(EDUCATION_STUDENTS, "education.students", new=("deleted_at",)),
        TableMap(EDUCATION_COURSES, "education.courses"),
        TableMap(EDUCATION_MODULES, "education.modules"),
        TableMap(EDUCATION_ENROLLMENTS, "education.enrollments"),
        TableMap(EDUCATION_LEARNING_PROGRESS, "education.learning_progress"),
        TableMap(EDUCATION_ASSESSMENT_SUBMISSIONS, "education.assessment_submissions"),
        TableMap(EDUCATION_WALLETS, "education.wallets", new=("deleted_at",)),
        TableMap(EDUCATION_TRANSACTIONS, "education.transactions"),
    ),
)  # fmt: skip

MINT = LegacyDatabase(
    "azora_mint", variable="MINT", service="mint", discards=(PRISMA, *ABANDONED),
    maps=(
        TableMap(MINT_WALLET, "mint.wallets", new=("deleted_at",)),
        TableMap(MINT_TRANSACTION, "mint.transactions"),
        TableMap(MINT_STAKE, "mint.stakes"),
        TableMap(MINT_MINING_RECORD, "mint.mining_records"),
        TableMap(MINT_ECONOMIC_METRICS, "mint.economic_metrics"),
    ),
)  # fmt: skip

FORGE = LegacyDatabase(
    "azora-forge", variable="FORGE", service="forge", discards=(PRISMA,),
    maps=(
        TableMap(FORGE_JOB, "forge.jobs", new=("deleted_at",)),
        TableMap(FORGE_APPLICATION, "forge.applications"),
        TableMap(FORGE_CONTRACT, "forge.contracts", new=("deleted_at",)),
        TableMap(FORGE_MILESTONE, "forge.milestones"),
        TableMap(FORGE_DISPUTE, "forge.disputes"),
        TableMap(FORGE_SKILL_PROFILE, "forge.skill_profiles"),
    ),
)  # fmt: skip

SAPIENS = LegacyDatabase(
    "azora_sapiens", variable="SAPIENS", service="sapiens", discards=(PRISMA,),
    maps=(
        TableMap(SAPIENS_TUTORING_SESSIONS, "sapiens.tutoring_sessions"),
        TableMap(SAPIENS_MESSAGES, "sapiens.messages"),
        TableMap(SAPIENS_LEARNING_INSIGHTS, "sapiens.learning_insights"),
        TableMap(SAPIENS_LEARNING_PATHS, "sapiens.learning_paths"),
        TableMap(SAPIENS_PATH_STEPS, "sapiens.path_steps"),
        TableMap(SAPIENS_QUESTIONS, "sapiens.questions"),
        TableMap(SAPIENS_ASSESSMENTS, "sapiens.assessments"),
        TableMap(SAPIENS_PROGRESS, "sapiens.progress"),
        TableMap(SAPIENS_STUDENT_PROFILES, "sapiens.student_profiles"),
    ),
)  # fmt: skip

NEXUS = LegacyDatabase(
    "azora_nexus", variable="NEXUS", service="nexus", database="azora_db", discards=(PRISMA,),
    maps=(
        TableMap(NEXUS_USER_PROFILES, "nexus.user_profiles"),
        TableMap(NEXUS_RECOMMENDATIONS, "nexus.recommendations"),
        TableMap(NEXUS_INTERACTIONS, "nexus.interactions"),
        TableMap(NEXUS_AUDIT_LOGS, "nexus.audit_logs"),
    ),
)  # fmt: skip

AI_FAMILY = LegacyDatabase(
    "ai_family_db", variable="AI_FAMILY", service="ai_family", discards=(PRISMA,),
    maps=(
        TableMap(AI_FAMILY_FAMILY_MEMBERS, "ai_family.family_members"),
        TableMap(AI_FAMILY_CONVERSATIONS, "ai_family.conversations"),
        TableMap(AI_FAMILY_MESSAGES, "ai_family.messages"),
        TableMap(AI_FAMILY_FAMILY_INTERACTIONS, "ai_family.family_interactions"),
    ),
)  # fmt: skip

NOTIFICATION = LegacyDatabase(
    "azora_notification", variable="NOTIFICATION", service="notification", database="azora_db", discards=(PRISMA,),
    maps=(
        TableMap(NOTIFICATION_NOTIFICATIONS, "notification.notifications"),
    ),
)  # fmt: skip

HEALTH_MONITOR = LegacyDatabase(
    "azora_health_monitor", variable="HEALTH_MONITOR", service="health_monitor", database="azora_db",
    discards=(PRISMA,),
    maps=(
        TableMap(HEALTH_MONITOR_LOGS, "health_monitor.logs"),
        TableMap(HEALTH_MONITOR_CONSTITUTIONAL_LOGS, "health_monitor.constitutional_logs"),
    ),
)  # fmt: skip

DATABASES = (AUTH, EDUCATION, MINT, FORGE, SAPIENS, NEXUS, AI_FAMILY, NOTIFICATION, HEALTH_MONITOR)
WRITTEN_BY_PRISMA = frozenset({"updatedAt"})  # which sets it, so that no default does

LAYOUT = Layout(
    "legacy",
    tuple(replace(known, undefaulted=WRITTEN_BY_PRISMA) for known in DATABASES),
    timezone="UTC",
    migrations="prisma",
    sharing=True,
)
