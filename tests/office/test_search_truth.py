"""What people type at the counter against whom they mean: the expected row is within the first three (SPEC §2, UX G1).

A believable small estate: households with shared numbers and look-alike names, companies, old and new plates, documents
of two years. Each line of a table is one thing a clerk types; several names mean that each of them is within the first three.
"""

import pytest

from office import phones, search

# name → Chinese name, English name, telephones as an office wrote them
PEOPLE = {
    "zhang": ("張小明", "Cheung Siu Ming", ["13800138000"]),
    "zhang min": ("张曉敏", "", ["139 0013 8123"]),
    "zhang wei": ("張偉", "", ["13802881001"]),
    "zhang weiguo": ("張偉國", "", ["13802881002"]),
    "chan": ("陳大文", "Chan Tai Man, Peter", ["0755-26712345", "+852 9123 4567"]),
    "chan wai": ("陳偉", "Chan Wai", ["6123 4567"]),
    "li": ("李國榮", "", ["13711112222"]),
    "li bai": ("李白", "", ["13711113333"]),
    "zeng": ("曾鑫", "Tsang Yam", ["13912340001"]),
    "shan": ("單雄信", "", ["13912340002"]),
    "qiu": ("仇英", "", ["13912340003"]),
    "ou": ("區慶祥", "Au Hing Cheung", ["13912340004"]),
    "xie": ("解曉東", "", ["13912340005"]),
    "zha": ("查良鏞", "Louis Cha", ["13912340006"]),
    "zhai": ("翟天臨", "", ["13912340007"]),
    "qin": ("覃輝", "", ["13912340008"]),
    "piao": ("朴樹", "", ["13912340009"]),
    "yuchi": ("尉遲恭", "", ["13912340010"]),
    "ouyang": ("歐陽靜", "", ["13912340011"]),
    "sima": ("司馬光", "", ["13912340012"]),
    "lv": ("吕美麗", "", ["13912340013"]),
    "miao": ("繆荃孫", "", ["13912340014"]),
    "ge": ("蓋叫天", "", ["13912340015"]),
    "wei": ("衞詩雅", "Michelle Wai", ["13912340016"]),
    "tai": ("臺靜農", "", ["13912340017"]),
    "huang": ("黃裏", "", ["13912340018"]),
    "ye": ("葉問", "Ip Man", ["13912340019"]),
    "zhou": ("周星馳", "Stephen Chow", ["13912340020"]),
    "smith": ("", "John Ronald Smith", ["+44 20 7946 0958"]),
    "clock": ("深圳市恆泰鐘錶有限公司", "Hang Tai Watch & Clock Ltd", ["0755-8322 9999"]),
    "developer": ("深圳市華潤置地房地產開發有限責任公司福田分公司", "", ["075583000000"]),
    "tea": ("ABC奶茶店", "", ["8001"]),
}
UNITS = [
    "3-2-1201", "3-1-1201", "32-1-201", "3-12A", "3-12B", "3-2-0802", "1-1-1011", "1-1-101", "12-3-0102", "車位C0001",
    "商鋪S-12", "P-007", "A-1203", "儲物室B2-03",
]  # fmt: skip
NUMBERS = ["R2026-000123", "R2026-000124", "R2026-001230", "R2025-000123", "W2026-000077", "F2026-000456"]
PLATES = ["粵B·12345", "粤BD06789", "港AB 1234", "京A88888", "粵Z·5678港"]

