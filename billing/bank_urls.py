"""Everything people do about the bank: statements, mandates, layouts, the list for the tax system."""

from django.urls import path

from billing.views import bank, statements

urlpatterns = [
    # bank statements
    path("bank/lines/", statements.statement_list, name="statements"),
    path("bank/lines/new", statements.statement_new, name="statement_new"),
    path("bank/lines/work", statements.statement_work, name="statement_work"),
    path("bank/lines/book", statements.statement_book, name="statement_book"),
    path("bank/lines/<int:pk>/", statements.statement_line, name="statement_line"),
    path("bank/lines/<int:pk>/assign", statements.statement_assign, name="statement_assign"),
    path("bank/lines/<int:pk>/ignore", statements.statement_ignore, name="statement_ignore"),
    path("bank/lines/<int:pk>/take-up", statements.statement_take_up, name="statement_take_up"),
    # mandates and files
    path("bank/mandates/", bank.mandate_list, name="mandates"),
    path("bank/mandates/new", bank.mandate_new, name="mandate_new"),
    path("bank/mandates/ask", bank.mandate_ask, name="mandate_ask"),
    path("bank/mandates/results", bank.mandate_results, name="mandate_results"),
    path("bank/mandates/<int:pk>/", bank.mandate, name="mandate"),
    path("bank/drafts/", bank.draft_list, name="drafts"),
    path("bank/files/", bank.file_list, name="bank_files"),
    path("bank/files/<int:pk>/", bank.bank_file, name="bank_file"),
    path("bank/files/<int:pk>/out", bank.bank_file_out, name="bank_file_out"),
    path("bank/layouts/", bank.layout_list, name="layouts"),
    path("bank/layouts/new", bank.layout_new, name="layout_new"),
    path("bank/layouts/<int:pk>/", bank.layout, name="layout"),
    path("tax/", bank.tax_list, name="tax_lines"),
]
