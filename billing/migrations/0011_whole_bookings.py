"""The last holes: charges, vouchers and receipts are whole when their transaction ends, and entries fit their charge."""

from django.db import migrations

# Before `check_entries`, by name. Nested loops only: the new rows probe the tables by key, however large these are.
CHARGES = """
CREATE FUNCTION billing_check_charges() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public
SET enable_hashjoin = off SET enable_mergejoin = off AS $$
DECLARE
  wrong bigint;
  first bigint := (SELECT min(id) FROM new_rows);
BEGIN
  -- 1. All entries of a voucher come in one statement: a second mirror would take back twice.
  SELECT n.voucher_id INTO wrong FROM (SELECT voucher_id, count(*) AS written FROM new_rows GROUP BY voucher_id) n
    WHERE (SELECT count(*) FROM billing_entry e WHERE e.voucher_id = n.voucher_id) <> n.written LIMIT 1;
  IF FOUND THEN
    RAISE EXCEPTION 'voucher %: its entries are written at once', wrong USING ERRCODE = 'check_violation';
  END IF;
  -- 2. Entries of a charge are its account's, its item's, of its estate and due day.
  SELECT n.charge_id INTO wrong FROM new_rows n LEFT JOIN billing_charge c ON c.period = n.period AND c.id = n.charge_id
    WHERE n.head IN ('receivable', 'pending', 'deposit') AND (
      (c.account_id, c.item_id, c.due_on, c.estate_id) IS DISTINCT FROM (n.account_id, n.item_id, n.due_on, n.estate_id)
      -- 3. With its own voucher a charge is owed whole.
      OR (n.head = 'receivable' AND n.amount > 0 AND c.voucher_id = n.voucher_id AND n.amount <> c.amount)) LIMIT 1;
  IF FOUND THEN
    RAISE EXCEPTION 'charge %: the entry is not of this charge', wrong USING ERRCODE = 'check_violation';
  END IF;
  -- 4. What was settled is owed again by a reversal, when a charge is taken back, or money goes back: never more than was charged, and
  --    never of a charge that was taken back already.
  IF EXISTS (
    SELECT FROM new_rows n JOIN billing_charge c ON c.period = n.period AND c.id = n.charge_id
      WHERE n.head = 'receivable' AND n.amount > 0 AND c.voucher_id <> n.voucher_id
  ) THEN
    SELECT n.charge_id INTO wrong FROM (
        SELECT n.charge_id, n.period, sum(n.amount) AS amount,
               bool_or(n.amount > 0 AND v.reverses_id IS NULL AND n.kind IN ('charge', 'draw', 'forfeit', 'opening')) AS unfounded
          FROM new_rows n JOIN billing_voucher v ON v.id = n.voucher_id
          JOIN billing_charge c ON c.period = n.period AND c.id = n.charge_id
         WHERE n.head = 'receivable' AND c.voucher_id <> n.voucher_id
         GROUP BY n.charge_id, n.period HAVING sum(n.amount) > 0
      ) n JOIN billing_charge c ON c.period = n.period AND c.id = n.charge_id
      LEFT JOIN billing_opencharge o ON o.charge_id = n.charge_id
      WHERE n.unfounded OR coalesce(o.amount, 0) + n.amount > c.amount OR EXISTS (
        SELECT FROM billing_entry e WHERE e.charge_id = n.charge_id AND e.head = 'receivable' AND e.kind = 'charge'
           AND e.amount = -c.amount AND e.id < first) LIMIT 1;
    IF FOUND THEN
      RAISE EXCEPTION 'charge % is not owed again', wrong USING ERRCODE = 'check_violation', CONSTRAINT = 'charge_not_owed_again';
    END IF;
  END IF;
  -- 5. Of a deposit goes out what is held of it.
  IF EXISTS (SELECT FROM new_rows WHERE head = 'deposit' AND amount > 0) THEN
    SELECT n.charge_id INTO wrong FROM (SELECT DISTINCT charge_id FROM new_rows WHERE head = 'deposit' AND amount > 0) n
      WHERE (SELECT sum(e.amount) FROM billing_entry e WHERE e.charge_id = n.charge_id AND e.head = 'deposit') > 0 LIMIT 1;
    IF FOUND THEN
      RAISE EXCEPTION 'deposit %: not so much is held', wrong USING ERRCODE = 'check_violation', CONSTRAINT = 'deposit_held';
    END IF;
  END IF;
  RETURN NULL;
END $$;
CREATE TRIGGER check_charges AFTER INSERT ON billing_entry REFERENCING NEW TABLE AS new_rows
  FOR EACH STATEMENT EXECUTE FUNCTION billing_check_charges();
"""

