"""The domains of enterprises: their tables as they are, and where each goes."""

from payrollx_db.catalogs.tec.legacy.common import PRISMA, TIME
from payrollx_db.model.layout import LegacyDatabase, SourceTable, TableMap

TITAN_ENTERPRISES = SourceTable("titan_enterprises", {
    "id": "text", "name": "text", "industry": "text", "size": "text", "address": "jsonb?", "contactInfo": "jsonb",
    "status": "text", "metadata": "jsonb?", "createdAt": TIME, "updatedAt": TIME,
})  # fmt: skip

TITAN_SOLUTIONS = SourceTable("titan_solutions", {
    "id": "text", "enterpriseId": "text", "name": "text", "type": "text", "description": "text",
    "version": "text", "pricing": "jsonb", "status": "text", "metadata": "jsonb?", "createdAt": TIME,
    "updatedAt": TIME,
})  # fmt: skip

TITAN_DEPLOYMENTS = SourceTable("titan_deployments", {
    "id": "text", "enterpriseId": "text", "solutionId": "text", "environment": "text", "region": "text",
    "config": "jsonb", "status": "text", "deployedAt": TIME + "?", "lastUpdatedAt": TIME + "?",
    "metadata": "jsonb?", "createdAt": TIME, "updatedAt": TIME,
})  # fmt: skip

TITAN_REGIONS = SourceTable("titan_regions", {
    "id": "text", "deploymentId": "text", "name": "text", "code": "text", "location": "jsonb",
    "capacity": "jsonb", "status": "text", "metadata": "jsonb?", "createdAt": TIME, "updatedAt": TIME,
})  # fmt: skip

TITAN_LICENSES = SourceTable("titan_licenses", {
    "id": "text", "enterpriseId": "text", "licenseKey": "text", "licenseType": "text", "users": "integer?",
    "domains": "integer?", "features": "jsonb", "validFrom": TIME, "validUntil": TIME, "status": "text",
    "metadata": "jsonb?", "createdAt": TIME, "updatedAt": TIME,
})  # fmt: skip

ZONE_ENTERPRISES = SourceTable("zone_enterprises", {
    "id": "text", "name": "text", "type": "text", "location": "jsonb", "timezone": "text", "status": "text",
    "metadata": "jsonb?", "createdAt": TIME, "updatedAt": TIME,
})  # fmt: skip

ZONE_SOLUTIONS = SourceTable("zone_solutions", {
    "id": "text", "enterpriseId": "text", "name": "text", "category": "text", "description": "text?",
    "status": "text", "metadata": "jsonb?", "createdAt": TIME, "updatedAt": TIME,
})  # fmt: skip

ZONE_DEPLOYMENTS = SourceTable("zone_deployments", {
    "id": "text", "enterpriseId": "text", "name": "text", "environment": "text", "config": "jsonb",
    "status": "text", "deployedAt": TIME, "metadata": "jsonb?", "createdAt": TIME, "updatedAt": TIME,
})  # fmt: skip

ZONE_REGIONS = SourceTable("zone_regions", {
    "id": "text", "deploymentId": "text?", "solutionId": "text?", "name": "text", "code": "text",
    "country": "text", "city": "text?", "location": "jsonb", "capacity": "jsonb?", "status": "text",
    "metadata": "jsonb?", "createdAt": TIME, "updatedAt": TIME,
}, indexes=(("deploymentId",), ("solutionId",), ("code",), ("country",)))  # fmt: skip

ZONE_LICENSES = SourceTable("zone_licenses", {
    "id": "text", "enterpriseId": "text", "licenseKey": "text", "type": "text", "regions": "text[]?",
    "features": "jsonb", "issuedDate": TIME, "expiryDate": TIME, "status": "text", "metadata": "jsonb?",
    "createdAt": TIME, "updatedAt": TIME,
})  # fmt: skip

TITAN = LegacyDatabase(
    "tec_titan", variable="TITAN", service="titan", discards=(PRISMA,),
    maps=(
        TableMap(TITAN_ENTERPRISES, "titan.enterprises"),
        TableMap(TITAN_SOLUTIONS, "titan.solutions"),
        TableMap(TITAN_DEPLOYMENTS, "titan.deployments"),
        TableMap(TITAN_REGIONS, "titan.regions"),
        TableMap(TITAN_LICENSES, "titan.licenses"),
    ),
)  # fmt: skip

ZONE = LegacyDatabase(
    "tec_zone", variable="ZONE", service="zone", discards=(PRISMA,),
    maps=(
        TableMap(ZONE_ENTERPRISES, "zone.enterprises"),
        TableMap(ZONE_SOLUTIONS, "zone.solutions"),
        TableMap(ZONE_DEPLOYMENTS, "zone.deployments"),
        TableMap(ZONE_REGIONS, "zone.regions"),
        TableMap(ZONE_LICENSES, "zone.licenses"),
    ),
)  # fmt: skip
