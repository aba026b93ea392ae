"""The technical domains: their tables as they are, and where each goes."""

from payrollx_db.catalogs.tec.legacy.common import FLOAT, PRISMA, TIME
from payrollx_db.model.layout import LegacyDatabase, SourceTable, TableMap

DX_SERVICES = SourceTable("dx_services", {
    "id": "text", "userId": "text", "name": "text", "type": "text", "endpoint": "text", "version": "text",
    "status": "text", "metadata": "jsonb?", "createdAt": TIME, "updatedAt": TIME,
})  # fmt: skip

DX_METRICS = SourceTable("dx_metrics", {
    "id": "text", "serviceId": "text", "metricName": "text", "metricValue": FLOAT, "unit": "text",
    "timestamp": TIME, "metadata": "jsonb?",
})  # fmt: skip

DX_LOGS = SourceTable("dx_logs", {
    "id": "text", "serviceId": "text", "level": "text", "message": "text", "stackTrace": "text?",
    "requestId": "text?", "userId": "text?", "metadata": "jsonb?", "timestamp": TIME,
}, indexes=(("serviceId",), ("level",), ("timestamp",)))  # fmt: skip

DX_CONFIGURATIONS = SourceTable("dx_configurations", {
    "id": "text", "serviceId": "text", "key": "text", "value": "text", "type": "text", "isSecret": "boolean",
    "description": "text?", "createdAt": TIME, "updatedAt": TIME,
})  # fmt: skip

DX_INTEGRATIONS = SourceTable("dx_integrations", {
    "id": "text", "serviceId": "text", "name": "text", "provider": "text", "type": "text",
    "credentials": "jsonb?", "config": "jsonb?", "status": "text", "lastSyncedAt": TIME + "?", "createdAt": TIME,
    "updatedAt": TIME,
})  # fmt: skip

ANALYTICS_SERVICES = SourceTable("analytics_services", {
    "id": "text", "userId": "text", "name": "text", "type": "text", "description": "text?", "status": "text",
    "metadata": "jsonb?", "createdAt": TIME, "updatedAt": TIME,
})  # fmt: skip

ANALYTICS_METRICS = SourceTable("analytics_metrics", {
    "id": "text", "serviceId": "text", "category": "text", "name": "text", "value": FLOAT, "unit": "text",
    "dimensions": "jsonb?", "timestamp": TIME,
})  # fmt: skip

ANALYTICS_LOGS = SourceTable("analytics_logs", {
    "id": "text", "serviceId": "text", "eventType": "text", "eventName": "text", "userId": "text?",
    "properties": "jsonb?", "timestamp": TIME,
}, indexes=(("serviceId",), ("eventType",), ("timestamp",)))  # fmt: skip

ANALYTICS_CONFIGURATIONS = SourceTable("analytics_configurations", {
    "id": "text", "serviceId": "text", "settingKey": "text", "settingValue": "text", "dataType": "text",
    "description": "text?", "createdAt": TIME, "updatedAt": TIME,
})  # fmt: skip

ANALYTICS_INTEGRATIONS = SourceTable("analytics_integrations", {
    "id": "text", "serviceId": "text", "source": "text", "type": "text", "credentials": "jsonb?",
    "mapping": "jsonb?", "status": "text", "lastSyncedAt": TIME + "?", "createdAt": TIME, "updatedAt": TIME,
})  # fmt: skip

SYSTEM_SERVICES = SourceTable("system_services", {
    "id": "text", "name": "text", "type": "text", "version": "text", "status": "text", "healthCheckUrl": "text?",
    "createdAt": TIME, "updatedAt": TIME,
})  # fmt: skip

SYSTEM_METRICS = SourceTable("system_metrics", {
    "id": "text", "serviceId": "text", "metricType": "text", "name": "text", "value": FLOAT, "unit": "text",
    "threshold": FLOAT + "?", "timestamp": TIME,
})  # fmt: skip

SYSTEM_LOGS = SourceTable("system_logs", {
    "id": "text", "serviceId": "text", "level": "text", "message": "text", "source": "text",
    "stackTrace": "text?", "context": "jsonb?", "timestamp": TIME,
})  # fmt: skip

