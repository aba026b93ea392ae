CREATE TABLE public."ecommerce_products" (
    "id" TEXT NOT NULL,
    "sellerId" TEXT NOT NULL,
    "name" TEXT NOT NULL,
    "description" TEXT NOT NULL,
    "brand" TEXT,
    "category" TEXT NOT NULL,
    "subcategory" TEXT,
    "price" DOUBLE PRECISION NOT NULL,
    "salePrice" DOUBLE PRECISION,
    "currency" TEXT NOT NULL DEFAULT 'PI',
    "images" TEXT[],
    "specifications" JSONB,
    "rating" DOUBLE PRECISION,
    "reviewCount" INTEGER NOT NULL DEFAULT 0,
    "status" TEXT NOT NULL DEFAULT 'ACTIVE',
    "createdAt" TIMESTAMP(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "updatedAt" TIMESTAMP(3) NOT NULL,
    CONSTRAINT "ecommerce_products_pkey" PRIMARY KEY ("id")
);
CREATE INDEX "ecommerce_products_sellerId_idx" ON public."ecommerce_products"("sellerId");
CREATE INDEX "ecommerce_products_category_idx" ON public."ecommerce_products"("category");
CREATE INDEX "ecommerce_products_status_idx" ON public."ecommerce_products"("status");

CREATE TABLE public."ecommerce_orders" (
    "id" TEXT NOT NULL,
    "productId" TEXT NOT NULL,
    "customerId" TEXT NOT NULL,
    "orderNumber" TEXT NOT NULL,
    "quantity" INTEGER NOT NULL,
    "itemPrice" DOUBLE PRECISION NOT NULL,
    "totalAmount" DOUBLE PRECISION NOT NULL,
    "tax" DOUBLE PRECISION NOT NULL DEFAULT 0,
    "shipping" DOUBLE PRECISION NOT NULL DEFAULT 0,
    "currency" TEXT NOT NULL DEFAULT 'PI',
    "status" TEXT NOT NULL DEFAULT 'PENDING',
    "shippingAddress" JSONB NOT NULL,
    "billingAddress" JSONB,
    "orderDate" TIMESTAMP(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "paidDate" TIMESTAMP(3),
    "deliveredDate" TIMESTAMP(3),
    "metadata" JSONB,
    "createdAt" TIMESTAMP(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "updatedAt" TIMESTAMP(3) NOT NULL,
    CONSTRAINT "ecommerce_orders_pkey" PRIMARY KEY ("id")
);
CREATE UNIQUE INDEX "ecommerce_orders_orderNumber_key" ON public."ecommerce_orders"("orderNumber");
CREATE INDEX "ecommerce_orders_productId_idx" ON public."ecommerce_orders"("productId");
CREATE INDEX "ecommerce_orders_customerId_idx" ON public."ecommerce_orders"("customerId");
CREATE INDEX "ecommerce_orders_status_idx" ON public."ecommerce_orders"("status");

CREATE TABLE public."ecommerce_inventory" (
    "id" TEXT NOT NULL,
    "productId" TEXT NOT NULL,
    "quantity" INTEGER NOT NULL DEFAULT 0,
    "reserved" INTEGER NOT NULL DEFAULT 0,
    "available" INTEGER NOT NULL DEFAULT 0,
    "lowStockThreshold" INTEGER NOT NULL DEFAULT 10,
    "warehouseLocation" TEXT,
    "createdAt" TIMESTAMP(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "updatedAt" TIMESTAMP(3) NOT NULL,
    CONSTRAINT "ecommerce_inventory_pkey" PRIMARY KEY ("id")
);
CREATE UNIQUE INDEX "ecommerce_inventory_productId_key" ON public."ecommerce_inventory"("productId");
CREATE INDEX "ecommerce_inventory_productId_idx" ON public."ecommerce_inventory"("productId");

CREATE TABLE public."ecommerce_suppliers" (
    "id" TEXT NOT NULL,
    "name" TEXT NOT NULL,
    "companyName" TEXT NOT NULL,
    "email" TEXT NOT NULL,
    "phone" TEXT,
    "address" JSONB,
    "productsSupplied" INTEGER NOT NULL DEFAULT 0,
    "rating" DOUBLE PRECISION,
    "status" TEXT NOT NULL DEFAULT 'ACTIVE',
    "createdAt" TIMESTAMP(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "updatedAt" TIMESTAMP(3) NOT NULL,
    CONSTRAINT "ecommerce_suppliers_pkey" PRIMARY KEY ("id")
);
CREATE INDEX "ecommerce_suppliers_status_idx" ON public."ecommerce_suppliers"("status");

CREATE TABLE public."ecommerce_shipments" (
    "id" TEXT NOT NULL,
    "orderId" TEXT NOT NULL,
    "trackingNumber" TEXT NOT NULL,
    "carrier" TEXT NOT NULL,
    "shippingMethod" TEXT NOT NULL,
    "estimatedDelivery" TIMESTAMP(3) NOT NULL,
    "actualDelivery" TIMESTAMP(3),
    "status" TEXT NOT NULL DEFAULT 'PREPARING',
    "trackingEvents" JSONB[],
    "createdAt" TIMESTAMP(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "updatedAt" TIMESTAMP(3) NOT NULL,
    CONSTRAINT "ecommerce_shipments_pkey" PRIMARY KEY ("id")
);
CREATE UNIQUE INDEX "ecommerce_shipments_trackingNumber_key" ON public."ecommerce_shipments"("trackingNumber");
CREATE INDEX "ecommerce_shipments_orderId_idx" ON public."ecommerce_shipments"("orderId");
CREATE INDEX "ecommerce_shipments_status_idx" ON public."ecommerce_shipments"("status");

ALTER TABLE public."ecommerce_orders" ADD CONSTRAINT "ecommerce_orders_productId_fkey"
    FOREIGN KEY ("productId") REFERENCES public."ecommerce_products"("id") ON DELETE RESTRICT ON UPDATE CASCADE;
ALTER TABLE public."ecommerce_inventory" ADD CONSTRAINT "ecommerce_inventory_productId_fkey"
    FOREIGN KEY ("productId") REFERENCES public."ecommerce_products"("id") ON DELETE CASCADE ON UPDATE CASCADE;
ALTER TABLE public."ecommerce_shipments" ADD CONSTRAINT "ecommerce_shipments_orderId_fkey"
    FOREIGN KEY ("orderId") REFERENCES public."ecommerce_orders"("id") ON DELETE CASCADE ON UPDATE CASCADE;
