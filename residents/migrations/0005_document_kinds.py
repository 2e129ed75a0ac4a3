from django.db import migrations

# As residents/archive.py had them when existing estates got theirs. code, zh-Hant, zh-Hans, en, needed of, one of each person, identity, years kept (SPEC §3.2, §3.8)
KINDS = [
    ("ID-OWNER", "業主身份證複印件", "业主身份证复印件", "copy of the owner's identity card", "person", True, True, 5),
    ("PURCHASE", "購房合同", "购房合同", "purchase contract", "owner", False, False, None),
    ("COMPANY", "單位證明", "单位证明", "company certificate", "company", True, False, 5),
    ("NOTICE", "入住通知書", "入住通知书", "move-in notice", "owner", False, False, 5),
    ("FORM", "住戶登記表", "住户登记表", "registration form", "owner", False, False, 5),
    ("COVENANT", "業主管理規約", "业主管理规约", "management covenant", "owner", False, False, 10),
    ("SERVICE", "前期物業管理協議", "前期物业管理协议", "preliminary service agreement", "owner", False, False, 10),
    ("FIRE", "防火責任書", "防火责任书", "fire-safety undertaking", "owner", False, False, 10),
    ("PROXY", "委託書", "委托书", "power of attorney", "agent", True, False, 5),
    ("ID-AGENT", "受委託人身份證複印件", "受委托人身份证复印件", "copy of the agent's identity card", "agent", True, True, 5),
    ("LEASE", "租賃合同", "租赁合同", "lease", "tenant", True, False, 5),
    ("ID-TENANT", "租戶身份證複印件", "租户身份证复印件", "copy of the tenant's identity card", "tenant", True, True, 2),
    ("MEMBERS", "家庭住戶成員登記表", "家庭住户成员登记表", "household members' form", "", False, False, 5),
    ("MANDATE", "銀行委託協議", "银行委托协议", "bank mandate", "", False, False, 5),
    ("INSPECT", "房屋質量驗收登記表", "房屋质量验收登记表", "inspection sheet", "", False, False, 10),
    ("HANDOVER", "驗房交接表", "验房交接表", "handover sheet", "", False, False, None),
    ("LETTER", "往來函件", "往来函件", "letter", "", False, False, 5),
    ("PHOTO", "現場照片", "现场照片", "photo of the place", "", False, False, 5),
    ("OTHER", "其他", "其他", "other", "", False, False, 5),
]  # fmt: skip


def load(apps, schema_editor):
    Kind, Estate = apps.get_model("residents", "DocumentKind"), apps.get_model("office", "Estate")
    for estate in Estate.objects.order_by("pk"):
        there = set(Kind.objects.filter(estate=estate).values_list("code", flat=True))
        for place, (code, hant, hans, english, needed, each, identity, years) in enumerate(KINDS, start=1):
            if code not in there:
                Kind.objects.create(
                    estate=estate, code=code, name_zh_hant=hant, name_zh_hans=hans, name_en=english, needed=needed,
                    per_person=each, is_identity=identity, keep_years=years, position=10 * place,
                )  # fmt: skip


class Migration(migrations.Migration):
    dependencies = [("residents", "0004_archive")]

    operations = [migrations.RunPython(load, migrations.RunPython.noop)]
