"""Why an action did not happen, in one translated sentence a clerk understands."""

from django.utils.translation import gettext_lazy as _


class Refused(Exception):
    """The rule says no. `sentence` is what the disabled button shows too."""

    def __init__(self, sentence):
        super().__init__(str(sentence))
        self.sentence = sentence


class Stale(Refused):
    """Somebody changed the row after the page was opened."""

    def __init__(self):
        super().__init__(
            _(
                "Somebody changed this in the meantime. The page now shows the present state; please check and save again."
            )
        )
