-- AlterTable
ALTER TABLE "bulk"."audit_entries" ADD COLUMN "purged_at" TIMESTAMPTZ(3),
ADD COLUMN "purged_by" TEXT;

-- AlterTable
ALTER TABLE "bulk"."bulk_actions" ADD COLUMN "kept_slot" SMALLINT,
ADD COLUMN "purged_at" TIMESTAMPTZ(3),
ADD COLUMN "purged_by" TEXT,
ADD COLUMN "restorable_until" TIMESTAMPTZ(3),
ADD COLUMN "restore_of_id" UUID;

-- AlterTable
ALTER TABLE "bulk"."bulk_action_chunks" ADD COLUMN "source_position" INTEGER;

-- CreateIndex
CREATE UNIQUE INDEX "bulk_actions_open_restore" ON "bulk"."bulk_actions"("restore_of_id") WHERE (restore_of_id IS NOT NULL AND status = ANY (ARRAY['pending'::text, 'processing'::text]));

-- CreateIndex
CREATE INDEX "bulk_actions_restores" ON "bulk"."bulk_actions"("restore_of_id") WHERE (restore_of_id IS NOT NULL);

-- CreateIndex
CREATE INDEX "bulk_actions_kept" ON "bulk"."bulk_actions"("kept_slot", "restorable_until") WHERE (kept_slot IS NOT NULL);

-- AddForeignKey
ALTER TABLE "bulk"."bulk_actions" ADD CONSTRAINT "bulk_actions_restore_of_id_fkey" FOREIGN KEY ("restore_of_id") REFERENCES "bulk"."bulk_actions"("id") ON DELETE SET NULL ON UPDATE CASCADE;

-- Written by hand from here on: what schema.prisma cannot say.

-- The rows that a restore needs (docs/decisions/054). One partition for each of 32 days: what has expired is emptied, which
-- takes as long for a million rows as for one.
CREATE TABLE "bulk"."kept_rows" (
    "slot" SMALLINT NOT NULL,
    "bulk_action_id" UUID NOT NULL,
    -- That of the chunk.
    "position" INTEGER NOT NULL,
    -- `record`, or the name of the related rows.
    "part" TEXT NOT NULL,
    -- The columns of the rows, in their order.
    "columns" TEXT[] NOT NULL,
    -- Each row as PostgreSQL writes a composite value.
    "rows" TEXT[] NOT NULL
) PARTITION BY LIST ("slot");

CREATE INDEX "kept_rows_of_chunk" ON "bulk"."kept_rows"("bulk_action_id", "position");

DO $$ BEGIN
  ALTER TABLE "bulk"."kept_rows" ALTER COLUMN "rows" SET COMPRESSION lz4;
EXCEPTION WHEN OTHERS THEN NULL; -- A server without lz4, or before version 14.
END $$;

DO $$ BEGIN
  FOR slot IN 0..31 LOOP
    EXECUTE format('CREATE TABLE bulk.kept_rows_%s PARTITION OF bulk.kept_rows FOR VALUES IN (%s)', slot, slot);
  END LOOP;
END $$;

-- Empties the partitions in which no bulk action can be restored any more, nor is being restored, and returns how many. Whoever may call it can
-- therefore drop nothing that is needed. It runs with the rights of its owner, because only an owner may empty a table
-- whatever the rights on it. Those of yesterday, today and tomorrow are in use.
CREATE FUNCTION "bulk"."drop_expired_rows"() RETURNS INTEGER
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog SET lock_timeout = '1s' AS $$
DECLARE
  today INTEGER := floor(extract(epoch FROM clock_timestamp()) / 86400)::int;
  found BOOLEAN;
  dropped INTEGER := 0;
BEGIN
  FOR partition IN 0..31 LOOP
    CONTINUE WHEN partition IN ((today - 1) % 32, today % 32, (today + 1) % 32);
    EXECUTE format('SELECT EXISTS (SELECT FROM bulk.kept_rows_%s)', partition) INTO found;
    CONTINUE WHEN NOT found OR EXISTS (SELECT FROM bulk.bulk_actions AS kept
      WHERE kept_slot = partition AND (restorable_until > clock_timestamp() OR EXISTS (SELECT FROM bulk.bulk_actions
        WHERE restore_of_id = kept.id AND status IN ('pending', 'processing'))));
    EXECUTE format('TRUNCATE bulk.kept_rows_%s', partition);
    dropped := dropped + 1;
  END LOOP;
  RETURN dropped;
END $$;

REVOKE EXECUTE ON FUNCTION "bulk"."drop_expired_rows"() FROM PUBLIC;

-- Rewrites a row to the columns that its table has now: those that are gone are left out, new ones are NULL. `line` is a
-- composite value as PostgreSQL writes it, whose fields are unquoted, or quoted with "" for a quote.
CREATE FUNCTION "bulk"."fit_row"(line TEXT, had TEXT[], wanted TEXT[]) RETURNS TEXT
LANGUAGE sql IMMUTABLE SET search_path = pg_catalog AS $$
  SELECT '(' || string_agg(COALESCE(field.value, ''), ',' ORDER BY want.place) || ')'
  FROM unnest(wanted) WITH ORDINALITY AS want (name, place)
  LEFT JOIN (
    SELECT had[place] AS name, match[1] AS value
    FROM regexp_matches(substr(line, 2), '((?:"(?:[^"]|"")*"|[^,")])*)[,)]', 'g') WITH ORDINALITY AS matched (match, place)
  ) AS field ON field.name = want.name
$$;
