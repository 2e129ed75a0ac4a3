from django.db import migrations

# code, zh-Hant, zh-Hans, en, department: what a new estate starts with (tickets/catalogue.py of this day).
ROWS = [
    ("POLICE", "公安派出所", "公安派出所", "police station", "security"),
    ("FIRE", "消防救援機構", "消防救援机构", "fire service", "security"),
    ("STREET", "街道辦事處", "街道办事处", "street office", "management"),
    ("COMMITTEE", "社區居民委員會", "社区居民委员会", "residents' committee", "management"),
    ("HOUSING", "房屋管理局", "房屋管理局", "housing authority", "management"),
    ("COURT", "人民法院", "人民法院", "court", "management"),
    ("URBAN", "城市管理執法局", "城市管理执法局", "urban management", "environment"),
    ("HEALTH", "衛生監督所", "卫生监督所", "health inspection", "environment"),
    ("MARKET", "市場監督管理局", "市场监督管理局", "market supervision (lifts, pressure vessels)", "repair"),
    ("TAX", "稅務局", "税务局", "tax office", "finance"),
]


def fill(apps, schema_editor):
    authority, estate = apps.get_model("tickets", "Authority"), apps.get_model("office", "Estate")
    authority.objects.bulk_create(
        [
            authority(
                estate_id=pk, code=code, name_zh_hant=hant, name_zh_hans=hans, name_en=english,
                department=department, position=position * 10, is_active=True,
            )
            for pk in estate.objects.values_list("pk", flat=True)
            for position, (code, hant, hans, english, department) in enumerate(ROWS, start=1)
        ],
        ignore_conflicts=True,
    )  # fmt: skip


class Migration(migrations.Migration):
    """Estates opened before get the usual authorities, each with the department that receives it."""

    dependencies = [("tickets", "0008_tickets_write_their_line")]

    operations = [migrations.RunPython(fill, migrations.RunPython.noop)]
