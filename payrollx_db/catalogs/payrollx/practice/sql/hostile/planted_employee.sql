-- A planted employee, the same in whichever database it is planted.
CREATE FUNCTION pg_temp.planted_employee(id text, "userId" text, organization text)
RETURNS TABLE (
    "id" text, "organizationId" text, "userId" text, "walletAddress" text, "kycStatus" public."KycStatus",
    "kycDocuments" jsonb, "salary" numeric, "paymentToken" text, "createdAt" timestamp, "updatedAt" timestamp,
    "deletedAt" timestamp
) LANGUAGE sql STABLE AS
$$
    SELECT $1, $3, $2, NULL::text, 'PENDING'::public."KycStatus", NULL::jsonb, 12.5, 'SOL',
        timestamp '2025-01-10 08:00:00', timestamp '2025-01-10 08:00:00', NULL::timestamp
$$;
