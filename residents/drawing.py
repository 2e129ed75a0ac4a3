"""The people of a household, drawn in Python: one of the largest pieces of its page (office/drawing.py)."""

from django.utils.translation import gettext as _

from office.addresses import row_address
from office.drawing import state, text
from office.templatetags.ui import icon


def people(house, caller=None):
    """Owners, who lives there, all others; who is on the telephone stands out."""
    # Translators: 業主
    parts = [_part(_("Owners"), house.owners, caller, _("No owner is recorded."))]
    if house.living_beside or not house.living_here:
        nobody = _("Nobody is recorded as living here.")
        parts.append(_part(_("Who lives here"), house.living_beside, caller, nobody))
    if house.others:
        parts.append(_part(_("Others"), house.others, caller))
    return "".join(parts)


def _part(title, residents, caller, nobody=""):
    calling = caller and caller["pk"]
    rows = "".join(_person(one, one.person_id == calling) for one in residents)
    rows = rows or f'<li class="empty-hint">{text(nobody)}</li>'
    return f'<h3 class="card-part">{text(title)}</h3><ul class="household-people">{rows}</ul>'


def _person(one, is_calling):
    away, calls = _("lives elsewhere"), _("is calling")
    english = f' <span lang="en">{text(one.name_en)}</span>' if one.name_en not in ("", one.name) else ""
    role = f"{one.role_label} {one.share_text}" if one.share_text else one.role_label
    elsewhere = f"{text(away)} · " if one.role == "owner" and not one.lives_here else ""
    calling = f" {state(calls, 'good', 'phone-incoming')}" if is_calling else ""
    note = f'<p class="alert alert-warning">{icon("alert-triangle")} {text(one.note)}</p>' if one.note else ""
    return (
        f'<li class="household-person{" is-calling" if is_calling else ""}"><div>'
        f'<a href="{row_address("residents:person", one.person_id)}"><strong>{text(one.name)}</strong></a>{english} '
        f'{state(role, "quiet")}{calling} <span class="muted">{elsewhere}{text(one.period_text)}</span></div>'
        f"{note}{phones(one.phones)}</li>"
    )


def phones(lines):
    """As residents/_phones.html: each line (number, href, label) is a link a softphone opens."""
    if not lines:
        nothing = _("no telephone number")
        return f'<span class="text-secondary">{text(nothing)}</span>'
    drawn = []
    for line in lines:
        label = f' <span class="text-secondary">{text(line.label)}</span>' if line.label else ""
        number = f'<a class="btn btn-sm" href="{text(line.href)}">{icon("phone")} {text(line.number)}</a>'
        drawn.append(f"<li>{number}{label}</li>")
    return f'<ul class="list-unstyled mb-0">{"".join(drawn)}</ul>'
