"""Everything people do about money, by object."""

app_name = "billing"
urlpatterns: list = []