SYSTEM_CONFIGURATIONS = SourceTable("system_configurations", {
    "id": "text", "serviceId": "text", "key": "text", "value": "text", "valueType": "text",
    "isEncrypted": "boolean", "description": "text?", "createdAt": TIME, "updatedAt": TIME,
})  # fmt: skip

SYSTEM_INTEGRATIONS = SourceTable("system_integrations", {
    "id": "text", "serviceId": "text", "name": "text", "type": "text", "endpoint": "text?", "authType": "text?",
    "credentials": "jsonb?", "status": "text", "lastCheckedAt": TIME + "?", "createdAt": TIME, "updatedAt": TIME,
})  # fmt: skip

ALERT_SERVICES = SourceTable("alert_services", {
    "id": "text", "userId": "text", "name": "text", "type": "text", "status": "text", "metadata": "jsonb?",
    "createdAt": TIME, "updatedAt": TIME,
})  # fmt: skip

ALERT_METRICS = SourceTable("alert_metrics", {
    "id": "text", "serviceId": "text", "alertsSent": "integer", "alertsFailed": "integer",
    "alertsRead": "integer", "responseTime": FLOAT, "timestamp": TIME,
})  # fmt: skip

ALERT_LOGS = SourceTable("alert_logs", {
    "id": "text", "serviceId": "text", "alertType": "text", "recipient": "text", "subject": "text",
    "message": "text", "deliveryStatus": "text", "readAt": TIME + "?", "metadata": "jsonb?", "sentAt": TIME,
})  # fmt: skip

ALERT_CONFIGURATIONS = SourceTable("alert_configurations", {
    "id": "text", "serviceId": "text", "settingName": "text", "settingValue": "text", "isActive": "boolean",
    "createdAt": TIME, "updatedAt": TIME,
})  # fmt: skip

ALERT_INTEGRATIONS = SourceTable("alert_integrations", {
    "id": "text", "serviceId": "text", "provider": "text", "type": "text", "apiKey": "text?", "config": "jsonb?",
    "status": "text", "lastUsedAt": TIME + "?", "createdAt": TIME, "updatedAt": TIME,
})  # fmt: skip

NX_SERVICES = SourceTable("nx_services", {
    "id": "text", "userId": "text", "name": "text", "category": "text", "description": "text?", "status": "text",
    "metadata": "jsonb?", "createdAt": TIME, "updatedAt": TIME,
})  # fmt: skip

NX_METRICS = SourceTable("nx_metrics", {
    "id": "text", "serviceId": "text", "name": "text", "value": FLOAT, "unit": "text", "category": "text",
    "timestamp": TIME,
})  # fmt: skip

NX_LOGS = SourceTable("nx_logs", {
    "id": "text", "serviceId": "text", "level": "text", "message": "text", "metadata": "jsonb?", "timestamp": TIME,
})  # fmt: skip

NX_CONFIGURATIONS = SourceTable("nx_configurations", {
    "id": "text", "serviceId": "text", "key": "text", "value": "text", "type": "text", "isSecure": "boolean",
    "createdAt": TIME, "updatedAt": TIME,
})  # fmt: skip

NX_INTEGRATIONS = SourceTable("nx_integrations", {
    "id": "text", "serviceId": "text", "name": "text", "provider": "text", "type": "text", "config": "jsonb?",
    "status": "text", "lastSyncedAt": TIME + "?", "createdAt": TIME, "updatedAt": TIME,
})  # fmt: skip

NEXUS_SERVICES = SourceTable("nexus_services", {
    "id": "text", "userId": "text", "name": "text", "type": "text", "description": "text?", "status": "text",
    "metadata": "jsonb?", "createdAt": TIME, "updatedAt": TIME,
})  # fmt: skip

NEXUS_METRICS = SourceTable("nexus_metrics", {
    "id": "text", "serviceId": "text", "metricType": "text", "value": FLOAT, "unit": "text", "timestamp": TIME,
})  # fmt: skip

