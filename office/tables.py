"""Sheets that are a table under a few facts: registers and lists of the day (SPEC §13). Every room draws them from here."""

from dataclasses import dataclass, field

from office.printing import Printout


@dataclass
class TableFacts:
    """`facts` are the texts beside the labels in their order, `rows` the lines, `blank` how many to fill in by hand."""

    facts: list = field(default_factory=list)
    rows: list = field(default_factory=list)
    blank: int = 0


def table_sheet(
    table, *, title, title_zh, filename, labels, head, signs, letterhead, language, size, landscape=False
):
    """`labels` is a row of texts per line of facts, `head` (words, classes) per column, `signs` who signs below;
    `landscape` turns the sheet for many columns."""
    texts = iter(table.facts)
    return Printout(
        template="print/table.html",
        title=title,
        filename=filename,
        size=size,
        language=language,
        context={
            "letterhead": letterhead,
            "landscape": landscape,
            "title_zh": title_zh,
            "facts": [[(label, next(texts, "")) for label in row] for row in labels],
            "head": head,
            "rows": table.rows,
            "blank": range(table.blank),
            "signs": [(who, "") for who in signs],
        },
    )
