"""The financial domains: their tables as they are, and where each goes."""

from payrollx_db.catalogs.tec.legacy.common import FLOAT, PRISMA, TIME
from payrollx_db.model.layout import LegacyDatabase, SourceTable, TableMap

LIFE_PORTFOLIOS = SourceTable("life_portfolios", {
    "id": "text", "userId": "text", "name": "text", "type": "text", "totalValue": FLOAT, "currency": "text",
    "status": "text", "createdAt": TIME, "updatedAt": TIME,
})  # fmt: skip

LIFE_INVESTMENTS = SourceTable("life_investments", {
    "id": "text", "portfolioId": "text", "name": "text", "type": "text", "amount": FLOAT, "currentValue": FLOAT,
    "purchasePrice": FLOAT, "purchaseDate": TIME, "metadata": "jsonb?", "createdAt": TIME, "updatedAt": TIME,
})  # fmt: skip

LIFE_TRANSACTIONS = SourceTable("life_transactions", {
    "id": "text", "investmentId": "text", "type": "text", "amount": FLOAT, "price": FLOAT,
    "quantity": FLOAT + "?", "currency": "text", "description": "text?", "metadata": "jsonb?", "executedAt": TIME,
    "createdAt": TIME,
})  # fmt: skip

LIFE_ACCOUNTS = SourceTable("life_accounts", {
    "id": "text", "userId": "text", "accountNumber": "text", "accountType": "text", "balance": FLOAT,
    "currency": "text", "status": "text", "createdAt": TIME, "updatedAt": TIME,
})  # fmt: skip

LIFE_STATEMENTS = SourceTable("life_statements", {
    "id": "text", "accountId": "text", "periodStart": TIME, "periodEnd": TIME, "openingBalance": FLOAT,
    "closingBalance": FLOAT, "documentUrl": "text?", "metadata": "jsonb?", "generatedAt": TIME,
})  # fmt: skip

ASSETS_PORTFOLIOS = SourceTable("assets_portfolios", {
    "id": "text", "userId": "text", "name": "text", "description": "text?", "totalValue": FLOAT,
    "currency": "text", "status": "text", "createdAt": TIME, "updatedAt": TIME,
})  # fmt: skip

ASSETS_INVESTMENTS = SourceTable("assets_investments", {
    "id": "text", "portfolioId": "text", "assetType": "text", "assetSymbol": "text", "assetName": "text",
    "quantity": FLOAT, "averageCost": FLOAT, "currentPrice": FLOAT, "totalValue": FLOAT, "metadata": "jsonb?",
    "createdAt": TIME, "updatedAt": TIME,
})  # fmt: skip

ASSETS_TRANSACTIONS = SourceTable("assets_transactions", {
    "id": "text", "investmentId": "text", "type": "text", "quantity": FLOAT, "price": FLOAT, "totalAmount": FLOAT,
    "fees": FLOAT, "currency": "text", "notes": "text?", "metadata": "jsonb?", "executedAt": TIME,
    "createdAt": TIME,
})  # fmt: skip

ASSETS_ACCOUNTS = SourceTable("assets_accounts", {
    "id": "text", "userId": "text", "accountName": "text", "accountType": "text", "provider": "text?",
    "balance": FLOAT, "currency": "text", "status": "text", "createdAt": TIME, "updatedAt": TIME,
})  # fmt: skip

ASSETS_STATEMENTS = SourceTable("assets_statements", {
    "id": "text", "accountId": "text", "periodStart": TIME, "periodEnd": TIME, "openingBalance": FLOAT,
    "closingBalance": FLOAT, "reportUrl": "text?", "metadata": "jsonb?", "generatedAt": TIME,
})  # fmt: skip

FUNDX_PORTFOLIOS = SourceTable("fundx_portfolios", {
    "id": "text", "userId": "text", "name": "text", "strategy": "text", "riskLevel": "text", "totalValue": FLOAT,
    "currency": "text", "status": "text", "createdAt": TIME, "updatedAt": TIME,
})  # fmt: skip

FUNDX_INVESTMENTS = SourceTable("fundx_investments", {
    "id": "text", "portfolioId": "text", "fundName": "text", "fundType": "text", "units": FLOAT,
    "navPrice": FLOAT, "totalValue": FLOAT, "performanceData": "jsonb?", "createdAt": TIME, "updatedAt": TIME,
})  # fmt: skip

FUNDX_TRANSACTIONS = SourceTable("fundx_transactions", {
    "id": "text", "investmentId": "text", "type": "text", "units": FLOAT, "navPrice": FLOAT, "amount": FLOAT,
    "fees": FLOAT, "currency": "text", "description": "text?", "metadata": "jsonb?", "executedAt": TIME,
    "createdAt": TIME,
})  # fmt: skip

