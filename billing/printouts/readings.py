"""抄表單: the meters of one building in walking order, with what they showed last, to be filled in by hand (SPEC §6.3, §13)."""

from django.utils import translation
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from office import printing
from office.printing import in_language
from office.tables import TableFacts, table_sheet


@in_language
def draw_sheet(table, *, letterhead, language, size):
    return table_sheet(
        table,
        # Translators: 抄表單
        title=_("Meter reading sheet"),
        title_zh="抄表單",
        filename="meter-readings.pdf",
        labels=[[_("Building"), _("Day"), _("Meters")]],
        head=[
            (_("No."), "month center"),
            (_("Unit"), "narrow"),
            (_("Kind"), "date"),
            (_("Meter number"), "medium"),
            (_("Place"), ""),
            (_("Last reading"), "narrow"),
            (_("Usual in a month"), "date"),
            (_("Reading now"), "medium"),
            (_("Note"), "narrow"),
        ],
        signs=[_("Read by"), _("Entered by")],
        letterhead=letterhead,
        language=language,
        size=size,
    )


def meter_sheet(stops, *, estate, building, day):
    """The stops of one round (reports.meters.stops), as the reader takes them along."""
    language = estate.language
    with translation.override(language):
        rows = [
            (
                str(number),
                stop.where,
                str(stop.meter.get_kind_display()),
                stop.meter.serial,
                stop.meter.place,
                stop.last_text,
                stop.usual_text,
                "",
                "",
            )
            for number, stop in enumerate(stops, start=1)
        ]
        name = str(building) if building else _("without a building")
    table = TableFacts([name, f"{day:%Y-%m-%d}", str(len(rows))], rows)
    return draw_sheet(table, letterhead=printing.letterhead(estate, language), language=language, size="A4")


def _blank(*, letterhead, language, size):
    return draw_sheet(TableFacts(blank=18), letterhead=letterhead, language=language, size=size)


def _sample(*, letterhead, language, size):
    from billing.models import Meter

    place = {"en": "corridor", "zh-hans": "走廊表箱"}.get(language, "走廊錶箱")
    with translation.override(language):
        kinds = [str(Meter.Kind.WATER.label), str(Meter.Kind.ELECTRICITY.label)]
        rows = [
            (
                str(n), f"3-2-{1 + n // 4:02d}0{1 + n // 2 % 2}", kinds[n % 2], f"{'WE'[n % 2]}{20260 + n}", place,
                str(118 + n * 37), f"{8 + n % 5} m³" if n % 2 == 0 else f"{160 + n * 3} kWh", "", "",
            )
            for n in range(1, 17)
        ]  # fmt: skip
    table = TableFacts(["3", "2026-03-31", str(len(rows))], rows)
    return draw_sheet(table, letterhead=letterhead, language=language, size=size)


printing.register(printing.Form("meter_sheet", gettext_lazy("Meter reading sheet"), _blank, _sample))