PHONES = """
13800138000 = zhang
138 0013 8000 = zhang
138-0013-8000 = zhang
138.0013.8000 = zhang
+8613800138000 = zhang
+86 138 0013 8000 = zhang
(86)13800138000 = zhang
0086 138 0013 8000 = zhang
008613800138000 = zhang
8613800138000 = zhang
１３８００１３８０００ = zhang
電話:13800138000 = zhang
tel:+86-138-0013-8000 = zhang
 13800138000  = zhang
8000 = zhang
38000 = zhang
138000 = zhang
0138000 = zhang
00138000 = zhang
13800 = zhang
1380013 = zhang
138 00 = zhang
8123 = zhang min
139 0013 8 = zhang min
0755-26712345 = chan
075526712345 = chan
0755 2671 2345 = chan
(0755) 2671 2345 = chan
26712345 = chan
2671 2345 = chan
+86 755 2671 2345 = chan
86075526712345 = chan
2345 = chan
12345 = chan, 粵B·12345
+85291234567 = chan
+852 9123 4567 = chan
00852 9123 4567 = chan
852-9123-4567 = chan
91234567 = chan
9123 4567 = chan
4567 = chan, chan wai
34567 = chan, chan wai
+852 6123 4567 = chan wai
61234567 = chan wai
6123 45 = chan wai
8001 = tea
0958 = smith
+44 20 7946 0958 = smith
02079460958 = smith
83229999 = clock
0755 8322 9999 = clock
9999 = clock
0001 = zeng, 車位C0001
"""
NAMES = """
張小明 = zhang
张小明 = zhang
張 小 明 = zhang
　张小明　 = zhang
張小 = zhang
小明 = zhang
明 = zhang
曉敏 = zhang min
晓敏 = zhang min
張曉敏 = zhang min
張偉 = zhang wei
张伟 = zhang wei
張偉國 = zhang weiguo
偉國 = zhang weiguo
陳大文 = chan
陈大文 = chan
大文 = chan
陳 = chan, chan wai
陳偉 = chan wai
曾 = zeng
單 = shan
单雄信 = shan
區慶祥 = ou
区庆祥 = ou
歐陽 = ouyang
欧阳静 = ouyang
歐阳靜 = ouyang
尉迟 = yuchi
尉遲恭 = yuchi
司马光 = sima
呂美麗 = lv
吕美丽 = lv
衛詩雅 = wei
衞詩雅 = wei
卫诗雅 = wei
台靜農 = tai
臺靜農 = tai
台静农 = tai
黃裡 = huang
黄里 = huang
黃裏 = huang
叶问 = ye
葉問 = ye
查良镛 = zha
恆泰鐘錶 = clock
恒泰钟表 = clock
鐘表 = clock
锺錶 = clock
深圳市恆泰 = clock
有限公司 = clock
華潤 = developer
房地产开发 = developer
福田分公司 = developer
福田 = developer
奶茶 = tea
abc = tea
ABC奶茶 = tea
ａｂｃ = tea
"""
PINYIN = """
zxm = zhang, zhang min
ZXM = zhang, zhang min
ｚｘｍ = zhang, zhang min
zhangxiaoming = zhang
zhang xiao ming = zhang
Zhang Xiaoming = zhang
zhangxiaom = zhang
xiaoming = zhang
zhangxm = zhang, zhang min
zw = zhang wei
zwg = zhang weiguo
cdw = chan
lgr = li
lb = li bai
zx = zeng
cx = zeng
zengxin = zeng
cengxin = zeng
sxx = shan
dxx = shan
cxx = shan
shanxiongxin = shan
chanxiongxin = shan
qy = qiu
cy = qiu
qiuying = qiu
chouying = qiu
oqx = ou
qqx = ou
ouqingxiang = ou
quqingxiang = ou
xxd = xie
jxd = xie
xiexiaodong = xie
zly = zha
cly = zha
zhaliangyong = zha
ztl = zhai
dtl = zhai
zhaitianlin = zhai
ditianlin = zhai
qh = qin
th = qin
qinhui = qin
tanhui = qin
ps = piao
piaoshu = piao
pushu = piao
ycg = yuchi
wcg = yuchi
yuchigong = yuchi
weichigong = yuchi
oyj = ouyang
ouyangjing = ouyang
ouyang = ouyang
smg = sima
simaguang = sima
lml = lv
lvmeili = lv
lumeili = lv
lyumeili = lv
mqs = miao
miaoquansun = miao
gjt = ge
gejiaotian = ge
gaijiaotian = ge
tjn = tai
szshtzb = clock
"""
ENGLISH = """
Chan Tai Man = chan
chan tai man = chan
CHAN TAI MAN = chan
Chan Tai-man = chan
Chan, Tai Man = chan
Tai Man Chan = chan
Peter Chan = chan
chan peter = chan
peter = chan
ctm = chan
Ｃｈａｎ　Ｔａｉ = chan
chan wai = chan wai
wai chan = chan wai
Stephen Chow = zhou
chow stephen = zhou
chow = zhou
step = zhou
Louis Cha = zha
Cha Louis = zha
Ip Man = ye
smith = smith
John Smith = smith
smith john = smith
jrs = smith
Cheung Siu Ming = zhang
siu ming cheung = zhang
hang tai = clock
watch = clock
watch & clock = clock
Michelle Wai = wei
"""
CODES = """
3-2-1201 = 3-2-1201
3 2 1201 = 3-2-1201
3/2/1201 = 3-2-1201
3.2.1201 = 3-2-1201
3－2－1201 = 3-2-1201
３ ２ １２０１ = 3-2-1201
03-02-1201 = 3-2-1201
321201 = 3-2-1201
3座2單元1201室 = 3-2-1201
3栋2单元1201 = 3-2-1201
3棟2單元1201 = 3-2-1201
3幢2單元1201房 = 3-2-1201
3号楼2单元1201 = 3-2-1201
三座二單元一二〇一 = 3-2-1201
3座2單元12樓01室 = 3-2-1201
2-1201 = 3-2-1201
2單元1201 = 3-2-1201
3-1201 = 3-2-1201, 3-1-1201
3座1201 = 3-2-1201, 3-1-1201
1201 = 3-2-1201, 3-1-1201
120 = 3-2-1201, 3-1-1201
3-2-12 = 3-2-1201
3-2 = 3-2-1201, 3-2-0802
32-1-201 = 32-1-201
32座1單元201 = 32-1-201
321201 = 32-1-201
3-12A = 3-12A
3-12a = 3-12A
3 12A = 3-12A
312A = 3-12A
312a = 3-12A
3/12/A = 3-12A
3-12-A = 3-12A
3座12A = 3-12A
3座12樓A室 = 3-12A
3座12楼A = 3-12A
三座十二樓A室 = 3-12A
三座十二樓 = 3-12A, 3-12B
3座12/F A = 3-12A
Block 3 Flat 12A = 3-12A
block 3, 12/F, flat A = 3-12A
Blk 3 Rm 12A = 3-12A
Tower 3 Unit 12B = 3-12B
12A = 3-12A
3-2-802 = 3-2-0802
3-2-0802 = 3-2-0802
3座2單元8樓02室 = 3-2-0802
320802 = 3-2-0802
802 = 3-2-0802
0802 = 3-2-0802
1-1-1011 = 1-1-1011
1-1-101 = 1-1-101
11101 = 1-1-101
十二座三單元0102 = 12-3-0102
12-3-102 = 12-3-0102
C0001 = 車位C0001
c0001 = 車位C0001
車位C0001 = 車位C0001
车位c0001 = 車位C0001
車位 C-0001 = 車位C0001
商鋪S-12 = 商鋪S-12
商铺s12 = 商鋪S-12
S-12 = 商鋪S-12
s12 = 商鋪S-12
P-007 = P-007
P007 = P-007
P-7 = P-007
p7 = P-007
A1203 = A-1203
A座1203 = A-1203
a-1203 = A-1203
B2-03 = 儲物室B2-03
储物室b203 = 儲物室B2-03
"""
DOCUMENTS = """
R2026-000123 = R2026-000123
r2026-000123 = R2026-000123
R2026000123 = R2026-000123
Ｒ２０２６－０００１２３ = R2026-000123
R2026 000123 = R2026-000123
R2026-123 = R2026-000123
2026-000123 = R2026-000123
2026-123 = R2026-000123
2025-123 = R2025-000123
000123 = R2026-000123, R2025-000123
123 = R2026-000123, R2025-000123
R2026-0001 = R2026-000123, R2026-000124
1230 = R2026-001230
W2026-77 = W2026-000077
77 = W2026-000077
456 = F2026-000456
粵B·12345 = 粵B·12345
粤B12345 = 粵B·12345
粵B 12345 = 粵B·12345
B12345 = 粵B·12345
b 123 45 = 粵B·12345
b123 = 粵B·12345
粵BD06789 = 粤BD06789
粤B D06789 = 粤BD06789
BD06789 = 粤BD06789
06789 = 粤BD06789
AB1234 = 港AB 1234
ab 1234 = 港AB 1234
AB-1234 = 港AB 1234
1234 = 港AB 1234
京A88888 = 京A88888
A88888 = 京A88888
88888 = 京A88888
粤Z5678港 = 粵Z·5678港
Z5678 = 粵Z·5678港
"""
NOBODY = """
王五
諸葛亮
zzz
qqq
Nobody Here
13999999999
+852 5555 5555
7777
3-2-9999
99-9-9999
R2027-000001
粵C99999
z
3
%
_
'; drop table
\\
/
-
…
📞
"""
TABLES = {
    "phones": PHONES,
    "names": NAMES,
    "pinyin": PINYIN,
    "english": ENGLISH,
    "codes": CODES,
    "documents": DOCUMENTS,
}