NEXUS_LOGS = SourceTable("nexus_logs", {
    "id": "text", "serviceId": "text", "level": "text", "message": "text", "source": "text", "target": "text?",
    "metadata": "jsonb?", "timestamp": TIME,
})  # fmt: skip

NEXUS_CONFIGURATIONS = SourceTable("nexus_configurations", {
    "id": "text", "serviceId": "text", "key": "text", "value": "text", "dataType": "text",
    "isEncrypted": "boolean", "createdAt": TIME, "updatedAt": TIME,
})  # fmt: skip

NEXUS_INTEGRATIONS = SourceTable("nexus_integrations", {
    "id": "text", "serviceId": "text", "sourceSystem": "text", "targetSystem": "text", "mapping": "jsonb",
    "transform": "jsonb?", "status": "text", "lastExecutedAt": TIME + "?", "createdAt": TIME, "updatedAt": TIME,
})  # fmt: skip

DX = LegacyDatabase(
    "tec_dx", variable="DX", service="dx", discards=(PRISMA,),
    maps=(
        TableMap(DX_SERVICES, "dx.services"),
        TableMap(DX_METRICS, "dx.metrics"),
        TableMap(DX_LOGS, "dx.logs"),
        TableMap(DX_CONFIGURATIONS, "dx.configurations"),
        TableMap(DX_INTEGRATIONS, "dx.integrations"),
    ),
)  # fmt: skip

ANALYTICS = LegacyDatabase(
    "tec_analytics", variable="ANALYTICS", service="analytics", discards=(PRISMA,),
    maps=(
        TableMap(ANALYTICS_SERVICES, "analytics.services"),
        TableMap(ANALYTICS_METRICS, "analytics.metrics"),
        TableMap(ANALYTICS_LOGS, "analytics.logs"),
        TableMap(ANALYTICS_CONFIGURATIONS, "analytics.configurations"),
        TableMap(ANALYTICS_INTEGRATIONS, "analytics.integrations"),
    ),
)  # fmt: skip

SYSTEM = LegacyDatabase(
    "tec_system", variable="SYSTEM", service="system", discards=(PRISMA,),
    maps=(
        TableMap(SYSTEM_SERVICES, "system.services"),
        TableMap(SYSTEM_METRICS, "system.metrics"),
        TableMap(SYSTEM_LOGS, "system.logs"),
        TableMap(SYSTEM_CONFIGURATIONS, "system.configurations"),
        TableMap(SYSTEM_INTEGRATIONS, "system.integrations"),
    ),
)  # fmt: skip

ALERT = LegacyDatabase(
    "tec_alert", variable="ALERT", service="alert", discards=(PRISMA,),
    maps=(
        TableMap(ALERT_SERVICES, "alert.services"),
        TableMap(ALERT_METRICS, "alert.metrics"),
        TableMap(ALERT_LOGS, "alert.logs"),
        TableMap(ALERT_CONFIGURATIONS, "alert.configurations"),
        TableMap(ALERT_INTEGRATIONS, "alert.integrations"),
    ),
)  # fmt: skip

NX = LegacyDatabase(
    "tec_nx", variable="NX", service="nx", discards=(PRISMA,),
    maps=(
        TableMap(NX_SERVICES, "nx.services"),
        TableMap(NX_METRICS, "nx.metrics"),
        TableMap(NX_LOGS, "nx.logs"),
        TableMap(NX_CONFIGURATIONS, "nx.configurations"),
        TableMap(NX_INTEGRATIONS, "nx.integrations"),
    ),
)  # fmt: skip

NEXUS = LegacyDatabase(
    "tec_nexus", variable="NEXUS", service="nexus", discards=(PRISMA,),
    maps=(
        TableMap(NEXUS_SERVICES, "nexus.services"),
        TableMap(NEXUS_METRICS, "nexus.metrics"),
        TableMap(NEXUS_LOGS, "nexus.logs"),
        TableMap(NEXUS_CONFIGURATIONS, "nexus.configurations"),
        TableMap(NEXUS_INTEGRATIONS, "nexus.integrations"),
    ),
)  # fmt: skip
