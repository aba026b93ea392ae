CREATE TABLE public."users" (
    "id" TEXT NOT NULL,
    "piId" TEXT NOT NULL,
    "username" TEXT NOT NULL,
    "email" TEXT,
    "walletAddress" TEXT,
    "tier" TEXT NOT NULL DEFAULT 'STANDARD',
    "status" TEXT NOT NULL DEFAULT 'ACTIVE',
    "language" TEXT NOT NULL DEFAULT 'en',
    "createdAt" TIMESTAMP(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "updatedAt" TIMESTAMP(3) NOT NULL,
    "lastLoginAt" TIMESTAMP(3),
    CONSTRAINT "users_pkey" PRIMARY KEY ("id")
);
CREATE UNIQUE INDEX "users_piId_key" ON public."users"("piId");
CREATE UNIQUE INDEX "users_email_key" ON public."users"("email");
CREATE UNIQUE INDEX "users_walletAddress_key" ON public."users"("walletAddress");
CREATE INDEX "users_piId_idx" ON public."users"("piId");
CREATE INDEX "users_tier_idx" ON public."users"("tier");

CREATE TABLE public."payments" (
    "id" TEXT NOT NULL,
    "userId" TEXT NOT NULL,
    "amount" DOUBLE PRECISION NOT NULL,
    "currency" TEXT NOT NULL DEFAULT 'PI',
    "piTxId" TEXT,
    "status" TEXT NOT NULL DEFAULT 'PENDING',
    "domain" TEXT NOT NULL,
    "category" TEXT NOT NULL,
    "description" TEXT,
    "metadata" JSONB,
    "createdAt" TIMESTAMP(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "completedAt" TIMESTAMP(3),
    CONSTRAINT "payments_pkey" PRIMARY KEY ("id")
);
CREATE UNIQUE INDEX "payments_piTxId_key" ON public."payments"("piTxId");
CREATE INDEX "payments_userId_idx" ON public."payments"("userId");
CREATE INDEX "payments_status_idx" ON public."payments"("status");

CREATE TABLE public."nfts" (
    "id" TEXT NOT NULL,
    "tokenId" TEXT NOT NULL,
    "userId" TEXT NOT NULL,
    "domainName" TEXT NOT NULL,
    "certificateType" TEXT NOT NULL DEFAULT 'ownership',
    "metadata" JSONB NOT NULL,
    "imageUrl" TEXT,
    "mintedAt" TIMESTAMP(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "txHash" TEXT,
    "status" TEXT NOT NULL DEFAULT 'MINTING',
    CONSTRAINT "nfts_pkey" PRIMARY KEY ("id")
);
CREATE UNIQUE INDEX "nfts_tokenId_key" ON public."nfts"("tokenId");
CREATE INDEX "nfts_userId_idx" ON public."nfts"("userId");
CREATE INDEX "nfts_domainName_idx" ON public."nfts"("domainName");

CREATE TABLE public."products" (
    "id" TEXT NOT NULL,
    "domain" TEXT NOT NULL,
    "title" TEXT NOT NULL,
    "description" TEXT NOT NULL,
    "price" DOUBLE PRECISION NOT NULL,
    "currency" TEXT NOT NULL DEFAULT 'PI',
    "images" TEXT[],
    "category" TEXT NOT NULL,
    "subcategory" TEXT,
    "specifications" JSONB,
    "location" JSONB,
    "stock" INTEGER NOT NULL DEFAULT 1,
    "status" TEXT NOT NULL DEFAULT 'ACTIVE',
    "sellerId" TEXT NOT NULL,
    "createdAt" TIMESTAMP(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "updatedAt" TIMESTAMP(3) NOT NULL,
    CONSTRAINT "products_pkey" PRIMARY KEY ("id")
);
CREATE INDEX "products_domain_idx" ON public."products"("domain");
CREATE INDEX "products_category_idx" ON public."products"("category");
CREATE INDEX "products_status_idx" ON public."products"("status");
CREATE INDEX "products_sellerId_idx" ON public."products"("sellerId");

CREATE TABLE public."carts" (
    "id" TEXT NOT NULL,
    "userId" TEXT NOT NULL,
    "createdAt" TIMESTAMP(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "updatedAt" TIMESTAMP(3) NOT NULL,
    CONSTRAINT "carts_pkey" PRIMARY KEY ("id")
);
CREATE UNIQUE INDEX "carts_userId_key" ON public."carts"("userId");

CREATE TABLE public."cart_items" (
    "id" TEXT NOT NULL,
    "cartId" TEXT NOT NULL,
    "productId" TEXT NOT NULL,
    "quantity" INTEGER NOT NULL DEFAULT 1,
    "createdAt" TIMESTAMP(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    CONSTRAINT "cart_items_pkey" PRIMARY KEY ("id")
);
CREATE UNIQUE INDEX "cart_items_cartId_productId_key" ON public."cart_items"("cartId", "productId");

CREATE TABLE public."orders" (
    "id" TEXT NOT NULL,
    "userId" TEXT NOT NULL,
    "orderNumber" TEXT NOT NULL,
    "total" DOUBLE PRECISION NOT NULL,
    "currency" TEXT NOT NULL DEFAULT 'PI',
    "piPaymentId" TEXT,
    "piTxId" TEXT,
    "status" TEXT NOT NULL DEFAULT 'PENDING',
    "shippingInfo" JSONB,
    "createdAt" TIMESTAMP(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "updatedAt" TIMESTAMP(3) NOT NULL,
    "paidAt" TIMESTAMP(3),
    CONSTRAINT "orders_pkey" PRIMARY KEY ("id")
);
CREATE UNIQUE INDEX "orders_orderNumber_key" ON public."orders"("orderNumber");
CREATE INDEX "orders_userId_idx" ON public."orders"("userId");
CREATE INDEX "orders_orderNumber_idx" ON public."orders"("orderNumber");
CREATE INDEX "orders_status_idx" ON public."orders"("status");

CREATE TABLE public."order_items" (
    "id" TEXT NOT NULL,
    "orderId" TEXT NOT NULL,
    "productId" TEXT NOT NULL,
    "quantity" INTEGER NOT NULL,
    "price" DOUBLE PRECISION NOT NULL,
    CONSTRAINT "order_items_pkey" PRIMARY KEY ("id")
);

CREATE TABLE public."business_units" (
    "id" TEXT NOT NULL,
    "key" TEXT NOT NULL,
    "name" TEXT NOT NULL,
    "displayName" TEXT NOT NULL,
    "icon" TEXT NOT NULL,
    "tagline" TEXT NOT NULL,
    "description" TEXT NOT NULL,
    "color" TEXT NOT NULL,
    "status" TEXT NOT NULL DEFAULT 'ACTIVE',
    "views" INTEGER NOT NULL DEFAULT 0,
    "visits" INTEGER NOT NULL DEFAULT 0,
    "createdAt" TIMESTAMP(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "updatedAt" TIMESTAMP(3) NOT NULL,
    CONSTRAINT "business_units_pkey" PRIMARY KEY ("id")
);
CREATE UNIQUE INDEX "business_units_key_key" ON public."business_units"("key");
CREATE INDEX "business_units_key_idx" ON public."business_units"("key");
CREATE INDEX "business_units_status_idx" ON public."business_units"("status");

CREATE TABLE public."business_unit_pages" (
    "id" TEXT NOT NULL,
    "businessUnitId" TEXT NOT NULL,
    "path" TEXT NOT NULL,
    "title" TEXT NOT NULL,
    "description" TEXT NOT NULL,
    "views" INTEGER NOT NULL DEFAULT 0,
    "createdAt" TIMESTAMP(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "updatedAt" TIMESTAMP(3) NOT NULL,
    CONSTRAINT "business_unit_pages_pkey" PRIMARY KEY ("id")
);
CREATE UNIQUE INDEX "business_unit_pages_businessUnitId_path_key" ON public."business_unit_pages"("businessUnitId", "path");
CREATE INDEX "business_unit_pages_businessUnitId_idx" ON public."business_unit_pages"("businessUnitId");

CREATE TABLE public."business_unit_features" (
    "id" TEXT NOT NULL,
    "businessUnitId" TEXT NOT NULL,
    "icon" TEXT NOT NULL,
    "title" TEXT NOT NULL,
    "description" TEXT NOT NULL,
    "order" INTEGER NOT NULL DEFAULT 0,
    CONSTRAINT "business_unit_features_pkey" PRIMARY KEY ("id")
);
CREATE INDEX "business_unit_features_businessUnitId_idx" ON public."business_unit_features"("businessUnitId");

CREATE TABLE public."user_activities" (
    "id" TEXT NOT NULL,
    "userId" TEXT NOT NULL,
    "businessUnit" TEXT NOT NULL,
    "page" TEXT NOT NULL,
    "action" TEXT NOT NULL,
    "metadata" JSONB,
    "createdAt" TIMESTAMP(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    CONSTRAINT "user_activities_pkey" PRIMARY KEY ("id")
);
CREATE INDEX "user_activities_userId_idx" ON public."user_activities"("userId");
CREATE INDEX "user_activities_businessUnit_idx" ON public."user_activities"("businessUnit");
CREATE INDEX "user_activities_createdAt_idx" ON public."user_activities"("createdAt");

CREATE TABLE public."subscriptions" (
    "id" TEXT NOT NULL,
    "userId" TEXT NOT NULL,
    "businessUnit" TEXT NOT NULL,
    "plan" TEXT NOT NULL,
    "status" TEXT NOT NULL DEFAULT 'ACTIVE',
    "startDate" TIMESTAMP(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "endDate" TIMESTAMP(3),
    "amount" DOUBLE PRECISION,
    "currency" TEXT NOT NULL DEFAULT 'PI',
    "piTxId" TEXT,
    "createdAt" TIMESTAMP(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "updatedAt" TIMESTAMP(3) NOT NULL,
    CONSTRAINT "subscriptions_pkey" PRIMARY KEY ("id")
);
CREATE INDEX "subscriptions_userId_idx" ON public."subscriptions"("userId");
CREATE INDEX "subscriptions_businessUnit_idx" ON public."subscriptions"("businessUnit");
CREATE INDEX "subscriptions_status_idx" ON public."subscriptions"("status");

CREATE TABLE public."audit_logs" (
    "id" TEXT NOT NULL,
    "userId" TEXT,
    "operationType" TEXT NOT NULL,
    "operationData" JSONB NOT NULL,
    "approved" BOOLEAN NOT NULL,
    "rejectionReason" TEXT,
    "hash" TEXT NOT NULL,
    "identityVerified" BOOLEAN NOT NULL,
    "identityReason" TEXT,
    "operationValid" BOOLEAN NOT NULL,
    "validationErrors" TEXT[],
    "riskLevel" TEXT NOT NULL,
    "suspicious" BOOLEAN NOT NULL,
    "suspicionIndicators" TEXT[],
    "threatLevel" TEXT,
    "requestIp" TEXT,
    "requestUserAgent" TEXT,
    "requestOrigin" TEXT,
    "domain" TEXT,
    "context" JSONB,
    "createdAt" TIMESTAMP(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    CONSTRAINT "audit_logs_pkey" PRIMARY KEY ("id")
);
CREATE UNIQUE INDEX "audit_logs_hash_key" ON public."audit_logs"("hash");
CREATE INDEX "audit_logs_userId_idx" ON public."audit_logs"("userId");
CREATE INDEX "audit_logs_operationType_idx" ON public."audit_logs"("operationType");
CREATE INDEX "audit_logs_approved_idx" ON public."audit_logs"("approved");
CREATE INDEX "audit_logs_domain_idx" ON public."audit_logs"("domain");
CREATE INDEX "audit_logs_createdAt_idx" ON public."audit_logs"("createdAt");

CREATE TABLE public."system_control" (
    "id" TEXT NOT NULL,
    "integrityLevel" TEXT NOT NULL DEFAULT 'NORMAL',
    "circuitBreakerActive" BOOLEAN NOT NULL DEFAULT false,
    "manualOverride" BOOLEAN NOT NULL DEFAULT false,
    "lockReason" TEXT,
    "lockedBy" TEXT,
    "lockedAt" TIMESTAMP(3),
    "totalPendingTransfers" INTEGER NOT NULL DEFAULT 0,
    "totalFrozenValue" DOUBLE PRECISION NOT NULL DEFAULT 0,
    "anomalyCount" INTEGER NOT NULL DEFAULT 0,
    "lastAnomalyDetected" TIMESTAMP(3),
    "updatedAt" TIMESTAMP(3) NOT NULL,
    "createdAt" TIMESTAMP(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    CONSTRAINT "system_control_pkey" PRIMARY KEY ("id")
);

CREATE TABLE public."transfers" (
    "id" TEXT NOT NULL,
    "sourceUserId" TEXT NOT NULL,
    "targetUserId" TEXT NOT NULL,
    "sourceDomain" TEXT NOT NULL,
    "targetDomain" TEXT NOT NULL,
    "amount" DOUBLE PRECISION NOT NULL,
    "currency" TEXT NOT NULL DEFAULT 'PI',
    "status" TEXT NOT NULL DEFAULT 'PENDING',
    "sourceAuditId" TEXT,
    "targetAuditId" TEXT,
    "sourceApproved" BOOLEAN NOT NULL DEFAULT false,
    "targetApproved" BOOLEAN NOT NULL DEFAULT false,
    "riskLevel" TEXT,
    "suspicious" BOOLEAN NOT NULL DEFAULT false,
    "createdAt" TIMESTAMP(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "approvedAt" TIMESTAMP(3),
    "completedAt" TIMESTAMP(3),
    "frozenAt" TIMESTAMP(3),
    CONSTRAINT "transfers_pkey" PRIMARY KEY ("id")
);
CREATE INDEX "transfers_sourceUserId_idx" ON public."transfers"("sourceUserId");
CREATE INDEX "transfers_targetUserId_idx" ON public."transfers"("targetUserId");
CREATE INDEX "transfers_sourceDomain_idx" ON public."transfers"("sourceDomain");
CREATE INDEX "transfers_targetDomain_idx" ON public."transfers"("targetDomain");
CREATE INDEX "transfers_status_idx" ON public."transfers"("status");
CREATE INDEX "transfers_createdAt_idx" ON public."transfers"("createdAt");

ALTER TABLE public."payments" ADD CONSTRAINT "payments_userId_fkey"
    FOREIGN KEY ("userId") REFERENCES public."users"("id") ON DELETE RESTRICT ON UPDATE CASCADE;
ALTER TABLE public."nfts" ADD CONSTRAINT "nfts_userId_fkey"
    FOREIGN KEY ("userId") REFERENCES public."users"("id") ON DELETE RESTRICT ON UPDATE CASCADE;
ALTER TABLE public."cart_items" ADD CONSTRAINT "cart_items_cartId_fkey"
    FOREIGN KEY ("cartId") REFERENCES public."carts"("id") ON DELETE CASCADE ON UPDATE CASCADE;
ALTER TABLE public."cart_items" ADD CONSTRAINT "cart_items_productId_fkey"
    FOREIGN KEY ("productId") REFERENCES public."products"("id") ON DELETE RESTRICT ON UPDATE CASCADE;
ALTER TABLE public."order_items" ADD CONSTRAINT "order_items_orderId_fkey"
    FOREIGN KEY ("orderId") REFERENCES public."orders"("id") ON DELETE CASCADE ON UPDATE CASCADE;
ALTER TABLE public."order_items" ADD CONSTRAINT "order_items_productId_fkey"
    FOREIGN KEY ("productId") REFERENCES public."products"("id") ON DELETE RESTRICT ON UPDATE CASCADE;
ALTER TABLE public."business_unit_pages" ADD CONSTRAINT "business_unit_pages_businessUnitId_fkey"
    FOREIGN KEY ("businessUnitId") REFERENCES public."business_units"("id") ON DELETE CASCADE ON UPDATE CASCADE;
ALTER TABLE public."business_unit_features" ADD CONSTRAINT "business_unit_features_businessUnitId_fkey"
    FOREIGN KEY ("businessUnitId") REFERENCES public."business_units"("id") ON DELETE CASCADE ON UPDATE CASCADE;
