"""Names, telephones and identity numbers of people who do not exist."""

from datetime import timedelta
from functools import cache

from opencc import OpenCC
from stdnum.cn import uscc

# Weighted roughly as they occur.
SURNAMES = (
    "王李張劉陳楊黃趙吳周徐孫馬朱胡林郭何高羅鄭梁謝宋唐許鄧馮韓曹曾彭蕭蔡潘田董袁于余葉蔣杜蘇魏程呂丁沈任姚盧傅鍾姜崔譚陸范汪廖石金賈韋夏"
    "付方鄒熊白孟秦邱侯江尹薛閻段雷龍黎史陶賀毛郝顧龔邵萬覃武錢戴嚴莫孔向常湯翟施洪溫牛樊葛邢安齊伍莊章"
)
COMPOUND = ("歐陽", "司徒", "上官", "諸葛")
MALE = (
    "偉強磊軍勇傑濤明超輝剛健俊峰亮平鵬飛浩宇軒志文國華建東海波斌凱晨睿博承翰子安澤霖家豪啟榮永康振興德昌耀祖"
)
FEMALE = "芳娜敏靜麗艷娟霞秀英玉蘭梅雪慧瑩琳婷倩潔怡欣雅詩夢琪萱涵婉晴佳嘉美玲淑珍惠蓉菲嵐思雨可馨"
ENGLISH = (
    ("James", "m"), ("Oliver", "m"), ("Daniel", "m"), ("Thomas", "m"), ("Marco", "m"), ("Hugo", "m"),
    ("Emma", "f"), ("Sophie", "f"), ("Laura", "f"), ("Chloe", "f"), ("Anna", "f"), ("Maria", "f"),
)  # fmt: skip
ENGLISH_SURNAMES = [
    "Whitfield",
    "Barnes",
    "Osborne",
    "Novak",
    "Moreau",
    "Castelli",
    "Lindqvist",
    "Okafor",
    "Fraser",
    "Hollis",
    "Brandt",
    "Petrov",
    "Silva",
    "Duarte",
]
COMPANY_PLACES = (
    "瀚海",
    "啟明",
    "恒泰",
    "鑫源",
    "佳禾",
    "盛達",
    "雲帆",
    "金穗",
    "宏遠",
    "嘉信",
    "藍庭",
    "百川",
    "同創",
    "安瑞",
)
COMPANY_TRADES = (
    "貿易",
    "餐飲管理",
    "教育諮詢",
    "科技",
    "裝飾工程",
    "醫藥連鎖",
    "文化傳播",
    "商業管理",
    "汽車服務",
    "生鮮超市",
)
# Districts that have had their number since before anybody here was born.
AREA_CODES = (
    "310101",
    "310104",
    "310105",
    "310109",
    "310110",
    "110101",
    "110105",
    "110108",
    "120101",
    "120104",
)
CITIES = (
    "上海市徐匯區",
    "上海市浦東新區",
    "南京市鼓樓區",
    "杭州市上城區",
    "廣州市天河區",
    "深圳市南山區",
    "成都市武侯區",
)
STREETS = (
    "人民路",
    "中山路",
    "解放路",
    "建設路",
    "和平路",
    "新華路",
    "文化路",
    "濱江大道",
    "翠竹街",
    "桂花街",
)
MOBILE = (
    "135",
    "136",
    "137",
    "138",
    "139",
    "150",
    "151",
    "158",
    "159",
    "178",
    "182",
    "186",
    "187",
    "188",
    "189",
)


@cache
def simplified(text):
    """The simplified form; traditional text comes in."""
    return _converter().convert(text)


@cache
def _converter():
    return OpenCC("t2s")


def _written(text, script):
    return simplified(text) if script == "zh-hans" else text


class People:
    """Draws people by lot; `script` decides how most of the names are written."""

    def __init__(self, lot, script, today):
        self.lot, self.script, self.today = lot, script, today

    def surname(self):
        lot = self.lot
        if lot.random() < 0.01:
            return lot.choice(COMPOUND)
        # The front of the list is common, its end rare.
        return SURNAMES[min(int(lot.expovariate(1 / 22)), len(SURNAMES) - 1)]

    def person(self, *, surname="", gender="", age=None):
        """Values of a Person; a few are foreigners, a few write the other script."""
        lot = self.lot
        gender = gender or lot.choice("mf")
        age = lot.randint(24, 82) if age is None else age
        born = self.today - timedelta(days=int(age * 365.25) + lot.randrange(365))
        if age >= 24 and not surname and lot.random() < 0.02:
            first, gender = lot.choice(ENGLISH)
            name = f"{first} {lot.choice(ENGLISH_SURNAMES)}"
            number = f"{lot.choice('EGPNK')}{lot.randrange(10**8):08d}"
            return {
                "name": name,
                "name_en": name,
                "gender": gender,
                "born_on": born,
                "language": "en",
                "identity_type": "passport",
                "identity": number,
            }
        other = {"zh-hant": "zh-hans", "zh-hans": "zh-hant"}[self.script]
        script = other if lot.random() < 0.15 else self.script
        given = "".join(lot.sample(MALE if gender == "m" else FEMALE, 1 if lot.random() < 0.18 else 2))
        return {
            "name": _written((surname or self.surname()) + given, script),
            "surname": surname,
            "gender": gender,
            "born_on": born,
            "language": script if script != self.script else "",
            "identity_type": "cn_id",
            "identity": self.identity(born, gender),
        }

    def company(self):
        lot = self.lot
        place = lot.choice(("上海", "南京", "杭州", "深圳", "成都"))
        name = f"{place}{lot.choice(COMPANY_PLACES)}{lot.choice(COMPANY_TRADES)}有限公司"
        return {
            "kind": "company",
            "name": _written(name, self.script),
            "identity_type": "company",
            "identity": self.registration(),
        }

    def registration(self):
        """A company registration number with its right check character."""
        body = f"91310115MA1{self.lot.choice('GHKL')}{self.lot.randrange(10**5):05d}"
        return body + uscc.calc_check_digit(body)

    def identity(self, born, gender):
        """A resident identity number with its right check digit."""
        serial = self.lot.randrange(0, 500) * 2 + (gender == "m")
        body = f"{self.lot.choice(AREA_CODES)}{born:%Y%m%d}{serial:03d}"
        weights = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
        rest = sum(int(digit) * weight for digit, weight in zip(body, weights, strict=True)) % 11
        return body + "10X98765432"[rest]

    def mobile(self):
        """(as people read it, digits with country code)"""
        first, rest = self.lot.choice(MOBILE), f"{self.lot.randrange(10**8):08d}"
        return f"{first} {rest[:4]} {rest[4:]}", f"86{first}{rest}"

    def landline(self):
        rest = f"{self.lot.randrange(2, 8)}{self.lot.randrange(10**7):07d}"
        return f"021-{rest[:4]} {rest[4:]}", f"8621{rest}"

    def address(self):
        lot = self.lot
        text = f"{lot.choice(CITIES)}{lot.choice(STREETS)}{lot.randint(1, 999)}號{lot.randint(1, 30)}棟{lot.randint(1, 30)}0{lot.randint(1, 4)}室"
        return _written(text, self.script)
