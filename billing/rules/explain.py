"""What a charge was worked out from, kept with it as text (`Charge.basis`), and said in figures anybody can check.

"85.20 m² × 2.80 × 18/30 days × 70%". Numbers stand in the basis as the database writes them ("2.8000"); the sentences
drop what is not needed. The shapes, by formula (every number as text, days and ids as numbers, dates as YYYY-MM-DD):

    area      area, month_days, parts, whole                      parts: [{from, until, days, standard, price, percent}]
    fixed     month_days, parts, whole
    reading   quantity, tiers [{quantity, price}], charged_days, parts, whole, readings (billing/reports/consumption.py)
    shared    area, pools [{reach, building, consumption, area, share, readings}], tiers empty, charged_days, parts, whole
    late      charge, period, due_on, amount, parts [{from, until, days, open, rate, standard}], cap, before
    once      nothing; the charge's text says what was agreed

`whole` is the unit's amount of the month, of which this charge is the payer's share; `parts` are the payer's own days.
A basis without `formula` (opening balances, counter items) is explained by its text alone.
"""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from billing.models import Item
from billing.rules import formulas
from office import money

F = Item.Formula


# --- written ------------------------------------------------------------------------------------------------------


def _parts(share):
    return [
        {
            "from": part.from_on.isoformat(),
            "until": part.until_on.isoformat(),
            "days": part.days,
            "standard": part.terms.standard,
            "price": str(part.terms.price),
            "percent": str(part.percent),
        }
        for part in share.parts
    ]


def monthly(formula, share, period, area=None):
    basis = {
        "formula": str(formula),
        "month_days": len(formulas.days_of(period)),
        "parts": _parts(share),
        "whole": str(share.whole),
    }
    return basis if area is None else basis | {"area": str(area)}


def reading(share, consumption, charged_days, readings=()):
    tiers = formulas.in_tiers(consumption, share.parts[0].terms)
    return {
        "formula": F.READING.value,
        "quantity": str(consumption),
        "tiers": [{"quantity": str(used), "price": str(price)} for used, price in tiers],
        "charged_days": charged_days,
        "parts": _parts(share),
        "whole": str(share.whole),
        "readings": list(readings),
    }


def shared(share, area, pools, charged_days):
    return {
        "formula": F.SHARED.value,
        "area": str(area),
        "pools": list(pools),
        "charged_days": charged_days,
        "parts": _parts(share),
        "whole": str(share.whole),
    }


def late(charge, parts, before):
    return {
        "formula": F.LATE.value,
        "charge": charge.pk,
        "period": charge.period.isoformat(),
        "due_on": charge.due_on.isoformat(),
        "amount": str(charge.amount),
        "before": str(before),
        "cap": None if parts[-1].terms.cap is None else str(parts[-1].terms.cap),
        "parts": [
            {
                "from": part.from_on.isoformat(),
                "until": part.until_on.isoformat(),
                "days": part.days,
                "open": str(part.open),
                "rate": str(part.terms.rate),
                "standard": part.terms.standard,
            }
            for part in parts
        ],
    }


# --- read ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Step:
    """A line of the explanation: what, in figures, and what it comes to (exact; None where nothing is added)."""

    words: str
    figures: str
    amount: Decimal | None = None
    standard: int | None = None


def short(basis):
    """One line for receipts and statements: "85.20 m² × 2.80 × 18/30 days". Empty where the text says it all."""
    return " + ".join(step.figures for step in steps(basis) if step.amount is not None)


def steps(basis) -> list[Step]:
    """The lines an amount is the sum of. The charge's amount is their sum, rounded once; see `rounding`."""
    read = {
        F.AREA: _monthly_steps,
        F.FIXED: _monthly_steps,
        F.READING: _reading_steps,
        F.SHARED: _shared_steps,
        F.LATE: _late_steps,
    }.get(basis.get("formula"))
    return read(basis) if read else []


def exact(basis):
    """What the figures come to before rounding, or None where there are none."""
    found = [step.amount for step in steps(basis) if step.amount is not None]
    return sum(found, Decimal(0)) if found else None


