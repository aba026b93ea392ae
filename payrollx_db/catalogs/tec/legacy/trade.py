"""Insurance and commerce: their tables as they are, and where each goes."""

from payrollx_db.catalogs.tec.legacy.common import FLOAT, PRISMA, TIME
from payrollx_db.model.layout import LegacyDatabase, SourceTable, TableMap

INSURE_POLICIES = SourceTable("insure_policies", {
    "id": "text", "userId": "text", "policyNumber": "text", "policyType": "text", "provider": "text",
    "premium": FLOAT, "coverage": FLOAT, "currency": "text", "status": "text", "startDate": TIME, "endDate": TIME,
    "renewalDate": TIME + "?", "metadata": "jsonb?", "createdAt": TIME, "updatedAt": TIME,
})  # fmt: skip

INSURE_CLAIMS = SourceTable("insure_claims", {
    "id": "text", "policyId": "text", "claimNumber": "text", "claimType": "text", "amount": FLOAT,
    "approvedAmount": FLOAT + "?", "currency": "text", "status": "text", "incidentDate": TIME, "filedDate": TIME,
    "settledDate": TIME + "?", "description": "text", "evidence": "jsonb?", "createdAt": TIME, "updatedAt": TIME,
}, indexes=(("policyId",), ("claimNumber",), ("status",)))  # fmt: skip

INSURE_COVERAGES = SourceTable("insure_coverages", {
    "id": "text", "policyId": "text", "coverageType": "text", "coverageLimit": FLOAT, "deductible": FLOAT,
    "copay": FLOAT + "?", "currency": "text", "details": "jsonb?", "createdAt": TIME, "updatedAt": TIME,
})  # fmt: skip

INSURE_PREMIUMS = SourceTable("insure_premiums", {
    "id": "text", "policyId": "text", "amount": FLOAT, "currency": "text", "dueDate": TIME,
    "paidDate": TIME + "?", "status": "text", "paymentMethod": "text?", "transactionId": "text?",
    "createdAt": TIME, "updatedAt": TIME,
}, indexes=(("policyId",), ("dueDate",), ("status",)))  # fmt: skip

INSURE_BENEFICIARIES = SourceTable("insure_beneficiaries", {
    "id": "text", "policyId": "text", "name": "text", "relationship": "text", "percentage": FLOAT,
    "contactInfo": "jsonb?", "isPrimary": "boolean", "createdAt": TIME, "updatedAt": TIME,
})  # fmt: skip

COMMERCE_PRODUCTS = SourceTable("commerce_products", {
    "id": "text", "sellerId": "text", "sku": "text", "name": "text", "description": "text", "category": "text",
    "price": FLOAT, "currency": "text", "specifications": "jsonb?", "images": "text[]?", "status": "text",
    "createdAt": TIME, "updatedAt": TIME,
})  # fmt: skip

COMMERCE_ORDERS = SourceTable("commerce_orders", {
    "id": "text", "productId": "text", "buyerId": "text", "orderNumber": "text", "quantity": "integer",
    "unitPrice": FLOAT, "totalAmount": FLOAT, "currency": "text", "status": "text", "orderDate": TIME,
    "deliveryDate": TIME + "?", "metadata": "jsonb?", "createdAt": TIME, "updatedAt": TIME,
})  # fmt: skip

COMMERCE_INVENTORY = SourceTable("commerce_inventory", {
    "id": "text", "productId": "text", "quantityOnHand": "integer", "quantityReserved": "integer",
    "reorderLevel": "integer", "reorderQuantity": "integer", "location": "text?", "createdAt": TIME,
    "updatedAt": TIME,
}, indexes=(("productId",),))  # fmt: skip

COMMERCE_SUPPLIERS = SourceTable("commerce_suppliers", {
    "id": "text", "productId": "text", "name": "text", "contactPerson": "text?", "email": "text?",
    "phone": "text?", "address": "jsonb?", "leadTime": "integer?", "minimumOrder": "integer?", "status": "text",
    "createdAt": TIME, "updatedAt": TIME,
})  # fmt: skip

COMMERCE_SHIPMENTS = SourceTable("commerce_shipments", {
    "id": "text", "orderId": "text", "trackingNumber": "text", "carrier": "text", "method": "text",
    "origin": "jsonb?", "destination": "jsonb?", "status": "text", "shippedDate": TIME + "?",
    "deliveredDate": TIME + "?", "metadata": "jsonb?", "createdAt": TIME, "updatedAt": TIME,
})  # fmt: skip

