"""The demonstration: believable estates, people and two years of repairs, made up from a seed.

`load.load` writes everything in one transaction; `manage.py load_demo` is its command. Nobody in here exists:
names, telephones and identity numbers are drawn by lot.
"""
