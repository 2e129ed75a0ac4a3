"""What a month comes to, for many units in one statement: the set-based twin of billing/rules/formulas.py (SPEC §6.2).

    lines()       a row per charge to be made: unit_id, building_id, item_id, person_id, amount, from_on, until_on,
                  due_on, basis
    left_out()    a row per unit and item that cannot be charged: unit_id, item_id, why

Parameters by name: estate, period, until (first days of the month and of the next), days (of the month), first and
last (ids of units, both included). What any run has charged a unit for an item is left out, unless `again`: then the
question is what the facts of today would come to (corrections). A test holds it equal to the rules, over random
estates.

How it goes: the month of a unit is cut where a fact changes (owner, payer, percentage, hand-over; for all units where
a standard begins or ends). Nothing changes within a span, so its first day answers for it. Most units have one span;
only the few with several pay for windows and shares. Quotients are rounded as whole numbers: nothing is cut off.
"""

from billing.reports import consumption

# For the transaction that asks: join by hashing. Of CTEs the planner expects a row or two, and would loop over thousands.
IN_BULK = "set_config('enable_nestloop', 'off', true), set_config('jit', 'off', true)"

NOT_YET = """AND NOT EXISTS (SELECT FROM billing_charge c WHERE c.period = %(period)s::date AND c.unit_id = u.id
      AND c.item_id = i.id AND c.source_kind = 'run')"""


def _cuts(table, words=""):
    """Both ends of periods that lie within the month."""
    return " UNION ALL ".join(
        f"""SELECT unit_id, {end}(period) FROM {table} WHERE estate_id = %(estate)s
      AND unit_id BETWEEN %(first)s AND %(last)s AND {end}(period) > %(period)s::date
      AND {end}(period) < %(until)s::date {words}"""  # noqa: S608  names are ours
        for end in ("lower", "upper")
    )


