"""The database as the last line of the ledger (SPEC §6, ARCHITECTURE §3): partitions, checks, caches, rights."""

from django.conf import settings
from django.db import migrations

# Django knows no partitioned table: the empty one of 0001 is made anew with the same columns, keys, indexes and triggers.
PARTITION = """
DO $$
DECLARE
  defs text[]; def text;
BEGIN
  SELECT array_agg(line ORDER BY turn, line) INTO defs FROM (
    SELECT 1 AS turn, format('ALTER TABLE billing_charge ADD CONSTRAINT %I %s', conname, pg_get_constraintdef(oid)) AS line
      FROM pg_constraint WHERE conrelid = 'billing_charge'::regclass AND contype = 'f'
    UNION ALL
    SELECT 2, pg_get_indexdef(indexrelid) FROM pg_index WHERE indrelid = 'billing_charge'::regclass AND NOT indisprimary
    UNION ALL
    SELECT 3, pg_get_triggerdef(oid) FROM pg_trigger WHERE tgrelid = 'billing_charge'::regclass AND NOT tgisinternal
  ) found;
  ALTER TABLE billing_charge RENAME TO billing_charge_plain;
  CREATE TABLE billing_charge (LIKE billing_charge_plain INCLUDING DEFAULTS INCLUDING CONSTRAINTS INCLUDING IDENTITY)
    PARTITION BY RANGE (period);
  DROP TABLE billing_charge_plain;
  ALTER TABLE billing_charge ADD CONSTRAINT billing_charge_pkey PRIMARY KEY (period, id);
  FOREACH def IN ARRAY defs LOOP EXECUTE def; END LOOP;
END $$;

ALTER TABLE billing_entry ADD CONSTRAINT entry_names_a_charge
  FOREIGN KEY (period, charge_id) REFERENCES billing_charge (period, id);
ALTER TABLE billing_opencharge ADD CONSTRAINT open_charge_names_a_charge
  FOREIGN KEY (period, charge_id) REFERENCES billing_charge (period, id);
ALTER TABLE billing_account ADD CONSTRAINT account_unit_of_its_estate
  FOREIGN KEY (unit_id, estate_id) REFERENCES office_unit (id, estate_id);
ALTER TABLE billing_entry ADD CONSTRAINT entry_account_of_its_estate
  FOREIGN KEY (account_id, estate_id) REFERENCES billing_account (id, estate_id);
ALTER TABLE billing_entry ADD CONSTRAINT entry_item_of_its_estate
  FOREIGN KEY (item_id, estate_id) REFERENCES billing_item (id, estate_id);
"""

# A month of charges. The application may not create tables: it asks for this and nothing else.
OPEN_MONTH = """
CREATE FUNCTION billing_open_month(month date) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public AS $$
DECLARE
  first date := date_trunc('month', month)::date;
  name text := 'billing_charge_' || to_char(first, 'YYYYMM');
BEGIN
  IF first NOT BETWEEN '1970-01-01' AND '2200-01-01' THEN
    RAISE EXCEPTION 'no books for %', first USING ERRCODE = 'check_violation';
  END IF;
  IF to_regclass('public.' || name) IS NOT NULL THEN RETURN false; END IF;
  PERFORM pg_advisory_xact_lock(hashtext('billing_open_month'));
  IF to_regclass('public.' || name) IS NOT NULL THEN RETURN false; END IF;
  -- Made beside and attached: CREATE … PARTITION OF would keep every reader of the charges out meanwhile.
  EXECUTE format('CREATE TABLE public.%I (LIKE public.billing_charge INCLUDING DEFAULTS INCLUDING CONSTRAINTS)', name);
  EXECUTE format('ALTER TABLE public.billing_charge ATTACH PARTITION public.%I FOR VALUES FROM (%L) TO (%L)',
                 name, first, (first + interval '1 month')::date);
  EXECUTE format('CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON public.%I
                  FOR EACH STATEMENT EXECUTE FUNCTION billing_refuse_change()', name);
  EXECUTE format('REVOKE ALL ON public.%I FROM PUBLIC, {app}', name);
  RETURN true;
END $$;
CREATE FUNCTION billing_refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN RAISE EXCEPTION 'append-only: % of % is refused', TG_OP, TG_TABLE_NAME; END $$;
REVOKE ALL ON FUNCTION billing_open_month(date) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION billing_open_month(date) TO {app};
"""

