from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from office.models import Case, Department, EstateQuerySet

from .catalogue import Asset, Category, PriceItem


class TicketQuerySet(EstateQuerySet):
    def open(self):
        return self.filter(closed_at__isnull=True)


class Ticket(Case):
    """工單: a repair (or paid service, request for help, preventive work) from the call to the callback (SPEC §4)."""

    class State(models.TextChoices):
        ACCEPTED = "accepted", _("accepted")
        DISPATCHED = "dispatched", _("dispatched")
        IN_PROGRESS = "in_progress", _("in progress")
        WAITING = "waiting", _("waiting")
        TESTING = "testing", _("water test due")
        DONE = "done", _("callback owed")
        CLOSED = "closed", _("closed")
        CANCELLED = "cancelled", _("cancelled")

    was: dict  # not stored: the row as an action found it, for Undo
    crew: set | None = None  # not stored: who went for its work orders, where a page has read them

    class Channel(models.TextChoices):
        PHONE = "phone", _("telephone")
        COUNTER = "counter", _("counter")
        MESSAGE = "message", _("message")
        LETTER = "letter", _("letter")
        PATROL = "patrol", _("patrol")
        PLAN = "plan", _("maintenance plan")
        IMPORT = "import", _("taken over from another system")

    class Cost(models.TextChoices):
        """Who pays (SPEC §4.1). Undecided is not an answer when work is done."""

        UNDECIDED = "undecided", _("not decided")
        WARRANTY = "warranty", _("within warranty, no charge")
        PAID = "paid", _("paid service")
        FREE = "free", _("free of charge, approved")
        PUBLIC = "public", _("public facility, no charge")

    class Waiting(models.TextChoices):
        PARTS = "parts", _("parts")
        RESIDENT = "resident", _("resident")
        CONTRACTOR = "contractor", _("contractor")

    class Ending(models.TextChoices):
        CALLED_BACK = "called_back", _("called back")
        SITE_CHECKED = "site_checked", _("checked on site")
        UNREACHABLE = "unreachable", _("not reachable")
        CANCELLED = "cancelled", _("cancelled")
        DUPLICATE = "duplicate", _("duplicate")
        IMPORTED = "imported", _("closed before it came here")

    SUBJECT = "tickets.ticket"

    state = models.CharField(_("state"), max_length=12, choices=State, default=State.ACCEPTED)
    category = models.ForeignKey(Category, models.PROTECT, related_name="tickets", verbose_name=_("category"))
    # Copied from the category when taken: a later change of the catalogue rewrites no promise.
    stream = models.CharField(
        _("kind of work"), max_length=10, choices=Category.Stream, default=Category.Stream.REPAIR
    )
    risk = models.CharField(_("risk"), max_length=6, choices=Category.Risk)
    department = models.CharField(
        _("department"), max_length=20, choices=Department, default=Department.REPAIR
    )
    building = models.ForeignKey("office.Building", models.PROTECT, null=True, blank=True, related_name="+")
    asset = models.ForeignKey(
        Asset,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="tickets",
        verbose_name=_("public facility"),
    )
    place = models.CharField(
        _("place"), max_length=200, blank=True
    )  # public area, or the address of an old system

    reporter = models.ForeignKey("residents.Person", models.PROTECT, null=True, blank=True, related_name="+")
    reporter_name = models.CharField(_("name"), max_length=120, blank=True)
    reporter_phone = models.CharField(_("telephone"), max_length=40, blank=True)
    reporter_language = models.CharField(max_length=8, blank=True)
    channel = models.CharField(_("channel"), max_length=10, choices=Channel, default=Channel.PHONE)
    problem = models.TextField(_("what is wrong"), max_length=4000)
    urgent = models.BooleanField(_("urgent"), default=False)
    # The agreed window: date and time from–to in the estate's zone.
    window_from = models.DateTimeField(_("convenient from"), null=True, blank=True)
    window_to = models.DateTimeField(_("convenient until"), null=True, blank=True)

    technician = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("technician"),
    )
    waiting_for = models.CharField(_("waiting for"), max_length=10, choices=Waiting, blank=True)
    waiting_until = models.DateField(_("until"), null=True, blank=True)
    waiting_reason = models.CharField(_("reason"), max_length=300, blank=True)

    cost = models.CharField(_("cost"), max_length=10, choices=Cost, default=Cost.UNDECIDED)
    warranty_until = models.DateField(
        _("warranty until"), null=True, blank=True
    )  # what the decision was based on
    cost_reason = models.CharField(_("reason of the decision"), max_length=300, blank=True)
    contractor = models.CharField(_("developer or contractor"), max_length=120, blank=True)
    quoted_amount = models.DecimalField(
        _("quotation"), max_digits=12, decimal_places=2, null=True, blank=True
    )
    agreed_amount = models.DecimalField(
        _("agreed amount"), max_digits=12, decimal_places=2, null=True, blank=True
    )
    consent_by = models.CharField(_("consent given by"), max_length=120, blank=True)
    consent_how = models.CharField(_("how"), max_length=40, blank=True)
    consent_at = models.DateTimeField(_("consent given at"), null=True, blank=True)

    dispatched_at = models.DateTimeField(null=True, blank=True)
    arrived_at = models.DateTimeField(null=True, blank=True)
    work_ended_at = models.DateTimeField(_("work ended"), null=True, blank=True)
    tested_at = models.DateTimeField(_("water test passed"), null=True, blank=True)
    done_at = models.DateTimeField(_("completed"), null=True, blank=True)  # the fact the callback counts from
    result = models.TextField(_("result"), max_length=4000, blank=True)
    rework_count = models.PositiveSmallIntegerField(_("rework"), default=0)
    callback_tries = models.PositiveSmallIntegerField(default=0)
    satisfied = models.BooleanField(_("satisfied"), null=True, blank=True)
    ending = models.CharField(_("ended as"), max_length=12, choices=Ending, blank=True)
    end_reason = models.CharField(_("reason"), max_length=300, blank=True)

    # Preventive work: the plan it comes from and the day it is due; the check list as it stood then.
    plan = models.ForeignKey(
        "tickets.Plan",
        models.PROTECT,
        null=True,
        blank=True,
        related_name="tickets",
        verbose_name=_("maintenance plan"),
    )
    plan_due = models.DateField(_("due on"), null=True, blank=True)
    checks = models.TextField(_("check list"), max_length=4000, blank=True)

    # Same category and place again within the estate's `repeat_days`: set when taken, whether linked or not.
    is_repeat = models.BooleanField(_("repeat"), default=False)
    repeat_of = models.ForeignKey(
        "self", models.PROTECT, null=True, blank=True, related_name="repeats", verbose_name=_("repeat of")
    )
    duplicate_of = models.ForeignKey("self", models.PROTECT, null=True, blank=True, related_name="duplicates")
    source = models.CharField(_("source"), max_length=40, blank=True)
    source_number = models.CharField(_("number in the source"), max_length=60, blank=True)
    source_status = models.CharField(_("status in the source"), max_length=60, blank=True)

    objects = TicketQuerySet.as_manager()

    class Meta:
        verbose_name = _("ticket")
        constraints = [
            models.UniqueConstraint(fields=["estate", "number"], name="ticket_number_once"),
            models.UniqueConstraint(
                fields=["estate", "source", "source_number"],
                condition=~Q(source=""),
                name="ticket_source_once",
            ),
            models.UniqueConstraint(  # one ticket for each due day of a plan, however often it is looked for
                fields=["plan", "plan_due"], condition=Q(plan__isnull=False), name="ticket_of_plan_once"
            ),
            models.CheckConstraint(
                condition=Q(plan__isnull=True, plan_due__isnull=True)
                | Q(plan__isnull=False, plan_due__isnull=False, asset__isnull=False),
                name="ticket_of_plan_has_its_day",
            ),
            models.CheckConstraint(
                condition=Q(unit__isnull=False) | Q(asset__isnull=False) | ~Q(place=""),
                name="ticket_has_a_place",
            ),
            models.CheckConstraint(
                condition=Q(window_from__isnull=True, window_to__isnull=True)
                | Q(window_from__isnull=False, window_to__isnull=False, window_from__lt=F("window_to")),
                name="ticket_window_in_order",
            ),
            models.CheckConstraint(
                condition=Q(state__in=["closed", "cancelled"], closed_at__isnull=False)
                | (~Q(state__in=["closed", "cancelled"]) & Q(closed_at__isnull=True)),
                name="ticket_closed_has_time",
            ),
            models.CheckConstraint(
                condition=~Q(state="waiting")
                | (~Q(waiting_for="") & Q(waiting_until__isnull=False) & ~Q(waiting_reason="")),
                name="ticket_waits_for_something",
            ),
            models.CheckConstraint(
                condition=~Q(state__in=["done"]) | Q(done_at__isnull=False), name="ticket_done_has_time"
            ),
            # A repair cannot close without its callback (SPEC §4.4): closed needs an ending, a callback needs its answer.
            models.CheckConstraint(
                condition=~Q(state="closed")
                # "is not null" is needed: an unknown answer alone would pass the check.
                | Q(ending="called_back", satisfied__isnull=False, satisfied=True, done_at__isnull=False)
                | Q(ending__in=["site_checked", "unreachable"], done_at__isnull=False)
                | Q(ending="imported", source__gt=""),
                name="ticket_closes_by_callback",
            ),
            models.CheckConstraint(
                condition=Q(agreed_amount__isnull=True)
                | Q(agreed_amount__gte=0, consent_at__isnull=False, consent_by__gt=""),
                name="ticket_amount_has_consent",
            ),
        ]
        indexes = [
            models.Index(fields=["estate", "-opened_at", "-id"], name="ticket_newest"),
            models.Index(
                fields=["estate", "next_due_at", "id"],
                condition=Q(closed_at__isnull=True),
                name="ticket_next_clock",
            ),
            models.Index(
                fields=["estate", "state", "-opened_at"],
                condition=Q(closed_at__isnull=True),
                name="ticket_open_state",
            ),
            models.Index(
                fields=["technician", "window_from"],
                condition=Q(closed_at__isnull=True),
                name="ticket_technician",
            ),
            models.Index(
                fields=["unit", "category", "-opened_at"], condition=Q(unit__isnull=False), name="ticket_unit"
            ),
            # The household page: what is open at a unit, what ended last.
            models.Index(
                fields=["unit", "next_due_at", "id"],
                condition=Q(unit__isnull=False, closed_at__isnull=True),
                name="ticket_unit_open",
            ),
            models.Index(
                fields=["unit", "-closed_at", "-id"],
                condition=Q(unit__isnull=False, closed_at__isnull=False),
                name="ticket_unit_ended",
            ),
            models.Index(
                fields=["asset", "category", "-opened_at"],
                condition=Q(asset__isnull=False),
                name="ticket_asset",
            ),
            models.Index(
                fields=["estate", "done_at"], condition=Q(done_at__isnull=False), name="ticket_done"
            ),
        ]

    @property
    def is_open(self):
        return self.closed_at is None

    @property
    def is_leak(self):
        return self.risk == Category.Risk.LEAK

    @property
    def checked_on_site(self):
        """Preventive and patrol tickets are checked on site instead of called back (SPEC §4.4)."""
        return self.stream == Category.Stream.PREVENTIVE or self.channel == self.Channel.PATROL

    @property
    def steps(self):
        """The check list of preventive work, step by step."""
        return [line.strip() for line in self.checks.splitlines() if line.strip()]


