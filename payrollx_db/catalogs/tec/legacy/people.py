"""Networks and travel: their tables as they are, and where each goes."""

from payrollx_db.catalogs.tec.legacy.common import FLOAT, PRISMA, TIME
from payrollx_db.model.layout import LegacyDatabase, SourceTable, TableMap

CONNECTION_NETWORKS = SourceTable("connection_networks", {
    "id": "text", "userId": "text", "displayName": "text", "bio": "text?", "industry": "text?",
    "location": "jsonb?", "connections": "integer", "followers": "integer", "following": "integer",
    "metadata": "jsonb?", "createdAt": TIME, "updatedAt": TIME,
}, indexes=(("userId",), ("industry",)))  # fmt: skip

CONNECTION_CONTACTS = SourceTable("connection_contacts", {
    "id": "text", "networkId": "text", "contactUserId": "text?", "name": "text", "email": "text?",
    "phone": "text?", "company": "text?", "position": "text?", "tags": "text[]?", "notes": "text?",
    "status": "text", "createdAt": TIME, "updatedAt": TIME,
})  # fmt: skip

CONNECTION_RELATIONSHIPS = SourceTable("connection_relationships", {
    "id": "text", "networkId": "text", "connectedUserId": "text", "relationshipType": "text",
    "strength": "integer", "connectedAt": TIME, "lastInteraction": TIME + "?", "metadata": "jsonb?",
})  # fmt: skip

CONNECTION_EVENTS = SourceTable("connection_events", {
    "id": "text", "networkId": "text", "title": "text", "description": "text", "eventType": "text",
    "startDate": TIME, "endDate": TIME, "location": "jsonb?", "attendees": "integer", "capacity": "integer?",
    "status": "text", "metadata": "jsonb?", "createdAt": TIME, "updatedAt": TIME,
})  # fmt: skip

CONNECTION_OPPORTUNITIES = SourceTable("connection_opportunities", {
    "id": "text", "networkId": "text", "title": "text", "description": "text", "opportunityType": "text",
    "value": FLOAT + "?", "currency": "text?", "deadline": TIME + "?", "status": "text", "metadata": "jsonb?",
    "createdAt": TIME, "updatedAt": TIME,
})  # fmt: skip

ELITE_NETWORKS = SourceTable("elite_networks", {
    "id": "text", "userId": "text", "memberLevel": "text", "displayName": "text", "title": "text?",
    "bio": "text?", "netWorth": FLOAT + "?", "industry": "text?", "connections": "integer", "verified": "boolean",
    "metadata": "jsonb?", "createdAt": TIME, "updatedAt": TIME,
}, indexes=(("userId",), ("memberLevel",)))  # fmt: skip

ELITE_CONTACTS = SourceTable("elite_contacts", {
    "id": "text", "networkId": "text", "contactUserId": "text?", "name": "text", "title": "text?",
    "company": "text?", "contactInfo": "jsonb?", "influence": "integer", "isVerified": "boolean",
    "createdAt": TIME, "updatedAt": TIME,
})  # fmt: skip

ELITE_RELATIONSHIPS = SourceTable("elite_relationships", {
    "id": "text", "networkId": "text", "connectedUserId": "text", "relationshipType": "text",
    "value": FLOAT + "?", "establishedAt": TIME, "lastContact": TIME + "?", "metadata": "jsonb?",
})  # fmt: skip

ELITE_EVENTS = SourceTable("elite_events", {
    "id": "text", "networkId": "text", "title": "text", "description": "text", "category": "text",
    "startDate": TIME, "endDate": TIME, "venue": "jsonb?", "isInviteOnly": "boolean", "maxAttendees": "integer?",
    "status": "text", "metadata": "jsonb?", "createdAt": TIME, "updatedAt": TIME,
})  # fmt: skip

ELITE_OPPORTUNITIES = SourceTable("elite_opportunities", {
    "id": "text", "networkId": "text", "title": "text", "description": "text", "category": "text",
    "minimumInvestment": FLOAT + "?", "expectedReturn": FLOAT + "?", "currency": "text", "deadline": TIME + "?",
    "isConfidential": "boolean", "status": "text", "metadata": "jsonb?", "createdAt": TIME, "updatedAt": TIME,
})  # fmt: skip