def _facts(again):
    units = "m.unit_id BETWEEN %(first)s AND %(last)s"
    return f"""
WITH item AS MATERIALIZED (
  SELECT i.id, i.formula, i.meter_kind FROM billing_item i
  WHERE i.estate_id = %(estate)s AND i.is_active AND i.formula IN ('area', 'fixed', 'reading', 'shared')
    AND EXISTS (SELECT FROM billing_standard s WHERE s.item_id = i.id
                AND s.period && daterange(%(period)s::date, %(until)s::date))
), standard AS MATERIALIZED (
  SELECT s.*, lower(s.period) AS since, upper(s.period) AS ends FROM billing_standard s JOIN item i ON i.id = s.item_id
  WHERE s.period && daterange(%(period)s::date, %(until)s::date)
), unit AS MATERIALIZED (
  SELECT u.id, u.building_id, u.kind, u.use, u.area, u.handed_over_on, i.id AS item_id, i.formula, i.meter_kind
  FROM office_unit u CROSS JOIN item i
  WHERE u.estate_id = %(estate)s AND u.id BETWEEN %(first)s AND %(last)s {"" if again else NOT_YET}
), step AS (  -- days on which a standard begins or ends
  SELECT since AS day FROM standard WHERE since > %(period)s::date UNION SELECT ends FROM standard WHERE ends < %(until)s::date
), cut AS MATERIALIZED (
  SELECT unit_id, day FROM (
    SELECT id AS unit_id, handed_over_on AS day FROM unit
      WHERE handed_over_on > %(period)s::date AND handed_over_on < %(until)s::date
    UNION ALL {_cuts("residents_occupancy", "AND role IN ('owner', 'developer')")}
    UNION ALL {_cuts("billing_payer")}
    UNION ALL {_cuts("billing_adjustment")}
    UNION ALL SELECT u.id, step.day FROM unit u CROSS JOIN step
  ) changes GROUP BY unit_id, day
), span AS MATERIALIZED (
  SELECT unit_id, day AS from_on, lead(day, 1, %(until)s::date) OVER (PARTITION BY unit_id ORDER BY day) AS until_on,
         count(*) OVER (PARTITION BY unit_id) > 1 AS several
  FROM (SELECT DISTINCT id AS unit_id, %(period)s::date AS day FROM unit
        UNION ALL SELECT unit_id, day FROM cut WHERE unit_id IN (SELECT id FROM unit)) days
), held AS MATERIALIZED (
  SELECT span.*, developer.person_id AS developer, owner.person_id AS owner
  FROM span
  LEFT JOIN residents_occupancy developer ON developer.unit_id = span.unit_id AND developer.role = 'developer'
    AND developer.period @> span.from_on
  LEFT JOIN (
    SELECT DISTINCT ON (span.unit_id, span.from_on) span.unit_id, span.from_on, o.person_id
    FROM span JOIN residents_occupancy o ON o.unit_id = span.unit_id AND o.role = 'owner' AND o.period @> span.from_on
    ORDER BY span.unit_id, span.from_on, o.share DESC, lower(o.period), o.id
  ) owner ON owner.unit_id = span.unit_id AND owner.from_on = span.from_on
), scope AS MATERIALIZED (  -- the narrowest standard for each kind of unit and day
  SELECT alike.*, found.* FROM (
    SELECT DISTINCT unit.building_id, unit.use, unit.kind, unit.item_id, span.from_on
    FROM unit JOIN span ON span.unit_id = unit.id
  ) alike CROSS JOIN LATERAL (
    SELECT s.id AS standard_id, s.price, s.by_days, s.due_days FROM standard s
    WHERE s.item_id = alike.item_id AND s.period @> alike.from_on AND (s.building_id IS NULL OR s.building_id = alike.building_id)
      AND s.use IN ('', alike.use) AND s.unit_kind IN ('', alike.kind)
    ORDER BY s.building_id IS NOT NULL DESC, s.use <> '' DESC, s.unit_kind <> '' DESC LIMIT 1
  ) found
), part AS MATERIALIZED (  -- days on which one pays by one standard at one percentage
  SELECT unit.id AS unit_id, unit.building_id, unit.item_id, unit.formula, unit.meter_kind, unit.area, held.several,
         held.from_on, held.until_on, scope.standard_id, scope.price, scope.by_days, scope.due_days,
         coalesce(adjusted.percent, 100) AS percent,
         CASE WHEN held.from_on < unit.handed_over_on OR held.owner IS NULL
                OR (unit.handed_over_on IS NULL AND held.developer IS NOT NULL) THEN held.developer
              ELSE coalesce(named.person_id, for_all.person_id, held.owner) END AS person_id
  FROM unit JOIN held ON held.unit_id = unit.id
  JOIN scope ON scope.building_id = unit.building_id AND scope.use = unit.use AND scope.kind = unit.kind
    AND scope.item_id = unit.item_id AND scope.from_on = held.from_on
  LEFT JOIN billing_payer named ON named.unit_id = unit.id AND named.item_id = unit.item_id AND named.period @> held.from_on
  LEFT JOIN billing_payer for_all ON for_all.unit_id = unit.id AND for_all.item_id IS NULL AND for_all.period @> held.from_on
  LEFT JOIN billing_adjustment adjusted ON adjusted.unit_id = unit.id AND adjusted.item_id = unit.item_id
    AND adjusted.period @> held.from_on
), used AS MATERIALIZED (
  {consumption.unit_use(f"AND {units}")}
), tier AS MATERIALIZED (
  SELECT t.standard_id, t.above, lead(t.above) OVER (PARTITION BY t.standard_id ORDER BY t.above) AS ends, t.price
  FROM billing_tier t JOIN standard s ON s.id = t.standard_id
), pool AS MATERIALIZED (  -- what a building or the estate shares, of one kind of meter
  SELECT pool.*, row_number() OVER (ORDER BY reach, building_id, kind) AS number FROM (
    {consumption.shared_use()}
  ) pool
), sharer AS (  -- every unit of the estate takes its part, whoever pays it, by the standard of its first day with one
  SELECT u.id AS unit_id, u.building_id, u.area, i.id AS item_id, i.meter_kind, first.id AS standard_id, first.price
  FROM office_unit u
  CROSS JOIN (SELECT * FROM item WHERE formula = 'shared' AND EXISTS (SELECT FROM pool WHERE kind = item.meter_kind)) i
  CROSS JOIN LATERAL (
    SELECT s.id, s.price FROM standard s
    WHERE s.item_id = i.id AND (s.building_id IS NULL OR s.building_id = u.building_id)
      AND s.use IN ('', u.use) AND s.unit_kind IN ('', u.kind)
    ORDER BY greatest(s.since, %(period)s::date), s.building_id IS NOT NULL DESC, s.use <> '' DESC, s.unit_kind <> '' DESC LIMIT 1
  ) first
  WHERE u.estate_id = %(estate)s AND u.area IS NOT NULL
), sharing AS (
  SELECT s.*, p.number, p.reach, p.building_id AS pool_building, p.consumption, p.readings, cost.cost,
         sum(s.area) OVER (PARTITION BY p.number, s.item_id) AS everything,
         sum(s.area) OVER (PARTITION BY p.number, s.item_id, s.standard_id) AS own
  FROM sharer s JOIN pool p ON p.kind = s.meter_kind AND (p.reach = 'estate' OR p.building_id = s.building_id)
  CROSS JOIN LATERAL ({_cost("p.consumption", "s.standard_id", "s.price")}) cost
), cents AS (
  SELECT *, div(200 * cost * own + everything, 2 * everything) AS whole FROM sharing
), shared AS MATERIALIZED (
  SELECT unit_id, item_id, sum(share) AS amount,
         jsonb_agg(jsonb_build_object('reach', reach, 'building', pool_building, 'consumption', consumption::text,
           'area', everything::text, 'share', share::text, 'readings', readings) ORDER BY number) AS pools
  FROM (
    SELECT *, (floor + (place <= whole - sum(floor) OVER (PARTITION BY number, item_id, standard_id))::int) * 0.01 AS share
    FROM (
      SELECT *, div(whole * area, own) AS floor,
             row_number() OVER (PARTITION BY number, item_id, standard_id ORDER BY mod(whole * area, own) DESC, unit_id) AS place
      FROM cents
    ) floors
  ) shares WHERE unit_id BETWEEN %(first)s AND %(last)s GROUP BY unit_id, item_id
)"""  # noqa: S608  nothing but names of ours