# At the end of the transaction.
WHOLE = """
CREATE FUNCTION billing_charge_is_booked() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public AS $$
BEGIN
  IF NOT EXISTS (
    SELECT FROM billing_entry e JOIN billing_account a ON a.id = e.account_id
      WHERE e.charge_id = NEW.id AND e.voucher_id = NEW.voucher_id
        AND (e.head, e.amount) IN (('receivable', NEW.amount), ('deposit', -NEW.amount))  -- a deposit held before we began
        AND e.account_id = NEW.account_id AND a.unit_id = NEW.unit_id AND a.estate_id = NEW.estate_id
  ) THEN
    RAISE EXCEPTION 'charge % is not booked with its voucher', NEW.id USING ERRCODE = 'check_violation';
  END IF;
  RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER charge_is_booked AFTER INSERT ON billing_charge DEFERRABLE INITIALLY DEFERRED
  FOR EACH ROW EXECUTE FUNCTION billing_charge_is_booked();

CREATE FUNCTION billing_voucher_has_entries() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public AS $$
BEGIN
  IF NOT EXISTS (SELECT FROM billing_entry WHERE voucher_id = NEW.id) THEN
    RAISE EXCEPTION 'voucher % has no entries', NEW.id USING ERRCODE = 'check_violation';
  END IF;
  RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER voucher_has_entries AFTER INSERT ON billing_voucher DEFERRABLE INITIALLY DEFERRED
  FOR EACH ROW EXECUTE FUNCTION billing_voucher_has_entries();

CREATE FUNCTION billing_receipt_begins() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public AS $$
BEGIN
  IF NOT EXISTS (SELECT FROM billing_receiptstep WHERE receipt_id = NEW.id AND verb IN ('carried', 'booked')) THEN
    RAISE EXCEPTION 'receipt % is neither booked nor carried', NEW.number USING ERRCODE = 'check_violation';
  END IF;
  RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER receipt_begins AFTER INSERT ON billing_receipt DEFERRABLE INITIALLY DEFERRED
  FOR EACH ROW EXECUTE FUNCTION billing_receipt_begins();

CREATE FUNCTION billing_check_step() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public AS $$
DECLARE
  r billing_receipt; v billing_voucher; fits boolean := true;
BEGIN
  SELECT * INTO STRICT r FROM billing_receipt WHERE id = NEW.receipt_id;
  IF NEW.voucher_id IS NOT NULL THEN
    SELECT * INTO STRICT v FROM billing_voucher WHERE id = NEW.voucher_id;
  END IF;
  CASE NEW.verb
    WHEN 'booked' THEN
      fits := v.kind = 'payment' AND v.estate_id = r.estate_id AND coalesce(v.cashier_id = r.cashier_id, true)
        AND (SELECT sum(amount) FROM billing_entry WHERE voucher_id = v.id AND head = 'money') IS NOT DISTINCT FROM r.total;
    WHEN 'voided' THEN
      fits := EXISTS (SELECT FROM billing_receiptstep WHERE receipt_id = r.id AND verb = 'booked' AND voucher_id = v.reverses_id);
    WHEN 'cancelled' THEN
      fits := EXISTS (SELECT FROM billing_receiptstep WHERE receipt_id = r.id AND verb = 'carried');
    ELSE NULL;
  END CASE;
  IF NOT fits OR NEW.estate_id <> r.estate_id THEN
    RAISE EXCEPTION 'receipt %: % does not fit', r.number, NEW.verb USING ERRCODE = 'check_violation';
  END IF;
  RETURN NULL;
END $$;
CREATE TRIGGER check_step AFTER INSERT ON billing_receiptstep FOR EACH ROW EXECUTE FUNCTION billing_check_step();

CREATE FUNCTION billing_check_refund() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public AS $$
BEGIN
  IF TG_OP = 'INSERT' AND NEW.state <> 'asked' OR TG_OP = 'UPDATE' AND (
       (OLD.state, NEW.state) NOT IN (('asked', 'approved'), ('asked', 'declined'), ('approved', 'paid'))
       OR (OLD.decided_by_id IS NOT NULL AND OLD.decided_by_id <> NEW.decided_by_id)) THEN
    RAISE EXCEPTION 'refund %: asked, decided, paid out', NEW.id USING ERRCODE = 'check_violation';
  END IF;
  IF NEW.state = 'paid' AND (SELECT (v.kind, v.estate_id, v.source_kind, v.source_id) = ('refund', NEW.estate_id, 'refund', NEW.id::text)
       AND (SELECT sum(amount) FROM billing_entry WHERE voucher_id = v.id AND head = 'money') = -NEW.amount
       AND NOT EXISTS (SELECT FROM billing_entry WHERE voucher_id = v.id AND head <> 'money' AND account_id <> NEW.account_id)
     FROM billing_voucher v WHERE v.id = NEW.voucher_id) IS NOT TRUE THEN
    RAISE EXCEPTION 'refund %: not what was paid out', NEW.id USING ERRCODE = 'check_violation';
  END IF;
  RETURN NULL;
END $$;
CREATE TRIGGER check_refund AFTER INSERT OR UPDATE ON billing_refund FOR EACH ROW EXECUTE FUNCTION billing_check_refund();
"""

