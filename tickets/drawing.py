"""The repairs of a household, drawn in Python: one of the largest pieces of its page (office/drawing.py)."""

from django.utils.translation import gettext as _

from office.drawing import promised, state, text


def repairs(open, tries, ended, caller=None):
    """Open ones with their clocks, the last callbacks, the last that ended (tickets/reports/household.py)."""
    nothing = _("No open repair.")
    parts = [f'<p class="empty-hint">{text(nothing)}</p>']
    if open:
        parts = [f'<ul class="matters">{"".join(_open(row) for row in open)}</ul>']
    if tries:
        parts.append(_part(_("Last callbacks"), [_try(row) for row in tries]))
    if ended:
        parts.append(_part(_("Last ended"), [_ended(row) for row in ended]))
    return "".join(parts)


def _part(title, rows):
    lines = "".join(f"<li>{row}</li>" for row in rows)
    return f'<h3 class="card-part">{text(title)}</h3><ul class="plain-list plain-tight">{lines}</ul>'


def _muted(*words):
    return " · ".join(text(word) for word in words if word)


def _open(row):
    nothing, hurry = _("nothing is promised yet"), _("urgent")
    clocks = "".join(f"<span>{text(clock['label'])} {promised(clock)}</span>" for clock in row["clocks"])
    clocks = clocks or f'<span class="muted">{text(nothing)}</span>'
    urgent = f" {state(hurry, 'late', 'urgent')}" if row["urgent"] else ""
    return (
        f'<li class="matter"><a class="matter-head" href="{text(row["href"])}">'
        f'<span class="row-link">{text(row["number"])}</span> <span>{text(row["category"])}</span></a> '
        f'{state(*row["state"])}{urgent}<div class="matter-clocks">{clocks}</div>'
        f'<div class="muted matter-note">{_muted(row["opened"], row["technician"], row["problem"])}</div></li>'
    )


def _try(row):
    return (
        f'<a href="{text(row["href"])}">{text(row["number"])}</a> {state(row["outcome"], row["tone"])} '
        f'<span class="muted">{_muted(row["at"], row["by"], row["remark"])}</span>'
    )


def _ended(row):
    return (
        f'<a href="{text(row["href"])}">{text(row["number"])}</a> {text(row["category"])} '
        f'<span class="muted">{_muted(row["at"], row["ending"])}</span>'
    )