# Each statement that writes entries is checked as a whole, then carried into the caches. Runs as the owner: the
# application cannot write the caches by itself.
ENTRIES = """
CREATE FUNCTION billing_check_entries() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public AS $$
DECLARE
  wrong bigint;
BEGIN
  -- 1. They come with their voucher, in its transaction, under its estate, day and kind.
  SELECT n.voucher_id INTO wrong FROM new_rows n JOIN billing_voucher v ON v.id = n.voucher_id
    LEFT JOIN billing_voucher r ON r.id = v.reverses_id
    WHERE v.xid <> pg_current_xact_id()::text::bigint OR n.xid <> v.xid OR n.estate_id <> v.estate_id OR n.day <> v.day
       OR n.kind <> coalesce(r.kind, v.kind) LIMIT 1;
  IF FOUND THEN
    RAISE EXCEPTION 'voucher %: entries are written with their voucher', wrong USING ERRCODE = 'check_violation';
  END IF;
  -- 2. What was given comes from somewhere: every voucher sums to zero.
  SELECT voucher_id INTO wrong FROM new_rows GROUP BY voucher_id HAVING sum(amount) <> 0 LIMIT 1;
  IF FOUND THEN
    RAISE EXCEPTION 'voucher % does not sum to zero', wrong USING ERRCODE = 'check_violation';
  END IF;
  -- 3. A reversal is the mirror of what it reverses, whole.
  SELECT v.id INTO wrong FROM (SELECT DISTINCT voucher_id FROM new_rows) n
    JOIN billing_voucher v ON v.id = n.voucher_id AND v.reverses_id IS NOT NULL
    WHERE EXISTS (
      SELECT FROM (
        SELECT head, account_id, item_id, building_id, charge_id, period, due_on, method, amount FROM billing_entry
          WHERE voucher_id = v.reverses_id
        UNION ALL
        SELECT head, account_id, item_id, building_id, charge_id, period, due_on, method, amount FROM new_rows
          WHERE voucher_id = v.id
      ) both_sides
      GROUP BY head, account_id, item_id, building_id, charge_id, period, due_on, method HAVING sum(amount) <> 0
    ) OR NOT EXISTS (SELECT FROM billing_entry WHERE voucher_id = v.reverses_id)
    OR EXISTS (SELECT FROM billing_voucher r WHERE r.id = v.reverses_id AND r.reverses_id IS NOT NULL) LIMIT 1;
  IF FOUND THEN
    RAISE EXCEPTION 'voucher % is not the mirror of what it reverses', wrong USING ERRCODE = 'check_violation';
  END IF;
  -- 4. Closed days stay closed. The shared locks make a close wait for us, or us for the close.
  PERFORM FROM billing_book WHERE estate_id IN (SELECT DISTINCT estate_id FROM new_rows) ORDER BY estate_id FOR SHARE;
  SELECT n.estate_id INTO wrong FROM (SELECT estate_id, min(day) AS day FROM new_rows GROUP BY estate_id) n
    LEFT JOIN billing_book b ON b.estate_id = n.estate_id
    WHERE b.estate_id IS NULL OR n.day <= b.closed_through LIMIT 1;
  IF FOUND THEN
    RAISE EXCEPTION 'closed: the books of estate %', wrong USING ERRCODE = 'check_violation', CONSTRAINT = 'books_closed';
  END IF;
  PERFORM FROM billing_till t JOIN billing_voucher v ON t.estate_id = v.estate_id AND t.cashier_id = v.cashier_id
    WHERE v.id IN (SELECT voucher_id FROM new_rows) ORDER BY t.id FOR SHARE OF t;
  SELECT v.cashier_id INTO wrong FROM (SELECT DISTINCT voucher_id FROM new_rows) n
    JOIN billing_voucher v ON v.id = n.voucher_id AND v.cashier_id IS NOT NULL
    LEFT JOIN billing_till t ON t.estate_id = v.estate_id AND t.cashier_id = v.cashier_id
    WHERE t.id IS NULL OR v.day <= t.closed_through LIMIT 1;
  IF FOUND THEN
    RAISE EXCEPTION 'closed: the day of cashier %', wrong USING ERRCODE = 'check_violation', CONSTRAINT = 'till_closed';
  END IF;
  -- 5. Caches: what each charge still owes (a debt paid twice goes below zero and is refused), and each account's sums.
  INSERT INTO billing_opencharge AS o (charge_id, period, estate_id, account_id, item_id, due_on, amount)
    SELECT charge_id, min(period), min(estate_id), min(account_id), min(item_id), min(due_on), sum(amount)
      FROM new_rows WHERE head = 'receivable' AND amount > 0 GROUP BY charge_id ORDER BY charge_id
    ON CONFLICT (charge_id) DO UPDATE SET amount = o.amount + EXCLUDED.amount;
  IF EXISTS (SELECT FROM new_rows WHERE head = 'receivable' AND amount < 0) THEN
    SELECT n.charge_id INTO wrong FROM (SELECT DISTINCT charge_id, account_id FROM new_rows WHERE head = 'receivable' AND amount < 0) n
      LEFT JOIN billing_opencharge o ON o.charge_id = n.charge_id AND o.account_id = n.account_id
      WHERE o.charge_id IS NULL LIMIT 1;
    IF FOUND THEN
      RAISE EXCEPTION 'charge % of this account owes nothing', wrong USING ERRCODE = 'check_violation', CONSTRAINT = 'open_charge_not_overpaid';
    END IF;
    UPDATE billing_opencharge o SET amount = o.amount + n.amount
      FROM (SELECT charge_id, sum(amount) AS amount FROM new_rows WHERE head = 'receivable' AND amount < 0 GROUP BY charge_id) n
      WHERE o.charge_id = n.charge_id;
    DELETE FROM billing_opencharge o USING new_rows n
      WHERE n.head = 'receivable' AND n.amount < 0 AND o.charge_id = n.charge_id AND o.amount = 0;
  END IF;
  UPDATE billing_account a SET owed = a.owed + n.owed, prepaid = a.prepaid - n.prepaid, deposits = a.deposits - n.deposits
    FROM (
      SELECT account_id, coalesce(sum(amount) FILTER (WHERE head = 'receivable'), 0) AS owed,
             coalesce(sum(amount) FILTER (WHERE head = 'prepaid'), 0) AS prepaid,
             coalesce(sum(amount) FILTER (WHERE head = 'deposit'), 0) AS deposits
        FROM new_rows WHERE account_id IS NOT NULL AND head IN ('receivable', 'prepaid', 'deposit') GROUP BY account_id
    ) n WHERE a.id = n.account_id;
  RETURN NULL;
END $$;
CREATE TRIGGER check_entries AFTER INSERT ON billing_entry REFERENCING NEW TABLE AS new_rows
  FOR EACH STATEMENT EXECUTE FUNCTION billing_check_entries();

CREATE FUNCTION billing_account_starts_empty() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN RAISE EXCEPTION 'an account starts empty' USING ERRCODE = 'check_violation'; END $$;
CREATE TRIGGER starts_empty BEFORE INSERT ON billing_account FOR EACH ROW
  WHEN (NEW.owed <> 0 OR NEW.prepaid <> 0 OR NEW.deposits <> 0) EXECUTE FUNCTION billing_account_starts_empty();

-- A close is never opened again.
CREATE FUNCTION billing_closed_stays() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP = 'DELETE' OR NEW.estate_id <> OLD.estate_id
     OR (OLD.closed_through IS NOT NULL AND (NEW.closed_through IS NULL OR NEW.closed_through < OLD.closed_through)) THEN
    RAISE EXCEPTION 'closed days stay closed' USING ERRCODE = 'check_violation';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER closed_stays BEFORE UPDATE OR DELETE ON billing_book FOR EACH ROW EXECUTE FUNCTION billing_closed_stays();
CREATE TRIGGER closed_stays BEFORE UPDATE OR DELETE ON billing_till FOR EACH ROW EXECUTE FUNCTION billing_closed_stays();
"""

