"""The domains of real estate: their tables as they are, and where each goes."""

from payrollx_db.catalogs.tec.legacy.common import FLOAT, PRISMA, TIME
from payrollx_db.model.layout import LegacyDatabase, SourceTable, TableMap

ESTATE_PROPERTIES = SourceTable("estate_properties", {
    "id": "text", "ownerId": "text", "title": "text", "description": "text", "propertyType": "text",
    "address": "jsonb", "location": "jsonb", "price": FLOAT, "currency": "text", "specifications": "jsonb",
    "amenities": "text[]?", "images": "text[]?", "status": "text", "createdAt": TIME, "updatedAt": TIME,
})  # fmt: skip

ESTATE_LISTINGS = SourceTable("estate_listings", {
    "id": "text", "propertyId": "text", "listingType": "text", "price": FLOAT, "currency": "text",
    "listedDate": TIME, "expiryDate": TIME + "?", "status": "text", "views": "integer", "inquiries": "integer",
    "metadata": "jsonb?", "createdAt": TIME, "updatedAt": TIME,
})  # fmt: skip

ESTATE_VALUATIONS = SourceTable("estate_valuations", {
    "id": "text", "propertyId": "text", "valuationType": "text", "value": FLOAT, "currency": "text",
    "valuedBy": "text?", "methodology": "text?", "valuationDate": TIME, "notes": "text?", "metadata": "jsonb?",
})  # fmt: skip

ESTATE_OFFERS = SourceTable("estate_offers", {
    "id": "text", "propertyId": "text", "buyerId": "text", "offerAmount": FLOAT, "currency": "text",
    "terms": "jsonb?", "status": "text", "submittedAt": TIME, "respondedAt": TIME + "?", "metadata": "jsonb?",
})  # fmt: skip

ESTATE_CONTRACTS = SourceTable("estate_contracts", {
    "id": "text", "offerId": "text", "contractType": "text", "contractNumber": "text", "terms": "jsonb",
    "signedDate": TIME + "?", "effectiveDate": TIME + "?", "expiryDate": TIME + "?", "status": "text",
    "documentUrl": "text?", "createdAt": TIME, "updatedAt": TIME,
})  # fmt: skip

BROOKFIELD_PROPERTIES = SourceTable("brookfield_properties", {
    "id": "text", "ownerId": "text", "name": "text", "description": "text", "propertyClass": "text",
    "location": "jsonb", "price": FLOAT, "currency": "text", "specifications": "jsonb", "features": "text[]?",
    "images": "text[]?", "status": "text", "createdAt": TIME, "updatedAt": TIME,
})  # fmt: skip

BROOKFIELD_LISTINGS = SourceTable("brookfield_listings", {
    "id": "text", "propertyId": "text", "listingType": "text", "askingPrice": FLOAT, "currency": "text",
    "isExclusive": "boolean", "listedDate": TIME, "expiryDate": TIME + "?", "status": "text",
    "metadata": "jsonb?", "createdAt": TIME, "updatedAt": TIME,
})  # fmt: skip

BROOKFIELD_VALUATIONS = SourceTable("brookfield_valuations", {
    "id": "text", "propertyId": "text", "valuationType": "text", "estimatedValue": FLOAT, "currency": "text",
    "assessor": "text?", "report": "jsonb?", "valuationDate": TIME,
})  # fmt: skip

BROOKFIELD_OFFERS = SourceTable("brookfield_offers", {
    "id": "text", "propertyId": "text", "investorId": "text", "offerPrice": FLOAT, "currency": "text",
    "conditions": "jsonb?", "status": "text", "submittedAt": TIME, "reviewedAt": TIME + "?",
})  # fmt: skip

BROOKFIELD_CONTRACTS = SourceTable("brookfield_contracts", {
    "id": "text", "offerId": "text", "contractType": "text", "referenceNumber": "text", "terms": "jsonb",
    "executedDate": TIME + "?", "closingDate": TIME + "?", "status": "text", "documentUrl": "text?",
    "createdAt": TIME, "updatedAt": TIME,
})  # fmt: skip

ESTATE = LegacyDatabase(
    "tec_estate", variable="ESTATE", service="estate", discards=(PRISMA,),
    maps=(
        TableMap(ESTATE_PROPERTIES, "estate.properties"),
        TableMap(ESTATE_LISTINGS, "estate.listings"),
        TableMap(ESTATE_VALUATIONS, "estate.valuations"),
        TableMap(ESTATE_OFFERS, "estate.offers"),
        TableMap(ESTATE_CONTRACTS, "estate.contracts"),
    ),
)  # fmt: skip

BROOKFIELD = LegacyDatabase(
    "tec_brookfield", variable="BROOKFIELD", service="brookfield", discards=(PRISMA,),
    maps=(
        TableMap(BROOKFIELD_PROPERTIES, "brookfield.properties"),
        TableMap(BROOKFIELD_LISTINGS, "brookfield.listings"),
        TableMap(BROOKFIELD_VALUATIONS, "brookfield.valuations"),
        TableMap(BROOKFIELD_OFFERS, "brookfield.offers"),
        TableMap(BROOKFIELD_CONTRACTS, "brookfield.contracts"),
    ),
)  # fmt: skip