def is_share(basis, amount):
    """Is the charge a share of a whole that others pay too?"""
    return bool(basis.get("whole")) and Decimal(basis["whole"]) != amount


def _monthly_steps(basis):
    quantity = Decimal(basis.get("area", 1))
    found = []
    for part in basis["parts"]:
        price, percent = Decimal(part["price"]), Decimal(part["percent"])
        figures = [number(price)]
        if "area" in basis:
            figures.insert(0, _("%(area)s m²") % {"area": number(quantity, 2)})
        figures += _fraction(part["days"], basis["month_days"]) + _percent(percent)
        amount = quantity * price * percent * part["days"] / (100 * basis["month_days"])
        found.append(Step(_days(part), " × ".join(figures), amount, part["standard"]))
    return found


def _reading_steps(basis):
    tiers = [(Decimal(tier["quantity"]), Decimal(tier["price"])) for tier in basis["tiers"]]
    figures = " + ".join(f"{number(used)} × {number(price)}" for used, price in tiers)
    whole = sum((used * price for used, price in tiers), Decimal(0))
    return _by_days(basis, whole, figures, many=len(tiers) > 1)


def _shared_steps(basis):
    found = []
    for pool in basis["pools"]:
        words = _("its building") if pool["reach"] == "building" else _("the whole estate")
        figures = _("%(consumption)s by area: %(area)s of %(all)s m²") % {
            "consumption": number(Decimal(pool["consumption"])),
            "area": number(Decimal(basis["area"]), 2),
            "all": number(Decimal(pool["area"]), 2),
        }
        found.append(Step(words, f"{figures} = {money.show(Decimal(pool['share']))}"))
    shares = [Decimal(pool["share"]) for pool in basis["pools"]]
    figures = " + ".join(money.show(share) for share in shares)
    return found + _by_days(basis, sum(shares, Decimal(0)), figures, many=len(shares) > 1)


def _by_days(basis, whole, figures, many):
    found = []
    for part in basis["parts"]:
        factors = _fraction(part["days"], basis["charged_days"]) + _percent(Decimal(part["percent"]))
        text = f"({figures})" if many and factors else figures
        amount = whole * part["days"] * Decimal(part["percent"]) / (100 * basis["charged_days"])
        found.append(Step(_days(part), " × ".join([text, *factors]), amount, part["standard"]))
    return found


def _late_steps(basis):
    found: list[Step] = []
    total = Decimal(0)
    for part in basis["parts"]:
        still_open, rate = Decimal(part["open"]), Decimal(part["rate"])
        days = ngettext("%(days)s day", "%(days)s days", part["days"]) % {"days": part["days"]}
        figures = f"{money.show(still_open)} × {number(rate * 100)}% × {days}"
        fee = still_open * rate * part["days"]
        found.append(Step(_days(part), figures, fee, part["standard"]))
        total += fee
    if basis.get("cap") is not None:
        most = Decimal(basis["amount"]) * Decimal(basis["cap"]) / 100
        if most < total:
            words = _("At most %(cap)s%% of the amount") % {"cap": number(Decimal(basis["cap"]))}
            found.append(
                Step(
                    words,
                    f"{money.show(Decimal(basis['amount']))} × {number(Decimal(basis['cap']))}%",
                    most - total,
                )
            )
    before = Decimal(basis["before"])
    if before:
        found.append(Step(_("Charged before"), f"− {money.show(before)}", -before))
    return found


def _fraction(days, of_days):
    return [] if days == of_days else [_("%(days)s/%(of)s days") % {"days": days, "of": of_days}]


def _percent(percent):
    return [] if percent == 100 else [f"{number(percent)}%"]


def _days(part):
    """The first and the last day."""
    return f"{part['from']} – {date.fromisoformat(part['until']) - formulas.DAY}"


def number(value, places=None):
    """2.8000 → 2.80, 0.05 → 0.05, 12.000 → 12, 3.4567 → 3.4567: two places of what has some, all that matter."""
    value = Decimal(value).normalize()
    exponent = value.as_tuple().exponent
    if places is None:
        places = 0 if exponent >= 0 else max(2, -exponent)
    return f"{value:,.{places}f}"