RIGHTS = """
REVOKE UPDATE, DELETE, TRUNCATE ON billing_voucher, billing_entry, billing_charge, billing_receipt, billing_receiptstep FROM {app};
REVOKE INSERT, UPDATE, DELETE, TRUNCATE ON billing_opencharge FROM {app};
REVOKE UPDATE, DELETE, TRUNCATE ON billing_account FROM {app};
GRANT UPDATE (version) ON billing_account TO {app};
REVOKE DELETE, TRUNCATE ON billing_book, billing_till FROM {app};
"""


def run(template, only_apart=False):
    def forwards(apps, schema_editor):
        apart = settings.APP_DATABASE_USER != settings.OWNER_DATABASE_USER
        if only_apart and not apart:
            return
        app = schema_editor.quote_name(settings.APP_DATABASE_USER)
        schema_editor.execute(template.replace("{app}", app), params=None)

    return migrations.RunPython(forwards, migrations.RunPython.noop)


class Migration(migrations.Migration):
    dependencies = [("billing", "0001_initial")]

    operations = [
        migrations.RunSQL(PARTITION, migrations.RunSQL.noop),
        run(OPEN_MONTH),
        migrations.RunSQL(ENTRIES, migrations.RunSQL.noop),
        run(RIGHTS, only_apart=True),
    ]
