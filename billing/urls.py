"""Everything people do about money, by object."""

from django.urls import path

from billing import bank_urls, meter_urls
from billing.views import (
    accounts,
    charges,
    closing,
    collections,
    counter,
    figures,
    history,
    money_moves,
    notices,
    receipts,
    runs,
    standards,
    terms,
)

app_name = "billing"
urlpatterns = [
    *meter_urls.urlpatterns,
    # days, books and tills that close
    path("close-day/", closing.close_day, name="close_day"),
    path("tills/<int:pk>/", closing.till, name="till"),
    path("closes/", closing.closes, name="closes"),
    path("closes/<int:pk>/", closing.close, name="close"),
    path("closes/<int:pk>/pdf", closing.close_pdf, name="close_pdf"),
    path("close-period/", closing.close_period, name="close_period"),
    path("periods/<int:pk>/pdf", closing.period_pdf, name="period_pdf"),
    path("cash-book/", closing.cash_book, name="cash_book"),
    path("cash-book/pdf", closing.cash_book_pdf, name="cash_book_pdf"),
    *bank_urls.urlpatterns,
    # collections at the door
    path("collections/", collections.collections, name="collections"),
    path("collections/mine/", collections.my_collections, name="my_collections"),
    path("collections/new/", collections.collection_new, name="collection_new"),
    path("collections/pdf", collections.collections_pdf, name="collections_pdf"),
    path("collections/<int:pk>/", collections.collection, name="collection"),
    path("collections/<int:pk>/prepare", collections.collection_prepare, name="collection_prepare"),
    path("collections/<int:pk>/collect", collections.collection_collect, name="collection_collect"),
    path("collections/<int:pk>/give-up", collections.collection_give_up, name="collection_give_up"),
    # an old ledger beside ours
    path("history/<int:pk>", history.history, name="history"),
    path("history/<int:pk>/items", history.history_items, name="history_items"),
    # fee items and standards
    path("items/", standards.standards, name="standards"),
    path("items/new", standards.item_new, name="item_new"),
    path("items/<int:pk>/", standards.item, name="item"),
    path("items/<int:pk>/edit", standards.item_edit, name="item_edit"),
    path("items/<int:pk>/standard", standards.standard_new, name="standard_new"),
    path("standards/<int:pk>/end", standards.standard_end, name="standard_end"),
    path("standards/<int:pk>/remove", standards.standard_remove, name="standard_remove"),
    # what holds for a unit
    path("units/<int:pk>/terms/", standards.unit_terms, name="unit_terms"),
    path("units/<int:pk>/payer", standards.payer_new, name="payer_new"),
    path("units/<int:pk>/percentage", standards.adjustment_new, name="adjustment_new"),
    path("payers/", terms.payers, name="payers"),
    path("percentages/", terms.percentages, name="percentages"),
    path("payers/<int:pk>/end", standards.payer_end, name="payer_end"),
    path("percentages/<int:pk>/end", standards.adjustment_end, name="adjustment_end"),
    # billing runs
    path("runs/", runs.runs, name="runs"),
    path("runs/new", runs.run_new, name="run_new"),
    path("runs/<int:pk>/", runs.run, name="run"),
    path("runs/<int:pk>/pause", runs.run_pause, name="run_pause"),
    path("runs/<int:pk>/resume", runs.run_resume, name="run_resume"),
    path("runs/<int:pk>/stop", runs.run_stop, name="run_stop"),
    # figures and what they are made of
    path("figures/", figures.dashboard, name="figures"),
    path("figures/sheet.pdf", figures.sheet, name="figures_sheet"),
    path("balance/", figures.balance, name="balance"),
    path("charges/", figures.charges, name="charges"),
    path("entries/", figures.entries, name="entries"),
    # a charge
    path("charges/<str:month>/<int:pk>/", charges.charge, name="charge"),
    # the counter
    path("counter/<int:pk>/", counter.counter, name="counter"),
    path("receipts/", receipts.receipts, name="receipts"),
    path("receipts/<int:pk>/", receipts.receipt, name="receipt"),
    path("receipts/<int:pk>/pdf", receipts.receipt_pdf, name="receipt_pdf"),
    path("receipts/<int:pk>/void", money_moves.receipt_void, name="receipt_void"),
    path("receipts/<int:pk>/printed", receipts.receipt_printed, name="receipt_printed"),
    # accounts
    path("accounts/", accounts.accounts, name="accounts"),
    path("accounts/<int:pk>/", accounts.account, name="account"),
    path("accounts/<int:pk>/notice.pdf", notices.notice, name="account_notice"),
    path("accounts/<int:pk>/statement.pdf", notices.statement, name="account_statement"),
    path("notices/", notices.batch, name="notices"),
    path("arrears/", accounts.arrears, name="arrears"),
    path("accounts/<int:pk>/draw", money_moves.draw_prepaid, name="draw"),
    path("accounts/<int:pk>/late", money_moves.late_now, name="late_now"),
    path("accounts/<int:pk>/waive", money_moves.waive, name="waive"),
    path("accounts/<int:pk>/take-over", money_moves.take_over, name="take_over"),
    path("accounts/<int:pk>/deposits/<int:charge>/back", money_moves.deposit_back, name="deposit_back"),
    path(
        "accounts/<int:pk>/deposits/<int:charge>/forfeit", money_moves.deposit_forfeit, name="deposit_forfeit"
    ),
    path("accounts/<int:pk>/bookings/<int:voucher>/back", money_moves.take_back, name="take_back"),
    path("accounts/<int:pk>/refund", money_moves.refund_ask, name="refund_ask"),
    # refunds
    path("refunds/", money_moves.refunds, name="refunds"),
    path("refunds/<int:pk>/", money_moves.refund_page, name="refund"),
    path("refunds/<int:pk>/decide", money_moves.refund_decide, name="refund_decide"),
    path("refunds/<int:pk>/pay", money_moves.refund_pay_out, name="refund_pay_out"),
]
