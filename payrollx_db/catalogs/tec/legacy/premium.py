"""The domains of members: their tables as they are, and where each goes."""

from payrollx_db.catalogs.tec.legacy.common import FLOAT, PRISMA, TIME
from payrollx_db.model.layout import LegacyDatabase, SourceTable, TableMap

EPIC_MEMBERSHIPS = SourceTable("epic_memberships", {
    "id": "text", "userId": "text", "tier": "text", "status": "text", "startDate": TIME, "endDate": TIME + "?",
    "renewalDate": TIME + "?", "metadata": "jsonb?", "createdAt": TIME, "updatedAt": TIME,
}, indexes=(("userId",), ("tier",), ("status",)))  # fmt: skip

EPIC_BENEFITS = SourceTable("epic_benefits", {
    "id": "text", "membershipId": "text", "benefitType": "text", "name": "text", "description": "text",
    "value": "text?", "isActive": "boolean", "expiresAt": TIME + "?", "createdAt": TIME,
})  # fmt: skip

EPIC_TIERS = SourceTable("epic_tiers", {
    "id": "text", "name": "text", "level": "integer", "price": FLOAT, "currency": "text", "features": "jsonb",
    "isActive": "boolean", "createdAt": TIME, "updatedAt": TIME,
}, indexes=(("level",),))  # fmt: skip

EPIC_PRIVILEGES = SourceTable("epic_privileges", {
    "id": "text", "code": "text", "name": "text", "description": "text", "category": "text",
    "requiredTier": "text", "isActive": "boolean", "metadata": "jsonb?", "createdAt": TIME, "updatedAt": TIME,
})  # fmt: skip

EPIC_ACCESSES = SourceTable("epic_accesses", {
    "id": "text", "membershipId": "text", "resource": "text", "resourceType": "text", "grantedAt": TIME,
    "expiresAt": TIME + "?",
})  # fmt: skip

LEGEND_MEMBERSHIPS = SourceTable("legend_memberships", {
    "id": "text", "userId": "text", "tier": "text", "status": "text", "startDate": TIME, "endDate": TIME + "?",
    "autoRenew": "boolean", "metadata": "jsonb?", "createdAt": TIME, "updatedAt": TIME,
}, indexes=(("userId",), ("status",)))  # fmt: skip

LEGEND_BENEFITS = SourceTable("legend_benefits", {
    "id": "text", "membershipId": "text", "type": "text", "title": "text", "description": "text",
    "isUnlimited": "boolean", "usageLimit": "integer?", "usageCount": "integer", "isActive": "boolean",
    "expiresAt": TIME + "?", "createdAt": TIME,
})  # fmt: skip

LEGEND_TIERS = SourceTable("legend_tiers", {
    "id": "text", "name": "text", "rank": "integer", "annualPrice": FLOAT, "monthlyPrice": FLOAT + "?",
    "currency": "text", "perks": "jsonb", "isAvailable": "boolean", "createdAt": TIME, "updatedAt": TIME,
}, indexes=(("rank",),))  # fmt: skip

LEGEND_PRIVILEGES = SourceTable("legend_privileges", {
    "id": "text", "code": "text", "title": "text", "description": "text", "category": "text", "minTier": "text",
    "isActive": "boolean", "details": "jsonb?", "createdAt": TIME, "updatedAt": TIME,
})  # fmt: skip

LEGEND_ACCESSES = SourceTable("legend_accesses", {
    "id": "text", "membershipId": "text", "resourceName": "text", "resourceType": "text", "accessLevel": "text",
    "grantedAt": TIME, "expiresAt": TIME + "?", "metadata": "jsonb?",
})  # fmt: skip

VIP_MEMBERSHIPS = SourceTable("vip_memberships", {
    "id": "text", "userId": "text", "tier": "text", "level": "integer", "status": "text", "points": "integer",
    "startDate": TIME, "expiryDate": TIME + "?", "metadata": "jsonb?", "createdAt": TIME, "updatedAt": TIME,
}, indexes=(("userId",), ("level",), ("status",)))  # fmt: skip

VIP_BENEFITS = SourceTable("vip_benefits", {
    "id": "text", "membershipId": "text", "category": "text", "name": "text", "description": "text",
    "quota": "integer?", "used": "integer", "isActive": "boolean", "validUntil": TIME + "?", "createdAt": TIME,
})  # fmt: skip

VIP_TIERS = SourceTable("vip_tiers", {
    "id": "text", "name": "text", "level": "integer", "price": FLOAT, "currency": "text", "perks": "jsonb",
    "pointsRequired": "integer", "isActive": "boolean", "createdAt": TIME, "updatedAt": TIME,
}, indexes=(("level",),))  # fmt: skip

VIP_PRIVILEGES = SourceTable("vip_privileges", {
    "id": "text", "code": "text", "name": "text", "description": "text", "type": "text", "minLevel": "integer",
    "isActive": "boolean", "details": "jsonb?", "createdAt": TIME, "updatedAt": TIME,
})  # fmt: skip

VIP_ACCESSES = SourceTable("vip_accesses", {
    "id": "text", "membershipId": "text", "facility": "text", "facilityType": "text", "accessDate": TIME,
    "expiresAt": TIME + "?", "metadata": "jsonb?",
})  # fmt: skip

EPIC = LegacyDatabase(
    "tec_epic", variable="EPIC", service="epic", discards=(PRISMA,),
    maps=(
        TableMap(EPIC_MEMBERSHIPS, "epic.memberships"),
        TableMap(EPIC_BENEFITS, "epic.benefits"),
        TableMap(EPIC_TIERS, "epic.tiers"),
        TableMap(EPIC_PRIVILEGES, "epic.privileges"),
        TableMap(EPIC_ACCESSES, "epic.accesses"),
    ),
)  # fmt: skip

LEGEND = LegacyDatabase(
    "tec_legend", variable="LEGEND", service="legend", discards=(PRISMA,),
    maps=(
        TableMap(LEGEND_MEMBERSHIPS, "legend.memberships"),
        TableMap(LEGEND_BENEFITS, "legend.benefits"),
        TableMap(LEGEND_TIERS, "legend.tiers"),
        TableMap(LEGEND_PRIVILEGES, "legend.privileges"),
        TableMap(LEGEND_ACCESSES, "legend.accesses"),
    ),
)  # fmt: skip

VIP = LegacyDatabase(
    "tec_vip", variable="VIP", service="vip", discards=(PRISMA,),
    maps=(
        TableMap(VIP_MEMBERSHIPS, "vip.memberships"),
        TableMap(VIP_BENEFITS, "vip.benefits"),
        TableMap(VIP_TIERS, "vip.tiers"),
        TableMap(VIP_PRIVILEGES, "vip.privileges"),
        TableMap(VIP_ACCESSES, "vip.accesses"),
    ),
)  # fmt: skip