class QuoteLine(models.Model):
    """A line of the quotation 報價: labour or part, from the price list or free."""

    ticket = models.ForeignKey(Ticket, models.CASCADE, related_name="quote_lines")
    item = models.ForeignKey(PriceItem, models.PROTECT, null=True, blank=True, related_name="+")
    kind = models.CharField(_("kind"), max_length=6, choices=PriceItem.Kind)
    text = models.CharField(_("description"), max_length=120)
    quantity = models.DecimalField(_("quantity"), max_digits=8, decimal_places=2)
    price = models.DecimalField(_("price"), max_digits=10, decimal_places=2)
    amount = models.DecimalField(_("amount"), max_digits=12, decimal_places=2)
    position = models.PositiveSmallIntegerField(default=1)

    class Meta:
        ordering = ["ticket", "position", "pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(quantity__gt=0, price__gte=0, amount__gte=0), name="quote_line_not_negative"
            )
        ]

    def __str__(self):
        return self.text


class Request(models.Model):
    """More time, or work free of charge: asked for and approved (SPEC §4.3)."""

    class Kind(models.TextChoices):
        TIME = "time", _("more time")
        FREE = "free", _("work free of charge")

    class State(models.TextChoices):
        ASKED = "asked", _("asked")
        APPROVED = "approved", _("approved")
        REFUSED = "refused", _("refused")

    ticket = models.ForeignKey(Ticket, models.PROTECT, related_name="requests")
    kind = models.CharField(_("kind"), max_length=4, choices=Kind)
    promise = models.ForeignKey("office.Promise", models.PROTECT, null=True, blank=True, related_name="+")
    new_due_at = models.DateTimeField(_("new time"), null=True, blank=True)
    reason = models.CharField(_("reason"), max_length=300)
    asked_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    asked_at = models.DateTimeField()
    state = models.CharField(_("state"), max_length=8, choices=State, default=State.ASKED)
    decided_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    decided_at = models.DateTimeField(null=True, blank=True)
    decision = models.CharField(_("answer"), max_length=300, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["ticket", "kind"], condition=Q(state="asked"), name="request_open_once"
            ),
            models.CheckConstraint(
                condition=Q(kind="free") | Q(promise__isnull=False, new_due_at__isnull=False),
                name="request_time_is_whole",
            ),
            models.CheckConstraint(
                condition=Q(state="asked", decided_at__isnull=True)
                | (~Q(state="asked") & Q(decided_at__isnull=False, decided_by__isnull=False)),
                name="request_decided_by_someone",
            ),
        ]

    def __str__(self):
        return f"{self.kind} {self.state}"