BACK = """
DROP TRIGGER check_refund ON billing_refund; DROP FUNCTION billing_check_refund();
DROP TRIGGER check_step ON billing_receiptstep; DROP FUNCTION billing_check_step();
DROP TRIGGER receipt_begins ON billing_receipt; DROP FUNCTION billing_receipt_begins();
DROP TRIGGER voucher_has_entries ON billing_voucher; DROP FUNCTION billing_voucher_has_entries();
DROP TRIGGER charge_is_booked ON billing_charge; DROP FUNCTION billing_charge_is_booked();
DROP TRIGGER check_charges ON billing_entry; DROP FUNCTION billing_check_charges();
"""

# Which heads a kind of voucher writes under: a waiver is no payment under another name.
HEADS = """
ALTER TABLE billing_entry ADD CONSTRAINT entry_head_of_its_kind CHECK (CASE kind
  WHEN 'charge' THEN head IN ('receivable', 'income', 'agency', 'pending', 'deposit', 'prepaid')
  WHEN 'payment' THEN head IN ('money', 'receivable', 'prepaid', 'pending', 'deposit', 'opening') OR (head = 'waived' AND amount < 0)
  WHEN 'draw' THEN head IN ('prepaid', 'receivable', 'pending', 'deposit')
  WHEN 'waiver' THEN head IN ('receivable', 'waived', 'pending', 'deposit', 'prepaid')
  WHEN 'refund' THEN head <> 'waived' OR amount < 0
  WHEN 'forfeit' THEN head IN ('deposit', 'income', 'agency')
  WHEN 'transfer' THEN head IN ('receivable', 'prepaid', 'pending', 'deposit')
  WHEN 'opening' THEN true ELSE false END)
"""
NO_HEADS = "ALTER TABLE billing_entry DROP CONSTRAINT entry_head_of_its_kind"


class Migration(migrations.Migration):
    dependencies = [("billing", "0010_bank")]

    operations = [
        migrations.RunSQL(CHARGES + WHOLE, BACK),
        migrations.RunSQL(HEADS, NO_HEADS),
    ]
