"""What the sheets share: language, windows, ticks, places, parts."""

from office import money
from office.printing import in_language, public_url

__all__ = [
    "amount_text", "in_language", "part_row", "place_of", "public_url", "sheet_language", "stamp", "ticks", "window_text",
]  # fmt: skip


def sheet_language(ticket):
    return ticket.reporter_language or ticket.estate.language


def window_text(start, end, zone):
    if not start:
        return ""
    start, end = start.astimezone(zone), end.astimezone(zone)
    return f"{start:%Y-%m-%d %H:%M}–{end:%H:%M}"


def stamp(moment, zone):
    return f"{moment.astimezone(zone):%Y-%m-%d %H:%M}" if moment else ""


def ticks(choices, chosen):
    return [(str(label), value == chosen) for value, label in choices]


def place_of(ticket):
    """Where to go: unit, public facility and place, whichever are known."""
    parts = [
        ticket.unit.code if ticket.unit_id else "",
        ticket.asset.name_in(None) if ticket.asset_id else "",
        ticket.place,
    ]
    return "　".join(dict.fromkeys(part for part in parts if part))


def part_row(line, currency):
    price = money.show(line.price, currency) if line.price else ""
    amount = money.show(money.round_half_up(line.price * line.quantity), currency) if line.price else ""
    return (line.text, f"{line.quantity.normalize():f}", price, amount)


def amount_text(value, currency):
    return money.show(value, currency) if value is not None else ""
