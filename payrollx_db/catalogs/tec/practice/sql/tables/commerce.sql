CREATE TABLE public."commerce_products" (
    "id" TEXT NOT NULL,
    "sellerId" TEXT NOT NULL,
    "sku" TEXT NOT NULL,
    "name" TEXT NOT NULL,
    "description" TEXT NOT NULL,
    "category" TEXT NOT NULL,
    "price" DOUBLE PRECISION NOT NULL,
    "currency" TEXT NOT NULL DEFAULT 'PI',
    "specifications" JSONB,
    "images" TEXT[],
    "status" TEXT NOT NULL DEFAULT 'ACTIVE',
    "createdAt" TIMESTAMP(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "updatedAt" TIMESTAMP(3) NOT NULL,
    CONSTRAINT "commerce_products_pkey" PRIMARY KEY ("id")
);
CREATE UNIQUE INDEX "commerce_products_sku_key" ON public."commerce_products"("sku");
CREATE INDEX "commerce_products_sellerId_idx" ON public."commerce_products"("sellerId");
CREATE INDEX "commerce_products_category_idx" ON public."commerce_products"("category");
CREATE INDEX "commerce_products_status_idx" ON public."commerce_products"("status");

CREATE TABLE public."commerce_orders" (
    "id" TEXT NOT NULL,
    "productId" TEXT NOT NULL,
    "buyerId" TEXT NOT NULL,
    "orderNumber" TEXT NOT NULL,
    "quantity" INTEGER NOT NULL,
    "unitPrice" DOUBLE PRECISION NOT NULL,
    "totalAmount" DOUBLE PRECISION NOT NULL,
    "currency" TEXT NOT NULL DEFAULT 'PI',
    "status" TEXT NOT NULL DEFAULT 'PENDING',
    "orderDate" TIMESTAMP(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "deliveryDate" TIMESTAMP(3),
    "metadata" JSONB,
    "createdAt" TIMESTAMP(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "updatedAt" TIMESTAMP(3) NOT NULL,
    CONSTRAINT "commerce_orders_pkey" PRIMARY KEY ("id")
);
CREATE UNIQUE INDEX "commerce_orders_orderNumber_key" ON public."commerce_orders"("orderNumber");
CREATE INDEX "commerce_orders_productId_idx" ON public."commerce_orders"("productId");
CREATE INDEX "commerce_orders_buyerId_idx" ON public."commerce_orders"("buyerId");
CREATE INDEX "commerce_orders_status_idx" ON public."commerce_orders"("status");

CREATE TABLE public."commerce_inventory" (
    "id" TEXT NOT NULL,
    "productId" TEXT NOT NULL,
    "quantityOnHand" INTEGER NOT NULL DEFAULT 0,
    "quantityReserved" INTEGER NOT NULL DEFAULT 0,
    "reorderLevel" INTEGER NOT NULL DEFAULT 0,
    "reorderQuantity" INTEGER NOT NULL DEFAULT 0,
    "location" TEXT,
    "createdAt" TIMESTAMP(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "updatedAt" TIMESTAMP(3) NOT NULL,
    CONSTRAINT "commerce_inventory_pkey" PRIMARY KEY ("id")
);
CREATE UNIQUE INDEX "commerce_inventory_productId_key" ON public."commerce_inventory"("productId");
CREATE INDEX "commerce_inventory_productId_idx" ON public."commerce_inventory"("productId");

CREATE TABLE public."commerce_suppliers" (
    "id" TEXT NOT NULL,
    "productId" TEXT NOT NULL,
    "name" TEXT NOT NULL,
    "contactPerson" TEXT,
    "email" TEXT,
    "phone" TEXT,
    "address" JSONB,
    "leadTime" INTEGER,
    "minimumOrder" INTEGER,
    "status" TEXT NOT NULL DEFAULT 'ACTIVE',
    "createdAt" TIMESTAMP(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "updatedAt" TIMESTAMP(3) NOT NULL,
    CONSTRAINT "commerce_suppliers_pkey" PRIMARY KEY ("id")
);
CREATE INDEX "commerce_suppliers_productId_idx" ON public."commerce_suppliers"("productId");

CREATE TABLE public."commerce_shipments" (
    "id" TEXT NOT NULL,
    "orderId" TEXT NOT NULL,
    "trackingNumber" TEXT NOT NULL,
    "carrier" TEXT NOT NULL,
    "method" TEXT NOT NULL,
    "origin" JSONB,
    "destination" JSONB,
    "status" TEXT NOT NULL DEFAULT 'PENDING',
    "shippedDate" TIMESTAMP(3),
    "deliveredDate" TIMESTAMP(3),
    "metadata" JSONB,
    "createdAt" TIMESTAMP(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "updatedAt" TIMESTAMP(3) NOT NULL,
    CONSTRAINT "commerce_shipments_pkey" PRIMARY KEY ("id")
);
CREATE UNIQUE INDEX "commerce_shipments_trackingNumber_key" ON public."commerce_shipments"("trackingNumber");
CREATE INDEX "commerce_shipments_orderId_idx" ON public."commerce_shipments"("orderId");
CREATE INDEX "commerce_shipments_status_idx" ON public."commerce_shipments"("status");

ALTER TABLE public."commerce_orders" ADD CONSTRAINT "commerce_orders_productId_fkey"
    FOREIGN KEY ("productId") REFERENCES public."commerce_products"("id") ON DELETE RESTRICT ON UPDATE CASCADE;
ALTER TABLE public."commerce_inventory" ADD CONSTRAINT "commerce_inventory_productId_fkey"
    FOREIGN KEY ("productId") REFERENCES public."commerce_products"("id") ON DELETE CASCADE ON UPDATE CASCADE;
ALTER TABLE public."commerce_suppliers" ADD CONSTRAINT "commerce_suppliers_productId_fkey"
    FOREIGN KEY ("productId") REFERENCES public."commerce_products"("id") ON DELETE CASCADE ON UPDATE CASCADE;
ALTER TABLE public."commerce_shipments" ADD CONSTRAINT "commerce_shipments_orderId_fkey"
    FOREIGN KEY ("orderId") REFERENCES public."commerce_orders"("id") ON DELETE CASCADE ON UPDATE CASCADE;
