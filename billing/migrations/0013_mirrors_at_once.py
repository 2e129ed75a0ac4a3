"""Reversals are compared with what they reverse all at once: taking back thousands costs no more than each of them."""

from importlib import import_module

from django.db import migrations

# The function as it was written, with CREATE OR REPLACE: owner, rights and trigger stay.
BEFORE = (
    "CREATE OR REPLACE"
    + import_module("billing.migrations.0002_ledger").ENTRIES.split("CREATE", 1)[1].split("END $$;")[0]
    + "END $$;"
)
STEP, NEXT = "  -- 3. A reversal is the mirror", "  -- 4. Closed days stay closed."

# The entries reversed are looked up by their voucher, however many these are (OFFSET 0 keeps the planner to it).
MIRRORS = """  -- 3. A reversal is the mirror of what it reverses, whole.
  SELECT v.id INTO wrong FROM (SELECT DISTINCT voucher_id FROM new_rows) n
    JOIN billing_voucher v ON v.id = n.voucher_id AND v.reverses_id IS NOT NULL
    WHERE NOT EXISTS (SELECT FROM billing_entry WHERE voucher_id = v.reverses_id)
    OR EXISTS (SELECT FROM billing_voucher r WHERE r.id = v.reverses_id AND r.reverses_id IS NOT NULL) LIMIT 1;
  IF NOT FOUND THEN
    SELECT id INTO wrong FROM (
      SELECT v.id, e.* FROM (SELECT DISTINCT voucher_id FROM new_rows) n
        JOIN billing_voucher v ON v.id = n.voucher_id AND v.reverses_id IS NOT NULL
        CROSS JOIN LATERAL (
          SELECT head, account_id, item_id, building_id, charge_id, period, due_on, method, amount FROM billing_entry
            WHERE voucher_id = v.reverses_id OFFSET 0
        ) e
      UNION ALL
      SELECT v.id, n.head, n.account_id, n.item_id, n.building_id, n.charge_id, n.period, n.due_on, n.method, n.amount FROM new_rows n
        JOIN billing_voucher v ON v.id = n.voucher_id AND v.reverses_id IS NOT NULL
    ) both_sides
    GROUP BY id, head, account_id, item_id, building_id, charge_id, period, due_on, method HAVING sum(amount) <> 0 LIMIT 1;
  END IF;
  IF FOUND THEN
    RAISE EXCEPTION 'voucher % is not the mirror of what it reverses', wrong USING ERRCODE = 'check_violation';
  END IF;
"""
AFTER = BEFORE.split(STEP)[0] + MIRRORS + NEXT + BEFORE.split(NEXT)[1]


class Migration(migrations.Migration):
    dependencies = [("billing", "0012_each_key_once")]

    operations = [migrations.RunSQL(AFTER, BEFORE)]
