"""The sheets by which an office brings its old books along (SPEC §14): ledger, opening balances, account numbers."""

from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from billing.imports import reading
from billing.imports.history import AccountNumbers, Ledger, Openings
from office.imports import cells
from office.imports.sheets import Column, Sheet, register

SIDES = (("debit", _("debit")), ("credit", _("credit")))
SIDE_WORDS = {
    "debit": "借 借方 dr debit 应收 收费 计费 欠 charge invoice bill 支 支出",
    "credit": "贷 贷方 cr credit 实收 收款 缴费 缴款 付款 收 收入 payment receipt 退",
}

WHO = (
    Column("unit", _("Unit"), cells.code(40), "房号 房间号 房屋 房屋编号 单元号 房产 室号 地址 unitno unitcode unitnumber property flat apartment room"),
    Column("account", _("Account number"), cells.code(60), "户号 账户 账号 账户编号 客户号 客户编号 业户编号 customer customerno customernumber customerid accountno accountid accountcode acct tenantid tenantcode memberno",
           help=_("The number of the old system; remembered for the account.")),
    Column("name", _("Debtor"), cells.text(120), "业主 业主姓名 姓名 户名 客户名称 客户 付款人 住户 owner ownername tenant resident customername accountname payer"),
)  # fmt: skip
ITEM = Column(
    "item",
    _("Fee item"),
    cells.text(80),
    "收费项目 费用项目 项目 费项 科目 费用名称 费用类型 费用 收费科目 feeitem fee chargetype chargecode feetype",
)

LEDGER = Sheet(
    "ledger",
    # Translators: 收支明細
    _("Old ledger"),
    order=90,
    identity=("unit", "account", "day"),
    load=Ledger(),
    permission="billing.import",
    help=_("Charges and payments of another system, row by row, with their balance: as it kept them."),
    columns=(
        *WHO,
        Column("day", _("Date"), reading.loose_day(), "日期 记账日期 入账日期 业务日期 发生日期 交易日期 收费日期 过账日期 transactiondate postingdate entrydate postdate trandate valuedate", named=True),
        ITEM,
        Column("text", _("Description"), cells.text(200), "摘要 说明 备注 描述 内容 明细 details detail particulars memo narration remarks note comment"),
        Column("period", pgettext_lazy("of a charge", "Period"), reading.month(), "账期 费用期间 所属月份 费用月份 计费月份 所属期 月份 期间 收费期间 billingperiod month forperiod"),
        Column("due_on", _("Due date"), reading.loose_day(), "应缴日期 到期日 到期日期 缴费期限 付款期限 duedate due"),
        Column("charge", _("Charge"), cells.money(), "应收 应收金额 应缴 应缴金额 收费金额 借方 借方金额 借 计费金额 增加 charges charged chargeamount debit debits debitamount dr billed invoiced amountdue"),
        Column("payment", _("Payment"), cells.money(), "实收 实收金额 已收 已缴 实缴 实缴金额 收款 收款金额 缴费金额 贷方 贷方金额 贷 减少 payments paid paymentamount credit credits creditamount cr received receipts amountpaid"),
        Column("amount", _("Amount"), cells.money(), "金额 发生额 交易金额 发生金额 value transactionamount netamount signedamount"),
        Column("side", _("Debit or credit"), cells.choice(SIDES, SIDE_WORDS), "方向 借贷 借贷方向 余额方向 收付 drcr debitcredit dc side direction"),
        Column("kind", _("Type"), cells.text(60), "类型 业务类型 交易类型 单据类型 transactiontype trantype entrytype type"),
        Column("method", _("Payment method"), cells.text(40), "付款方式 支付方式 收款方式 缴费方式 结算方式 paymentmethod paymode method tender"),
        Column("reference", _("Reference"), cells.text(80), "收据号 收据编号 票据号 票号 单号 凭证号 凭证字号 流水号 单据编号 ref refno referenceno receiptno receipt voucherno documentno docno invoiceno transactionid"),
        Column("opening", _("Balance before"), cells.money(), "期初余额 期初 上期余额 上期结余 上期欠费 openingbalance balancebefore previousbalance"),
        Column("balance", _("Balance"), cells.money(), "余额 结余 累计余额 欠费余额 期末余额 当前余额 累计欠费 runningbalance balanceafter closingbalance bal outstanding"),
    ),
)  # fmt: skip

OPENINGS = Sheet(
    "openings",
    # Translators: 期初餘額
    _("Opening balances"),
    order=89,
    identity=("unit", "account", "item", "period"),
    load=Openings(),
    permission="billing.import",
    help=_("What every account owes, has prepaid and left as deposit when the office begins here."),
    columns=(
        *WHO,
        Column("day", _("As of"), reading.loose_day(), "截止日期 结转日期 余额日期 截至 asof asofdate balancedate"),
        ITEM,
        Column("text", _("Description"), cells.text(200), "摘要 说明 备注 details remarks note"),
        Column("period", pgettext_lazy("of a charge", "Period"), reading.month(), "账期 费用期间 所属月份 费用月份 月份 billingperiod month"),
        Column("due_on", _("Due date"), reading.loose_day(), "应缴日期 到期日 到期日期 duedate due"),
        Column("owed", _("Owed"), cells.money(), "欠费 欠费金额 欠款 未缴 未缴金额 期初欠费 应收余额 欠费余额 期初余额 arrears outstanding amountowed balance openingbalance", named=True),
        Column("prepaid", _("Prepaid"), cells.money(), "预存 预存款 预收 预收款 预缴 预缴金额 预存余额 prepayment advance creditbalance"),
        Column("deposit", _("Deposit held"), cells.money(), "押金 押金余额 保证金 按金 deposits depositheld"),
        Column("reference", _("Reference"), cells.text(80), "单号 凭证号 票据号 ref refno"),
    ),
)  # fmt: skip

NUMBERS = Sheet(
    "old_accounts",
    # Translators: 戶號
    _("Account numbers"),
    order=88,
    identity=("account",),
    load=AccountNumbers(),
    permission="billing.import",
    help=_("Which unit and debtor an account number of the old system stands for."),
    columns=(
        Column("account", WHO[1].label, cells.code(60), WHO[1].aliases, required=True),
        Column("unit", WHO[0].label, cells.code(40), WHO[0].aliases, required=True),
        WHO[2],
    ),
)  # fmt: skip


def declare():
    for sheet in (NUMBERS, OPENINGS, LEDGER):
        register(sheet)
