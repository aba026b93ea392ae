"""What all domains share: their tables as they are, and where each goes."""

from payrollx_db.catalogs.tec.legacy.common import FLOAT, PRISMA, TIME
from payrollx_db.model.layout import LegacyDatabase, SourceTable, TableMap

USERS = SourceTable("users", {
    "id": "text", "piId": "text", "username": "text", "email": "text?", "walletAddress": "text?", "tier": "text",
    "status": "text", "language": "text", "createdAt": TIME, "updatedAt": TIME, "lastLoginAt": TIME + "?",
}, indexes=(("piId",), ("tier",)))  # fmt: skip

PAYMENTS = SourceTable("payments", {
    "id": "text", "userId": "text", "amount": FLOAT, "currency": "text", "piTxId": "text?", "status": "text",
    "domain": "text", "category": "text", "description": "text?", "metadata": "jsonb?", "createdAt": TIME,
    "completedAt": TIME + "?",
}, indexes=(("userId",), ("status",)))  # fmt: skip

NFTS = SourceTable("nfts", {
    "id": "text", "tokenId": "text", "userId": "text", "domainName": "text", "certificateType": "text",
    "metadata": "jsonb", "imageUrl": "text?", "mintedAt": TIME, "txHash": "text?", "status": "text",
})  # fmt: skip

PRODUCTS = SourceTable("products", {
    "id": "text", "domain": "text", "title": "text", "description": "text", "price": FLOAT, "currency": "text",
    "images": "text[]?", "category": "text", "subcategory": "text?", "specifications": "jsonb?",
    "location": "jsonb?", "stock": "integer", "status": "text", "sellerId": "text", "createdAt": TIME,
    "updatedAt": TIME,
})  # fmt: skip

CARTS = SourceTable("carts", {
    "id": "text", "userId": "text", "createdAt": TIME, "updatedAt": TIME,
})  # fmt: skip

CART_ITEMS = SourceTable("cart_items", {
    "id": "text", "cartId": "text", "productId": "text", "quantity": "integer", "createdAt": TIME,
}, indexes=())  # fmt: skip

ORDERS = SourceTable("orders", {
    "id": "text", "userId": "text", "orderNumber": "text", "total": FLOAT, "currency": "text",
    "piPaymentId": "text?", "piTxId": "text?", "status": "text", "shippingInfo": "jsonb?", "createdAt": TIME,
    "updatedAt": TIME, "paidAt": TIME + "?",
}, indexes=(("userId",), ("orderNumber",), ("status",)))  # fmt: skip

ORDER_ITEMS = SourceTable("order_items", {
    "id": "text", "orderId": "text", "productId": "text", "quantity": "integer", "price": FLOAT,
}, indexes=())  # fmt: skip

BUSINESS_UNITS = SourceTable("business_units", {
    "id": "text", "key": "text", "name": "text", "displayName": "text", "icon": "text", "tagline": "text",
    "description": "text", "color": "text", "status": "text", "views": "integer", "visits": "integer",
    "createdAt": TIME, "updatedAt": TIME,
}, indexes=(("key",), ("status",)))  # fmt: skip

BUSINESS_UNIT_PAGES = SourceTable("business_unit_pages", {
    "id": "text", "businessUnitId": "text", "path": "text", "title": "text", "description": "text",
    "views": "integer", "createdAt": TIME, "updatedAt": TIME,
})  # fmt: skip

BUSINESS_UNIT_FEATURES = SourceTable("business_unit_features", {
    "id": "text", "businessUnitId": "text", "icon": "text", "title": "text", "description": "text",
    "order": "integer",
})  # fmt: skip

USER_ACTIVITIES = SourceTable("user_activities", {
    "id": "text", "userId": "text", "businessUnit": "text", "page": "text", "action": "text",
    "metadata": "jsonb?", "createdAt": TIME,
})  # fmt: skip

SUBSCRIPTIONS = SourceTable("subscriptions", {
    "id": "text", "userId": "text", "businessUnit": "text", "plan": "text", "status": "text", "startDate": TIME,
    "endDate": TIME + "?", "amount": FLOAT + "?", "currency": "text", "piTxId": "text?", "createdAt": TIME,
    "updatedAt": TIME,
}, indexes=(("userId",), ("businessUnit",), ("status",)))  # fmt: skip

AUDIT_LOGS = SourceTable("audit_logs", {
    "id": "text", "userId": "text?", "operationType": "text", "operationData": "jsonb", "approved": "boolean",
    "rejectionReason": "text?", "hash": "text", "identityVerified": "boolean", "identityReason": "text?",
    "operationValid": "boolean", "validationErrors": "text[]?", "riskLevel": "text", "suspicious": "boolean",
    "suspicionIndicators": "text[]?", "threatLevel": "text?", "requestIp": "text?", "requestUserAgent": "text?",
    "requestOrigin": "text?", "domain": "text?", "context": "jsonb?", "createdAt": TIME,
})  # fmt: skip

SYSTEM_CONTROL = SourceTable("system_control", {
    "id": "text", "integrityLevel": "text", "circuitBreakerActive": "boolean", "manualOverride": "boolean",
    "lockReason": "text?", "lockedBy": "text?", "lockedAt": TIME + "?", "totalPendingTransfers": "integer",
    "totalFrozenValue": FLOAT, "anomalyCount": "integer", "lastAnomalyDetected": TIME + "?", "updatedAt": TIME,
    "createdAt": TIME,
}, indexes=())  # fmt: skip

TRANSFERS = SourceTable("transfers", {
    "id": "text", "sourceUserId": "text", "targetUserId": "text", "sourceDomain": "text", "targetDomain": "text",
    "amount": FLOAT, "currency": "text", "status": "text", "sourceAuditId": "text?", "targetAuditId": "text?",
    "sourceApproved": "boolean", "targetApproved": "boolean", "riskLevel": "text?", "suspicious": "boolean",
    "createdAt": TIME, "approvedAt": TIME + "?", "completedAt": TIME + "?", "frozenAt": TIME + "?",
}, indexes=(("sourceUserId",), ("targetUserId",), ("sourceDomain",), ("targetDomain",), ("status",),
    ("createdAt",)))  # fmt: skip

SHARED = LegacyDatabase(
    "tec_ecosystem", variable="SHARED", service="shared", discards=(PRISMA,),
    maps=(
        TableMap(USERS, "shared.users"),
        TableMap(PAYMENTS, "shared.payments"),
        TableMap(NFTS, "shared.nfts"),
        TableMap(PRODUCTS, "shared.products"),
        TableMap(CARTS, "shared.carts"),
        TableMap(CART_ITEMS, "shared.cart_items"),
        TableMap(ORDERS, "shared.orders"),
        TableMap(ORDER_ITEMS, "shared.order_items"),
        TableMap(BUSINESS_UNITS, "shared.business_units"),
        TableMap(BUSINESS_UNIT_PAGES, "shared.business_unit_pages"),
        TableMap(BUSINESS_UNIT_FEATURES, "shared.business_unit_features"),
        TableMap(USER_ACTIVITIES, "shared.user_activities"),
        TableMap(SUBSCRIPTIONS, "shared.subscriptions"),
        TableMap(AUDIT_LOGS, "shared.audit_logs"),
        TableMap(SYSTEM_CONTROL, "shared.system_control"),
        TableMap(TRANSFERS, "shared.transfers"),
    ),
)  # fmt: skip