def _cost(quantity, standard, price):
    """Exact price of a consumption by tiers, or by the price where there are none; and the tiers as facts."""
    return f"""SELECT coalesce(sum(t.used * t.price), greatest({quantity}, 0) * {price}) AS cost,
      coalesce(jsonb_agg(jsonb_build_object('quantity', t.used::text, 'price', t.price::text) ORDER BY t.above),
        CASE WHEN {quantity} > 0 AND NOT EXISTS (SELECT FROM tier WHERE tier.standard_id = {standard})
          THEN jsonb_build_array(jsonb_build_object('quantity', ({quantity})::text, 'price', ({price})::text))
          ELSE '[]' END) AS tiers
    FROM (SELECT above, price, least({quantity}, coalesce(ends, {quantity})) - above AS used FROM tier
          WHERE tier.standard_id = {standard}) t WHERE t.used > 0"""  # noqa: S608


# What a whole month of a unit is worked out from: its area, 1, the price of its consumption, its shares of the house's.
# `rest` are the facts of the basis beside parts and whole.
_MEASURED = f"""
  SELECT p.unit_id, p.item_id,
         CASE p.formula WHEN 'area' THEN p.area WHEN 'fixed' THEN 1 WHEN 'reading' THEN cost.cost ELSE shared.amount END AS measure,
         CASE p.formula WHEN 'area' THEN jsonb_build_object('formula', 'area', 'area', p.area::text, 'month_days', %(days)s::int)
           WHEN 'fixed' THEN jsonb_build_object('formula', 'fixed', 'month_days', %(days)s::int)
           WHEN 'reading' THEN jsonb_build_object('formula', 'reading', 'quantity', used.consumption::text,
             'tiers', cost.tiers, 'readings', used.readings)
           ELSE jsonb_build_object('formula', 'shared', 'area', p.area::text, 'pools', shared.pools) END AS rest
  FROM charged p
  LEFT JOIN used ON p.formula = 'reading' AND used.unit_id = p.unit_id AND used.kind = p.meter_kind
  LEFT JOIN LATERAL ({_cost("used.consumption", "p.standard_id", "p.price")}) cost
    ON p.formula = 'reading' AND used.consumption IS NOT NULL  -- least() takes no reading for the end of a tier
  LEFT JOIN shared ON p.formula = 'shared' AND shared.unit_id = p.unit_id AND shared.item_id = p.item_id
  WHERE p.turn = 1"""  # noqa: S608