EXPLORER_DESTINATIONS = SourceTable("explorer_destinations", {
    "id": "text", "name": "text", "country": "text", "city": "text?", "region": "text?", "description": "text",
    "highlights": "text[]?", "images": "text[]?", "location": "jsonb", "category": "text", "rating": FLOAT + "?",
    "reviewCount": "integer", "status": "text", "metadata": "jsonb?", "createdAt": TIME, "updatedAt": TIME,
})  # fmt: skip

EXPLORER_BOOKINGS = SourceTable("explorer_bookings", {
    "id": "text", "userId": "text", "destinationId": "text", "bookingNumber": "text", "bookingType": "text",
    "checkInDate": TIME, "checkOutDate": TIME, "guests": "integer", "totalPrice": FLOAT, "currency": "text",
    "status": "text", "metadata": "jsonb?", "bookedAt": TIME, "confirmedAt": TIME + "?",
})  # fmt: skip

EXPLORER_ITINERARIES = SourceTable("explorer_itineraries", {
    "id": "text", "bookingId": "text", "day": "integer", "title": "text", "description": "text",
    "activities": "jsonb[]?", "startTime": TIME, "endTime": TIME, "location": "jsonb?", "createdAt": TIME,
    "updatedAt": TIME,
})  # fmt: skip

EXPLORER_EXPERIENCES = SourceTable("explorer_experiences", {
    "id": "text", "destinationId": "text", "title": "text", "description": "text", "type": "text",
    "duration": "integer?", "price": FLOAT, "currency": "text", "maxParticipants": "integer?",
    "images": "text[]?", "rating": FLOAT + "?", "reviewCount": "integer", "availability": "jsonb?",
    "status": "text", "createdAt": TIME, "updatedAt": TIME,
})  # fmt: skip

EXPLORER_TRAVELS = SourceTable("explorer_travels", {
    "id": "text", "userId": "text", "experienceId": "text", "travelDate": TIME, "participants": "integer",
    "totalPaid": FLOAT, "currency": "text", "status": "text", "review": "jsonb?", "rating": FLOAT + "?",
    "completedAt": TIME + "?", "metadata": "jsonb?", "createdAt": TIME, "updatedAt": TIME,
})  # fmt: skip

CONNECTION = LegacyDatabase(
    "tec_connection", variable="CONNECTION", service="connection", discards=(PRISMA,),
    maps=(
        TableMap(CONNECTION_NETWORKS, "connection.networks"),
        TableMap(CONNECTION_CONTACTS, "connection.contacts"),
        TableMap(CONNECTION_RELATIONSHIPS, "connection.relationships"),
        TableMap(CONNECTION_EVENTS, "connection.events"),
        TableMap(CONNECTION_OPPORTUNITIES, "connection.opportunities"),
    ),
)  # fmt: skip

ELITE = LegacyDatabase(
    "tec_elite", variable="ELITE", service="elite", discards=(PRISMA,),
    maps=(
        TableMap(ELITE_NETWORKS, "elite.networks"),
        TableMap(ELITE_CONTACTS, "elite.contacts"),
        TableMap(ELITE_RELATIONSHIPS, "elite.relationships"),
        TableMap(ELITE_EVENTS, "elite.events"),
        TableMap(ELITE_OPPORTUNITIES, "elite.opportunities"),
    ),
)  # fmt: skip

EXPLORER = LegacyDatabase(
    "tec_explorer", variable="EXPLORER", service="explorer", discards=(PRISMA,),
    maps=(
        TableMap(EXPLORER_DESTINATIONS, "explorer.destinations"),
        TableMap(EXPLORER_BOOKINGS, "explorer.bookings"),
        TableMap(EXPLORER_ITINERARIES, "explorer.itineraries"),
        TableMap(EXPLORER_EXPERIENCES, "explorer.experiences"),
        TableMap(EXPLORER_TRAVELS, "explorer.travels"),
    ),
)  # fmt: skip
