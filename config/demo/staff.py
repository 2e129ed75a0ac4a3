"""The demonstration's staff: one account per role, and enough colleagues for the work there is."""

from dataclasses import dataclass

from django.conf import settings
from django.contrib.auth.hashers import make_password

from office.models import Department, DepartmentHead, Posting, Staff

NAMES = {
    "clerk": ("陳美玲", "May Chan"),
    "cashier": ("何嘉欣", "Kary Ho"),
    "lead": ("黃志強", "Keung Wong"),
    "technician": ("李國榮", "Wing Lee"),
    "guard": ("周大勇", "Yung Chow"),
    "supervisor": ("林雅文", "Ngaman Lam"),
    "director": ("曾慶祥", "Cheung Tsang"),
    "finance": ("蔡敏儀", "Man Choi"),
    "auditor": ("葉永康", "Hong Yip"),
    "admin": ("吳子健", "Kin Ng"),
}
DEPARTMENTS = {
    "clerk": Department.FRONT_DESK,
    "cashier": Department.FRONT_DESK,
    "supervisor": Department.FRONT_DESK,
    "lead": Department.REPAIR,
    "technician": Department.REPAIR,
    "guard": Department.SECURITY,
    "finance": Department.FINANCE,
}
COMPANY_WIDE = ("supervisor", "director", "finance", "auditor", "admin")
CLERKS = ("梁淑芬", "宋曉雨", "郭靜怡", "唐佳慧", "馮麗華", "許文萱", "韓雪", "彭思穎")
CASHIERS = ("鍾惠珍", "丁曉琳", "賴美儀", "葉秋萍")
LEADS = ("鄧建國", "蕭永昌", "石大鵬")
TECHNICIANS = (
    "張永福", "王建軍", "劉德海", "陳水生", "楊國強", "趙志明", "吳金龍", "徐大偉", "孫立新", "馬俊傑", "朱鐵柱", "胡長林",
    "郭建平", "何阿毛", "高峰", "羅文斌", "鄭家豪", "謝春生", "宋保國", "曹海波", "蔡阿炳", "潘志勇", "田壯", "董學文",
)  # fmt: skip


@dataclass
class Crew:
    """Who works at an estate."""

    clerks: list
    lead: Staff
    technicians: list
    supervisor: Staff
    director: Staff
    cashiers: list
    finance: Staff


class Hire:
    """Makes accounts; the password is hashed once, since hashing is slow by design."""

    def __init__(self, now):
        self.now = now
        self.password = make_password(settings.DEMO_PASSWORD)
        self.accounts = {}
        self.numbers = {}

    def account(self, username, name, name_en=""):
        if username not in self.accounts:
            self.accounts[username] = Staff.objects.create(
                username=username, name=name, name_en=name_en, password=self.password, is_demo=True
            )
        return self.accounts[username]

    def colleague(self, role, names):
        """The next account of a role: technician2, technician3 …; names repeat only in very large crews."""
        number = self.numbers[role] = self.numbers.get(role, 1) + 1
        return self.account(f"{role}{number}", names[(number - 2) % len(names)])

    def crew(self, estate, tickets_a_day, first):
        """The role accounts work at the first estate; from supervisor up they work at every one."""
        people = {
            role: [self.account(role, *NAMES[role])] if first or role in COMPANY_WIDE else []
            for role in NAMES
        }
        people["clerk"] += [
            self.colleague("clerk", CLERKS) for _n in range(max(2, min(8, round(tickets_a_day / 25))))
        ]
        people["technician"] += [
            self.colleague("technician", TECHNICIANS)
            for _n in range(max(4, min(40, round(tickets_a_day / 5))))
        ]
        people["cashier"].append(self.colleague("cashier", CASHIERS))
        people["lead"] = people["lead"] or [self.colleague("lead", LEADS)]
        Posting.objects.bulk_create(
            Posting(
                staff=person,
                estate=estate,
                role=role,
                department=DEPARTMENTS.get(role, Department.MANAGEMENT),
            )
            for role, persons in people.items()
            for person in persons
        )
        crew = Crew(
            people["clerk"],
            people["lead"][0],
            people["technician"],
            people["supervisor"][0],
            people["director"][0],
            people["cashier"],
            people["finance"][0],
        )
        self.heads(estate, crew, people)
        return crew

    def heads(self, estate, crew, people):
        chairs = {
            Department.FRONT_DESK: (crew.supervisor, crew.clerks[0]),
            Department.REPAIR: (crew.lead, crew.technicians[0]),
            Department.SECURITY: ((people["guard"] or [crew.supervisor])[0], crew.supervisor),
            Department.ENVIRONMENT: (crew.supervisor, None),
            Department.FINANCE: (people["finance"][0], None),
            Department.MANAGEMENT: (crew.director, crew.supervisor),
        }
        for department, (head, deputy) in chairs.items():
            DepartmentHead.objects.update_or_create(
                estate=estate, department=department, defaults={"head": head, "deputy": deputy}
            )