_PART = """jsonb_build_object('from', from_on, 'until', until_on, 'days', until_on - from_on,
             'standard', standard_id, 'price', price::text, 'percent', percent::text)"""


def lines(again=False):
    """SQL: a row per charge to be made, each payer's share by itself."""
    return f"""{_facts(again)}
, paid AS (  -- parts somebody pays; the first decides whether part months count by days
  SELECT part.*, CASE WHEN several THEN row_number() OVER whole ELSE 1 END AS turn,
         CASE WHEN several THEN first_value(by_days) OVER whole ELSE true END AS in_days
  FROM part WHERE person_id IS NOT NULL WINDOW whole AS (PARTITION BY unit_id, item_id ORDER BY from_on)
), charged AS MATERIALIZED (
  SELECT unit_id, building_id, item_id, person_id, formula, meter_kind, area, several, turn, standard_id, price, due_days, percent,
         CASE WHEN in_days THEN from_on ELSE %(period)s::date END AS from_on,
         CASE WHEN in_days THEN until_on ELSE %(until)s::date END AS until_on
  FROM paid WHERE in_days OR turn = 1
), measured AS MATERIALIZED ({_MEASURED}
), alone AS (  -- one part: nothing to divide
  SELECT c.unit_id, c.building_id, c.item_id, c.person_id, c.from_on, c.until_on, c.due_days, m.rest,
         CASE WHEN c.formula IN ('area', 'fixed') THEN c.until_on - c.from_on END AS charged_days,
         jsonb_build_array({_PART}) AS parts,
         round(m.measure * CASE WHEN c.formula IN ('area', 'fixed') THEN c.price ELSE 1 END * c.percent * 0.01, 2) AS whole,
         c.formula
  FROM charged c JOIN measured m USING (unit_id, item_id)
  WHERE NOT c.several AND m.measure IS NOT NULL
), piece AS (  -- parts that are alike and meet are one
  SELECT unit_id, item_id, person_id, standard_id, price, percent, formula, building_id, min(from_on) AS from_on,
         max(until_on) AS until_on, (array_agg(due_days ORDER BY from_on))[1] AS due_days
  FROM (
    SELECT *, sum(fresh) OVER (PARTITION BY unit_id, item_id ORDER BY from_on) AS run FROM (
      SELECT *, CASE WHEN lag(until_on) OVER before = from_on AND lag(person_id) OVER before = person_id
                  AND lag(standard_id) OVER before = standard_id AND lag(percent) OVER before = percent THEN 0 ELSE 1 END AS fresh
      FROM charged WHERE several WINDOW before AS (PARTITION BY unit_id, item_id ORDER BY from_on)
    ) compared
  ) runs GROUP BY unit_id, item_id, run, person_id, standard_id, price, percent, formula, building_id
), payer AS (
  SELECT unit_id, item_id, person_id, formula, building_id, min(from_on) AS from_on, max(until_on) AS until_on,
         (array_agg(due_days ORDER BY from_on))[1] AS due_days, jsonb_agg({_PART} ORDER BY from_on) AS parts,
         sum(until_on - from_on) AS days,
         sum(CASE WHEN formula IN ('area', 'fixed') THEN price ELSE 1 END * percent * (until_on - from_on)) AS weight
  FROM piece GROUP BY unit_id, item_id, person_id, formula, building_id
), weighed AS (
  SELECT p.*, m.rest, m.measure, sum(p.weight) OVER line AS weights, sum(p.days) OVER line AS charged_days
  FROM payer p JOIN measured m USING (unit_id, item_id) WHERE m.measure IS NOT NULL WINDOW line AS (PARTITION BY p.unit_id, p.item_id)
), rounded AS (
  SELECT *, div(200 * measure * weights + per, 2 * per) AS cents FROM (
    SELECT *, 100 * CASE WHEN formula IN ('area', 'fixed') THEN %(days)s::int ELSE charged_days END AS per FROM weighed
  ) quotients WHERE weights > 0
), floors AS (
  SELECT *, div(cents * weight, weights) AS floor,
         row_number() OVER (PARTITION BY unit_id, item_id ORDER BY mod(cents * weight, weights) DESC, from_on) AS place FROM rounded
), divided AS (
  SELECT *, (floor + (place <= cents - sum(floor) OVER (PARTITION BY unit_id, item_id))::int) * 0.01 AS amount FROM floors
), line AS (
  SELECT unit_id, building_id, item_id, person_id, whole AS amount, whole, from_on, until_on, due_days, rest, parts, formula,
         until_on - from_on AS charged_days FROM alone
  UNION ALL
  SELECT unit_id, building_id, item_id, person_id, amount, cents * 0.01, from_on, until_on, due_days, rest, parts, formula, charged_days
  FROM divided
)
SELECT unit_id, building_id, item_id, person_id, round(amount, 2) AS amount, from_on, until_on,
       %(until)s::date - 1 + due_days AS due_on,
       rest || jsonb_build_object('parts', parts, 'whole', round(whole, 2)::text)
         || CASE WHEN formula IN ('reading', 'shared') THEN jsonb_build_object('charged_days', charged_days) ELSE '{{}}' END AS basis
FROM line WHERE amount > 0"""  # noqa: S608


