"""The tables of the service shared, and the schema that holds them."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from payrollx_db.schema import ddl, foreign_keys

revision = "shared_0001"
down_revision = None
branch_labels = ("shared",)
depends_on = None


def upgrade() -> None:
    ddl.begin_service("shared")
    _audit_logs()
    _business_units()
    _carts()
    _orders()
    _products()
    _subscriptions()
    _system_control()
    _transfers()
    _user_activities()
    _users()
    _business_unit_features()
    _business_unit_pages()
    _cart_items()
    _nfts()
    _order_items()
    _payments()


def downgrade() -> None:
    foreign_keys.loosen("shared")
    op.drop_table("payments", schema="shared")
    op.drop_table("order_items", schema="shared")
    op.drop_table("nfts", schema="shared")
    op.drop_table("cart_items", schema="shared")
    op.drop_table("business_unit_pages", schema="shared")
    op.drop_table("business_unit_features", schema="shared")
    op.drop_table("users", schema="shared")
    op.drop_table("user_activities", schema="shared")
    op.drop_table("transfers", schema="shared")
    op.drop_table("system_control", schema="shared")
    op.drop_table("subscriptions", schema="shared")
    op.drop_table("products", schema="shared")
    op.drop_table("orders", schema="shared")
    op.drop_table("carts", schema="shared")
    op.drop_table("business_units", schema="shared")
    op.drop_table("audit_logs", schema="shared")
    ddl.end_service("shared")


def _audit_logs() -> None:
    op.create_table(
        "audit_logs",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("user_id", sa.Text(), nullable=True),
        sa.Column("operation_type", sa.Text(), nullable=False),
        sa.Column("operation_data", postgresql.JSONB(), nullable=False),
        sa.Column("approved", sa.Boolean(), nullable=False),
        sa.Column("rejection_reason", sa.Text(), nullable=True),
        sa.Column("hash", sa.Text(), nullable=False),
        sa.Column("identity_verified", sa.Boolean(), nullable=False),
        sa.Column("identity_reason", sa.Text(), nullable=True),
        sa.Column("operation_valid", sa.Boolean(), nullable=False),
        sa.Column("validation_errors", postgresql.ARRAY(sa.Text()), nullable=True),
        sa.Column("risk_level", sa.Text(), nullable=False),
        sa.Column("suspicious", sa.Boolean(), nullable=False),
        sa.Column("suspicion_indicators", postgresql.ARRAY(sa.Text()), nullable=True),
        sa.Column("threat_level", sa.Text(), nullable=True),
        sa.Column("request_ip", sa.Text(), nullable=True),
        sa.Column("request_user_agent", sa.Text(), nullable=True),
        sa.Column("request_origin", sa.Text(), nullable=True),
        sa.Column("domain", sa.Text(), nullable=True),
        sa.Column("context", postgresql.JSONB(), nullable=True),
        sa.Column(
            "created_at",
            postgresql.TIMESTAMP(timezone=True, precision=3),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit_logs")),
        sa.UniqueConstraint("hash", name=op.f("uq_audit_logs_hash")),
        schema="shared",
    )
    op.create_index(op.f("ix_audit_logs_approved"), "audit_logs", ["approved"], schema="shared")
    op.create_index(op.f("ix_audit_logs_created_at"), "audit_logs", ["created_at"], schema="shared")
    op.create_index(op.f("ix_audit_logs_domain"), "audit_logs", ["domain"], schema="shared")
    op.create_index(op.f("ix_audit_logs_operation_type"), "audit_logs", ["operation_type"], schema="shared")
    op.create_index(op.f("ix_audit_logs_user_id"), "audit_logs", ["user_id"], schema="shared")


def _business_units() -> None:
    op.create_table(
        "business_units",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("display_name", sa.Text(), nullable=False),
        sa.Column("icon", sa.Text(), nullable=False),
        sa.Column("tagline", sa.Text(), nullable=False),
        sa.Column("description", sa.Text(), nullable=False),
        sa.Column("color", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), server_default="ACTIVE", nullable=False),
        sa.Column("views", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("visits", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column(
            "created_at",
            postgresql.TIMESTAMP(timezone=True, precision=3),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.Column(
            "updated_at",
            postgresql.TIMESTAMP(timezone=True, precision=3),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_business_units")),
        sa.UniqueConstraint("key", name=op.f("uq_business_units_key")),
        schema="shared",
    )
    op.create_index(op.f("ix_business_units_status"), "business_units", ["status"], schema="shared")


def _carts() -> None:
    op.create_table(
        "carts",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("user_id", sa.Text(), nullable=False),
        sa.Column(
            "created_at",
            postgresql.TIMESTAMP(timezone=True, precision=3),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.Column(
            "updated_at",
            postgresql.TIMESTAMP(timezone=True, precision=3),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_carts")),
        sa.UniqueConstraint("user_id", name=op.f("uq_carts_user_id")),
        schema="shared",
    )


def _orders() -> None:
    op.create_table(
        "orders",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("user_id", sa.Text(), nullable=False),
        sa.Column("order_number", sa.Text(), nullable=False),
        sa.Column("total", sa.Numeric(precision=38, scale=18), nullable=False),
        sa.Column("currency", sa.Text(), server_default="PI", nullable=False),
        sa.Column("pi_payment_id", sa.Text(), nullable=True),
        sa.Column("pi_tx_id", sa.Text(), nullable=True),
        sa.Column("status", sa.Text(), server_default="PENDING", nullable=False),
        sa.Column("shipping_info", postgresql.JSONB(), nullable=True),
        sa.Column(
            "created_at",
            postgresql.TIMESTAMP(timezone=True, precision=3),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.Column(
            "updated_at",
            postgresql.TIMESTAMP(timezone=True, precision=3),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.Column("paid_at", postgresql.TIMESTAMP(timezone=True, precision=3), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_orders")),
        sa.UniqueConstraint("order_number", name=op.f("uq_orders_order_number")),
        schema="shared",
    )
    op.create_index(op.f("ix_orders_pi_tx_id"), "orders", ["pi_tx_id"], schema="shared")
    op.create_index(op.f("ix_orders_status"), "orders", ["status"], schema="shared")
    op.create_index(op.f("ix_orders_user_id"), "orders", ["user_id"], schema="shared")


def _products() -> None:
    op.create_table(
        "products",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("domain", sa.Text(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("description", sa.Text(), nullable=False),
        sa.Column("price", sa.Numeric(precision=38, scale=18), nullable=False),
        sa.Column("currency", sa.Text(), server_default="PI", nullable=False),
        sa.Column("images", postgresql.ARRAY(sa.Text()), nullable=True),
        sa.Column("category", sa.Text(), nullable=False),
        sa.Column("subcategory", sa.Text(), nullable=True),
        sa.Column("specifications", postgresql.JSONB(), nullable=True),
        sa.Column("location", postgresql.JSONB(), nullable=True),
        sa.Column("stock", sa.Integer(), server_default=sa.text("1"), nullable=False),
        sa.Column("status", sa.Text(), server_default="ACTIVE", nullable=False),
        sa.Column("seller_id", sa.Text(), nullable=False),
        sa.Column(
            "created_at",
            postgresql.TIMESTAMP(timezone=True, precision=3),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.Column(
            "updated_at",
            postgresql.TIMESTAMP(timezone=True, precision=3),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_products")),
        schema="shared",
    )
    op.create_index(op.f("ix_products_category"), "products", ["category"], schema="shared")
    op.create_index(op.f("ix_products_domain"), "products", ["domain"], schema="shared")
    op.create_index(op.f("ix_products_seller_id"), "products", ["seller_id"], schema="shared")
    op.create_index(op.f("ix_products_status"), "products", ["status"], schema="shared")


def _subscriptions() -> None:
    op.create_table(
        "subscriptions",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("user_id", sa.Text(), nullable=False),
        sa.Column("business_unit", sa.Text(), nullable=False),
        sa.Column("plan", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), server_default="ACTIVE", nullable=False),
        sa.Column(
            "start_date",
            postgresql.TIMESTAMP(timezone=True, precision=3),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.Column("end_date", postgresql.TIMESTAMP(timezone=True, precision=3), nullable=True),
        sa.Column("amount", sa.Numeric(precision=38, scale=18), nullable=True),
        sa.Column("currency", sa.Text(), server_default="PI", nullable=False),
        sa.Column("pi_tx_id", sa.Text(), nullable=True),
        sa.Column(
            "created_at",
            postgresql.TIMESTAMP(timezone=True, precision=3),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.Column(
            "updated_at",
            postgresql.TIMESTAMP(timezone=True, precision=3),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_subscriptions")),
        schema="shared",
    )
    op.create_index(op.f("ix_subscriptions_business_unit"), "subscriptions", ["business_unit"], schema="shared")
    op.create_index(op.f("ix_subscriptions_pi_tx_id"), "subscriptions", ["pi_tx_id"], schema="shared")
    op.create_index(op.f("ix_subscriptions_status"), "subscriptions", ["status"], schema="shared")
    op.create_index(op.f("ix_subscriptions_user_id"), "subscriptions", ["user_id"], schema="shared")


def _system_control() -> None:
    op.create_table(
        "system_control",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("integrity_level", sa.Text(), server_default="NORMAL", nullable=False),
        sa.Column("circuit_breaker_active", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("manual_override", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("lock_reason", sa.Text(), nullable=True),
        sa.Column("locked_by", sa.Text(), nullable=True),
        sa.Column("locked_at", postgresql.TIMESTAMP(timezone=True, precision=3), nullable=True),
        sa.Column("total_pending_transfers", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column(
            "total_frozen_value", sa.Numeric(precision=38, scale=18), server_default=sa.text("0"), nullable=False
        ),
        sa.Column("anomaly_count", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("last_anomaly_detected", postgresql.TIMESTAMP(timezone=True, precision=3), nullable=True),
        sa.Column(
            "updated_at",
            postgresql.TIMESTAMP(timezone=True, precision=3),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.Column(
            "created_at",
            postgresql.TIMESTAMP(timezone=True, precision=3),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_system_control")),
        schema="shared",
    )
    op.create_index(op.f("ix_system_control_locked_by"), "system_control", ["locked_by"], schema="shared")


def _transfers() -> None:
    op.create_table(
        "transfers",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("source_user_id", sa.Text(), nullable=False),
        sa.Column("target_user_id", sa.Text(), nullable=False),
        sa.Column("source_domain", sa.Text(), nullable=False),
        sa.Column("target_domain", sa.Text(), nullable=False),
        sa.Column("amount", sa.Numeric(precision=38, scale=18), nullable=False),
        sa.Column("currency", sa.Text(), server_default="PI", nullable=False),
        sa.Column("status", sa.Text(), server_default="PENDING", nullable=False),
        sa.Column("source_audit_id", sa.Text(), nullable=True),
        sa.Column("target_audit_id", sa.Text(), nullable=True),
        sa.Column("source_approved", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("target_approved", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("risk_level", sa.Text(), nullable=True),
        sa.Column("suspicious", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column(
            "created_at",
            postgresql.TIMESTAMP(timezone=True, precision=3),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.Column("approved_at", postgresql.TIMESTAMP(timezone=True, precision=3), nullable=True),
        sa.Column("completed_at", postgresql.TIMESTAMP(timezone=True, precision=3), nullable=True),
        sa.Column("frozen_at", postgresql.TIMESTAMP(timezone=True, precision=3), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_transfers")),
        schema="shared",
    )
    op.create_index(op.f("ix_transfers_created_at"), "transfers", ["created_at"], schema="shared")
    op.create_index(op.f("ix_transfers_source_audit_id"), "transfers", ["source_audit_id"], schema="shared")
    op.create_index(op.f("ix_transfers_source_domain"), "transfers", ["source_domain"], schema="shared")
    op.create_index(op.f("ix_transfers_source_user_id"), "transfers", ["source_user_id"], schema="shared")
    op.create_index(op.f("ix_transfers_status"), "transfers", ["status"], schema="shared")
    op.create_index(op.f("ix_transfers_target_audit_id"), "transfers", ["target_audit_id"], schema="shared")
    op.create_index(op.f("ix_transfers_target_domain"), "transfers", ["target_domain"], schema="shared")
    op.create_index(op.f("ix_transfers_target_user_id"), "transfers", ["target_user_id"], schema="shared")


def _user_activities() -> None:
    op.create_table(
        "user_activities",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("user_id", sa.Text(), nullable=False),
        sa.Column("business_unit", sa.Text(), nullable=False),
        sa.Column("page", sa.Text(), nullable=False),
        sa.Column("action", sa.Text(), nullable=False),
        sa.Column("metadata", postgresql.JSONB(), nullable=True),
        sa.Column(
            "created_at",
            postgresql.TIMESTAMP(timezone=True, precision=3),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_user_activities")),
        schema="shared",
    )
    op.create_index(op.f("ix_user_activities_business_unit"), "user_activities", ["business_unit"], schema="shared")
    op.create_index(op.f("ix_user_activities_created_at"), "user_activities", ["created_at"], schema="shared")
    op.create_index(op.f("ix_user_activities_user_id"), "user_activities", ["user_id"], schema="shared")


def _users() -> None:
    op.create_table(
        "users",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("pi_id", sa.Text(), nullable=False),
        sa.Column("username", sa.Text(), nullable=False),
        sa.Column("email", sa.Text(), nullable=True),
        sa.Column("wallet_address", sa.Text(), nullable=True),
        sa.Column("tier", sa.Text(), server_default="STANDARD", nullable=False),
        sa.Column("status", sa.Text(), server_default="ACTIVE", nullable=False),
        sa.Column("language", sa.Text(), server_default="en", nullable=False),
        sa.Column(
            "created_at",
            postgresql.TIMESTAMP(timezone=True, precision=3),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.Column(
            "updated_at",
            postgresql.TIMESTAMP(timezone=True, precision=3),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.Column("last_login_at", postgresql.TIMESTAMP(timezone=True, precision=3), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_users")),
        sa.UniqueConstraint("email", name=op.f("uq_users_email")),
        sa.UniqueConstraint("pi_id", name=op.f("uq_users_pi_id")),
        sa.UniqueConstraint("wallet_address", name=op.f("uq_users_wallet_address")),
        schema="shared",
    )
    op.create_index(op.f("ix_users_tier"), "users", ["tier"], schema="shared")


def _business_unit_features() -> None:
    op.create_table(
        "business_unit_features",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("business_unit_id", sa.Text(), nullable=False),
        sa.Column("icon", sa.Text(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("description", sa.Text(), nullable=False),
        sa.Column("order", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.ForeignKeyConstraint(
            ["business_unit_id"],
            ["shared.business_units.id"],
            name=op.f("fk_business_unit_features_business_unit_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_business_unit_features")),
        schema="shared",
    )
    op.create_index(
        op.f("ix_business_unit_features_business_unit_id"),
        "business_unit_features",
        ["business_unit_id"],
        schema="shared",
    )


def _business_unit_pages() -> None:
    op.create_table(
        "business_unit_pages",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("business_unit_id", sa.Text(), nullable=False),
        sa.Column("path", sa.Text(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("description", sa.Text(), nullable=False),
        sa.Column("views", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column(
            "created_at",
            postgresql.TIMESTAMP(timezone=True, precision=3),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.Column(
            "updated_at",
            postgresql.TIMESTAMP(timezone=True, precision=3),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.ForeignKeyConstraint(
            ["business_unit_id"],
            ["shared.business_units.id"],
            name=op.f("fk_business_unit_pages_business_unit_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_business_unit_pages")),
        sa.UniqueConstraint("business_unit_id", "path", name=op.f("uq_business_unit_pages_business_unit_id_path")),
        schema="shared",
    )
    op.create_index(
        op.f("ix_business_unit_pages_business_unit_id"), "business_unit_pages", ["business_unit_id"], schema="shared"
    )


def _cart_items() -> None:
    op.create_table(
        "cart_items",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("cart_id", sa.Text(), nullable=False),
        sa.Column("product_id", sa.Text(), nullable=False),
        sa.Column("quantity", sa.Integer(), server_default=sa.text("1"), nullable=False),
        sa.Column(
            "created_at",
            postgresql.TIMESTAMP(timezone=True, precision=3),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.ForeignKeyConstraint(
            ["cart_id"], ["shared.carts.id"], name=op.f("fk_cart_items_cart_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["product_id"], ["shared.products.id"], name=op.f("fk_cart_items_product_id"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_cart_items")),
        sa.UniqueConstraint("cart_id", "product_id", name=op.f("uq_cart_items_cart_id_product_id")),
        schema="shared",
    )
    op.create_index(op.f("ix_cart_items_product_id"), "cart_items", ["product_id"], schema="shared")


def _nfts() -> None:
    op.create_table(
        "nfts",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("token_id", sa.Text(), nullable=False),
        sa.Column("user_id", sa.Text(), nullable=False),
        sa.Column("domain_name", sa.Text(), nullable=False),
        sa.Column("certificate_type", sa.Text(), server_default="ownership", nullable=False),
        sa.Column("metadata", postgresql.JSONB(), nullable=False),
        sa.Column("image_url", sa.Text(), nullable=True),
        sa.Column(
            "minted_at",
            postgresql.TIMESTAMP(timezone=True, precision=3),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.Column("tx_hash", sa.Text(), nullable=True),
        sa.Column("status", sa.Text(), server_default="MINTING", nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["shared.users.id"], name=op.f("fk_nfts_user_id"), ondelete="RESTRICT"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_nfts")),
        sa.UniqueConstraint("token_id", name=op.f("uq_nfts_token_id")),
        schema="shared",
    )
    op.create_index(op.f("ix_nfts_domain_name"), "nfts", ["domain_name"], schema="shared")
    op.create_index(op.f("ix_nfts_user_id"), "nfts", ["user_id"], schema="shared")


def _order_items() -> None:
    op.create_table(
        "order_items",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("order_id", sa.Text(), nullable=False),
        sa.Column("product_id", sa.Text(), nullable=False),
        sa.Column("quantity", sa.Integer(), nullable=False),
        sa.Column("price", sa.Numeric(precision=38, scale=18), nullable=False),
        sa.ForeignKeyConstraint(
            ["order_id"], ["shared.orders.id"], name=op.f("fk_order_items_order_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["product_id"], ["shared.products.id"], name=op.f("fk_order_items_product_id"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_order_items")),
        schema="shared",
    )
    op.create_index(op.f("ix_order_items_order_id"), "order_items", ["order_id"], schema="shared")
    op.create_index(op.f("ix_order_items_product_id"), "order_items", ["product_id"], schema="shared")


def _payments() -> None:
    op.create_table(
        "payments",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("user_id", sa.Text(), nullable=False),
        sa.Column("amount", sa.Numeric(precision=38, scale=18), nullable=False),
        sa.Column("currency", sa.Text(), server_default="PI", nullable=False),
        sa.Column("pi_tx_id", sa.Text(), nullable=True),
        sa.Column("status", sa.Text(), server_default="PENDING", nullable=False),
        sa.Column("domain", sa.Text(), nullable=False),
        sa.Column("category", sa.Text(), nullable=False),
        sa.Column("description", sa.Text(), nullable=True),
        sa.Column("metadata", postgresql.JSONB(), nullable=True),
        sa.Column(
            "created_at",
            postgresql.TIMESTAMP(timezone=True, precision=3),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.Column("completed_at", postgresql.TIMESTAMP(timezone=True, precision=3), nullable=True),
        sa.ForeignKeyConstraint(
            ["user_id"], ["shared.users.id"], name=op.f("fk_payments_user_id"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_payments")),
        sa.UniqueConstraint("pi_tx_id", name=op.f("uq_payments_pi_tx_id")),
        schema="shared",
    )
    op.create_index(op.f("ix_payments_domain"), "payments", ["domain"], schema="shared")
    op.create_index(op.f("ix_payments_status"), "payments", ["status"], schema="shared")
    op.create_index(op.f("ix_payments_user_id"), "payments", ["user_id"], schema="shared")