FUNDX_ACCOUNTS = SourceTable("fundx_accounts", {
    "id": "text", "userId": "text", "accountNumber": "text", "accountType": "text", "balance": FLOAT,
    "currency": "text", "status": "text", "createdAt": TIME, "updatedAt": TIME,
})  # fmt: skip

FUNDX_STATEMENTS = SourceTable("fundx_statements", {
    "id": "text", "accountId": "text", "periodStart": TIME, "periodEnd": TIME, "openingBalance": FLOAT,
    "closingBalance": FLOAT, "totalGains": FLOAT + "?", "totalLosses": FLOAT + "?", "documentUrl": "text?",
    "metadata": "jsonb?", "generatedAt": TIME,
})  # fmt: skip

NBF_PORTFOLIOS = SourceTable("nbf_portfolios", {
    "id": "text", "userId": "text", "portfolioName": "text", "portfolioType": "text", "totalValue": FLOAT,
    "currency": "text", "status": "text", "createdAt": TIME, "updatedAt": TIME,
})  # fmt: skip

NBF_INVESTMENTS = SourceTable("nbf_investments", {
    "id": "text", "portfolioId": "text", "productName": "text", "productType": "text", "amount": FLOAT,
    "interestRate": FLOAT + "?", "maturityDate": TIME + "?", "terms": "jsonb?", "createdAt": TIME,
    "updatedAt": TIME,
})  # fmt: skip

NBF_TRANSACTIONS = SourceTable("nbf_transactions", {
    "id": "text", "investmentId": "text", "type": "text", "amount": FLOAT, "balance": FLOAT, "currency": "text",
    "reference": "text?", "description": "text?", "metadata": "jsonb?", "executedAt": TIME, "createdAt": TIME,
})  # fmt: skip

NBF_ACCOUNTS = SourceTable("nbf_accounts", {
    "id": "text", "userId": "text", "accountNumber": "text", "accountType": "text", "balance": FLOAT,
    "currency": "text", "status": "text", "createdAt": TIME, "updatedAt": TIME,
})  # fmt: skip

NBF_STATEMENTS = SourceTable("nbf_statements", {
    "id": "text", "accountId": "text", "periodStart": TIME, "periodEnd": TIME, "openingBalance": FLOAT,
    "closingBalance": FLOAT, "statementUrl": "text?", "metadata": "jsonb?", "generatedAt": TIME,
})  # fmt: skip

LIFE = LegacyDatabase(
    "tec_life", variable="LIFE", service="life", discards=(PRISMA,),
    maps=(
        TableMap(LIFE_PORTFOLIOS, "life.portfolios"),
        TableMap(LIFE_INVESTMENTS, "life.investments"),
        TableMap(LIFE_TRANSACTIONS, "life.transactions"),
        TableMap(LIFE_ACCOUNTS, "life.accounts"),
        TableMap(LIFE_STATEMENTS, "life.statements"),
    ),
)  # fmt: skip

ASSETS = LegacyDatabase(
    "tec_assets", variable="ASSETS", service="assets", discards=(PRISMA,),
    maps=(
        TableMap(ASSETS_PORTFOLIOS, "assets.portfolios"),
        TableMap(ASSETS_INVESTMENTS, "assets.investments"),
        TableMap(ASSETS_TRANSACTIONS, "assets.transactions"),
        TableMap(ASSETS_ACCOUNTS, "assets.accounts"),
        TableMap(ASSETS_STATEMENTS, "assets.statements"),
    ),
)  # fmt: skip

FUNDX = LegacyDatabase(
    "tec_fundx", variable="FUNDX", service="fundx", discards=(PRISMA,),
    maps=(
        TableMap(FUNDX_PORTFOLIOS, "fundx.portfolios"),
        TableMap(FUNDX_INVESTMENTS, "fundx.investments"),
        TableMap(FUNDX_TRANSACTIONS, "fundx.transactions"),
        TableMap(FUNDX_ACCOUNTS, "fundx.accounts"),
        TableMap(FUNDX_STATEMENTS, "fundx.statements"),
    ),
)  # fmt: skip

NBF = LegacyDatabase(
    "tec_nbf", variable="NBF", service="nbf", discards=(PRISMA,),
    maps=(
        TableMap(NBF_PORTFOLIOS, "nbf.portfolios"),
        TableMap(NBF_INVESTMENTS, "nbf.investments"),
        TableMap(NBF_TRANSACTIONS, "nbf.transactions"),
        TableMap(NBF_ACCOUNTS, "nbf.accounts"),
        TableMap(NBF_STATEMENTS, "nbf.statements"),
    ),
)  # fmt: skip