def lines_of(table):
    for line in table.strip("\n").splitlines():
        typed, meant = line.rsplit(" = ", 1)
        yield typed, [name.strip() for name in meant.split(",")]


@pytest.fixture
def town(estate, monkeypatch):
    """(kind, id) → the name it has in the tables."""
    monkeypatch.setitem(search.ANSWERS_TO, "test.vehicle", ("plate",))
    subjects = [("person", name, person_keys(*facts)) for name, facts in PEOPLE.items()]
    subjects += [("unit", code, search.keys_of_code(code)) for code in UNITS]
    subjects += [("tickets.ticket", number, search.keys_of_number(number)) for number in NUMBERS]
    subjects += [("test.vehicle", plate, search.keys_of_plate(plate)) for plate in PLATES]
    names = {}
    for number, (kind, name, keys) in enumerate(subjects, start=1):
        search.put_many(kind, [(number, estate.pk, keys)])
        names[kind, number] = name
    return names


def person_keys(name, english, numbers):
    keys = search.keys_of_name(name, english)
    for number in numbers:
        keys |= search.keys_of_phone(phones.read(number, "CN"))
    return keys


@pytest.mark.parametrize("name", TABLES)
def test_who_is_meant_stands_within_the_first_three(town, estate, name):
    wrong = {}
    for typed, meant in lines_of(TABLES[name]):
        first = [town[hit.subject_kind, hit.subject_id] for hit in search.find([estate.pk], typed)][:3]
        if not set(meant) <= set(first):
            wrong[typed] = (meant, first)
    assert wrong == {}


def test_what_is_not_there_is_not_found(town, estate):
    found = {typed: search.find([estate.pk], typed) for typed in NOBODY.strip("\n").splitlines()}
    assert {typed: hits for typed, hits in found.items() if hits} == {}


def test_half_typed_is_never_lost(town, estate):
    """From the fourth character on of a name, a code or a telephone the row stays in sight while one goes on typing."""
    for whole, kind in (
        ("深圳市恆泰鐘錶", "person"),
        ("zhangxiaoming", "person"),
        ("chan tai man", "person"),
        ("13800138000", "person"),
        ("3-2-1201", "unit"),
        ("3座2單元1201室", "unit"),
        ("R2026-000123", "tickets.ticket"),
        ("粵B12345", "test.vehicle"),
    ):
        meant = search.find([estate.pk], whole)[0]
        assert meant.subject_kind == kind
        for length in range(4, len(whole) + 1):
            hits = search.find([estate.pk], whole[:length])
            assert meant.subject_id in [hit.subject_id for hit in hits], whole[:length]


def test_the_table_is_long_enough():
    assert sum(len([*lines_of(table)]) for table in TABLES.values()) >= 150
