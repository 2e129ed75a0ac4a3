"""What the tickets app tells the office: promise kinds, number series, journal sentences, search words."""


def register():
    pass
