"""Monthly reports: the older ones signed by both, the last one on its way (SPEC §4.8)."""

from datetime import datetime, time, timedelta

from config.demo.bulk import as_json
from config.demo.names import simplified
from office import clocks, months, promises
from office.models import MonthReport

OLDER = 3  # reports both have signed
SUMMARY = "本月報修量與上月相若，各部門配合良好；回訪按規定完成，未能聯絡的住户已留言並再次致電。"
REMARKS = {
    "repairs": "雨季前已安排各棟天台及排水口清理，滲漏類報修預計下月回落。",
    "callbacks": "不滿意個案均已轉回維修部返工，並由主管親自再次回訪。",
    "complaints": "投訴均於當天告知住户結果；裝修時段的巡查已加密。",
}
ANALYSIS = "經現場查勘，屬同一部位配件老化；已向供應商訂購配件，下月中旬前統一更換，更換後連續兩週跟進回訪。"
SENT_BACK = "請補充返工個案的原因及下月的改善安排。"


class Reports:
    """What happened to the reports is settled before the repairs, so that the journal has it in its place; their
    figures are read once the repairs are there."""

    def __init__(self, world, comes_back):
        self.world, self.rows = world, []
        first = world.today.replace(day=1)
        for back in range(OLDER + 1, 0, -1):
            self._plan(clocks.add_months(first, -back), back == 1 and comes_back, back == 1)

    def _plan(self, month, comes_back, last):
        world, crew = self.world, self.world.crew
        opened = clocks.midnight(clocks.add_months(month, 1), world.zone)
        row = MonthReport(
            id=world.office.bulk.reserve(MonthReport), estate=world.estate, month=month, drafted_at=opened
        )
        self.rows.append(row)
        self._tell(row, "month.drafted", opened)
        yesterday = world.today - timedelta(days=1)
        day = min(opened.date() + timedelta(days=3 if last else 2), yesterday - timedelta(days=1))
        if day < opened.date():  # the month has only begun: it is still being written
            return
        row.signed_by, row.signed_at = crew.supervisor, self._at(day, 16)
        self._tell(row, "month.saved", row.signed_at - timedelta(minutes=20), crew.supervisor)
        self._tell(row, "month.signed", row.signed_at, crew.supervisor)
        row.state, row.version = MonthReport.State.SIGNED, 3
        if comes_back:
            row.sent_back_by, row.sent_back_at = crew.director, self._at(yesterday, 11)
            row.sent_back_reason, row.state, row.version = (
                self._said(SENT_BACK),
                MonthReport.State.SENT_BACK,
                4,
            )
            self._tell(row, "month.sent_back", row.sent_back_at, crew.director, reason=row.sent_back_reason)
        elif (issued := row.signed_at + timedelta(hours=18)) < world.now:
            row.issued_by, row.issued_at, row.state, row.version = (
                crew.director,
                issued,
                MonthReport.State.ISSUED,
                4,
            )
            self._tell(row, "month.issued", row.issued_at, crew.director)

    def _at(self, day, hour):
        return datetime.combine(day, time(hour), tzinfo=self.world.zone)

    def _said(self, text):
        return simplified(text) if self.world.estate.language == "zh-hans" else text

    def _tell(self, row, verb, at, by=None, **data):
        self.world.office.journal.record(
            at, verb=verb, subject_kind=row.SUBJECT, subject_id=row.pk, subject_text=str(row), estate_id=row.estate_id,
            by_id=by.pk if by else None, by_name=by.name if by else "", data=as_json(data),
        )  # fmt: skip

    def write(self):
        """The reports with their figures, texts and promises; how many rows."""
        for row in self.rows:
            figures = months.compose(row.estate, row.month)
            if row.signed_at:
                row.texts = {"summary": self._said(SUMMARY)} | {
                    key: self._said(text) for key, text in REMARKS.items()
                }
                row.analyses = {one["key"]: self._said(ANALYSIS) for one in months.issues_of(figures)}
            signed_at, signed_by = row.signed_at, row.signed_by
            if row.state == MonthReport.State.SENT_BACK:
                row.signed_at = row.signed_by = None
            row.figures = None if row.is_written else figures
            row.save(force_insert=True)
            self._promise(row, signed_at, signed_by)
        return 3 * len(self.rows)

    def _promise(self, row, signed_at, signed_by):
        def owe(kind, rule, owner, fact_at):
            promises.make(
                kind, rule, subject=row, fact_at=fact_at, now=fact_at, owner=owner, estate=row.estate,
                title=f"{row.estate.name} {row}",
            )  # fmt: skip

        crew = self.world.crew
        owe("month_report", "month_report", crew.supervisor, row.drafted_at)
        if not signed_at:
            return
        promises.keep(row, "month_report", at=signed_at, by=signed_by)
        owe("month_decision", "month_decision", crew.director, signed_at)
        if decided := row.issued_at or (row.is_written and row.sent_back_at):
            promises.keep(row, "month_decision", at=decided, by=crew.director)
        if row.is_written:
            owe("month_report", "month_again", crew.supervisor, row.sent_back_at)