def left_out():
    """SQL: units and items a standard fits, and what keeps them from being charged: area, payer, zero."""
    return f"""{_facts(False)}
SELECT unit_id, item_id, CASE WHEN no_area THEN 'area' WHEN NOT pays THEN 'payer' ELSE 'zero' END AS why
FROM (
  SELECT unit_id, item_id, formula, formula IN ('area', 'shared') AND area IS NULL AS no_area, bool_or(person_id IS NOT NULL) AS pays,
         bool_or(person_id IS NOT NULL AND percent * price > 0) AS comes
  FROM part GROUP BY unit_id, item_id, formula, area
) found WHERE no_area OR NOT pays OR (formula IN ('area', 'fixed') AND NOT comes)"""  # noqa: S608


_CHARGED = """SELECT c.unit_id, c.item_id, a.person_id, sum(e.amount) AS amount, max(c.id) AS charge_id
  FROM billing_charge c JOIN billing_account a ON a.id = c.account_id
  JOIN billing_entry e ON e.charge_id = c.id AND e.head = 'receivable' AND e.kind = 'charge'
  WHERE c.estate_id = %(estate)s AND c.period = {month} AND c.source_kind = 'run'
  GROUP BY c.unit_id, c.item_id, a.person_id HAVING sum(e.amount) <> 0"""


def jumps():
    """SQL: charges to be made that differ by more than %(jump)s percent from the month before, of the same unit and item."""
    return f"""SELECT line.unit_id, line.item_id, line.amount, before.amount AS last FROM (
    SELECT unit_id, item_id, sum(amount) AS amount FROM ({lines()}) lines GROUP BY unit_id, item_id
  ) line JOIN (
    SELECT unit_id, item_id, sum(amount) AS amount FROM ({_CHARGED.format(month="%(before)s::date")}) charged GROUP BY unit_id, item_id
  ) before USING (unit_id, item_id)
  WHERE abs(line.amount - before.amount) * 100 > before.amount * %(jump)s"""  # noqa: S608


def changed():
    """SQL: what was charged and would come out otherwise by the facts of today; one row per unit, item and debtor."""
    return f"""SELECT unit_id, item_id, coalesce(line.amount, 0) AS amount, coalesce(charged.amount, 0) AS charged, charged.charge_id
  FROM ({lines(again=True)}) line FULL JOIN ({_CHARGED.format(month="%(period)s::date")}) charged USING (unit_id, item_id, person_id)
  WHERE line.amount IS DISTINCT FROM charged.amount
    AND EXISTS (SELECT FROM billing_charge c WHERE c.period = %(period)s::date AND c.unit_id = coalesce(line.unit_id, charged.unit_id)
                AND c.item_id = coalesce(line.item_id, charged.item_id) AND c.source_kind = 'run')"""  # noqa: S608


def unreachable():
    """SQL: who would be charged and has neither an address nor an e-mail; letters go to the unit."""
    return f"""SELECT DISTINCT line.unit_id, NULL::bigint AS item_id FROM ({lines()}) line JOIN residents_person p ON p.id = line.person_id
  WHERE p.address = '' AND p.email = ''
    AND NOT EXISTS (SELECT FROM residents_occupancy o WHERE o.unit_id = line.unit_id AND o.person_id = p.id AND o.lives_here
                    AND o.period @> %(period)s::date)"""  # noqa: S608