ECOMMERCE_PRODUCTS = SourceTable("ecommerce_products", {
    "id": "text", "sellerId": "text", "name": "text", "description": "text", "brand": "text?", "category": "text",
    "subcategory": "text?", "price": FLOAT, "salePrice": FLOAT + "?", "currency": "text", "images": "text[]?",
    "specifications": "jsonb?", "rating": FLOAT + "?", "reviewCount": "integer", "status": "text",
    "createdAt": TIME, "updatedAt": TIME,
})  # fmt: skip

ECOMMERCE_ORDERS = SourceTable("ecommerce_orders", {
    "id": "text", "productId": "text", "customerId": "text", "orderNumber": "text", "quantity": "integer",
    "itemPrice": FLOAT, "totalAmount": FLOAT, "tax": FLOAT, "shipping": FLOAT, "currency": "text",
    "status": "text", "shippingAddress": "jsonb", "billingAddress": "jsonb?", "orderDate": TIME,
    "paidDate": TIME + "?", "deliveredDate": TIME + "?", "metadata": "jsonb?", "createdAt": TIME,
    "updatedAt": TIME,
})  # fmt: skip

ECOMMERCE_INVENTORY = SourceTable("ecommerce_inventory", {
    "id": "text", "productId": "text", "quantity": "integer", "reserved": "integer", "available": "integer",
    "lowStockThreshold": "integer", "warehouseLocation": "text?", "createdAt": TIME, "updatedAt": TIME,
}, indexes=(("productId",),))  # fmt: skip

ECOMMERCE_SUPPLIERS = SourceTable("ecommerce_suppliers", {
    "id": "text", "name": "text", "companyName": "text", "email": "text", "phone": "text?", "address": "jsonb?",
    "productsSupplied": "integer", "rating": FLOAT + "?", "status": "text", "createdAt": TIME, "updatedAt": TIME,
})  # fmt: skip

ECOMMERCE_SHIPMENTS = SourceTable("ecommerce_shipments", {
    "id": "text", "orderId": "text", "trackingNumber": "text", "carrier": "text", "shippingMethod": "text",
    "estimatedDelivery": TIME, "actualDelivery": TIME + "?", "status": "text", "trackingEvents": "jsonb[]?",
    "createdAt": TIME, "updatedAt": TIME,
})  # fmt: skip

INSURE = LegacyDatabase(
    "tec_insure", variable="INSURE", service="insure", discards=(PRISMA,),
    maps=(
        TableMap(INSURE_POLICIES, "insure.policies"),
        TableMap(INSURE_CLAIMS, "insure.claims"),
        TableMap(INSURE_COVERAGES, "insure.coverages"),
        TableMap(INSURE_PREMIUMS, "insure.premiums"),
        TableMap(INSURE_BENEFICIARIES, "insure.beneficiaries"),
    ),
)  # fmt: skip

COMMERCE = LegacyDatabase(
    "tec_commerce", variable="COMMERCE", service="commerce", discards=(PRISMA,),
    maps=(
        TableMap(COMMERCE_PRODUCTS, "commerce.products"),
        TableMap(COMMERCE_ORDERS, "commerce.orders"),
        TableMap(COMMERCE_INVENTORY, "commerce.inventory"),
        TableMap(COMMERCE_SUPPLIERS, "commerce.suppliers"),
        TableMap(COMMERCE_SHIPMENTS, "commerce.shipments"),
    ),
)  # fmt: skip

ECOMMERCE = LegacyDatabase(
    "tec_ecommerce", variable="ECOMMERCE", service="ecommerce", discards=(PRISMA,),
    maps=(
        TableMap(ECOMMERCE_PRODUCTS, "ecommerce.products"),
        TableMap(ECOMMERCE_ORDERS, "ecommerce.orders"),
        TableMap(ECOMMERCE_INVENTORY, "ecommerce.inventory"),
        TableMap(ECOMMERCE_SUPPLIERS, "ecommerce.suppliers"),
        TableMap(ECOMMERCE_SHIPMENTS, "ecommerce.shipments"),
    ),
)  # fmt: skip
