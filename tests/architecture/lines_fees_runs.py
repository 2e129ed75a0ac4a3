"""The billing run: looked at, posted, paused, resumed, left at that."""

from tests.architecture.lines import Line

READ = "clerk cashier supervisor director finance auditor"


def _run(w):
    return {"pk": w.run.pk}


def _state(w):
    return type(w.run).objects.get(pk=w.run.pk).state


def _runs(w):
    from billing.models import Run

    return Run.objects.filter(estate=w.estate).count()


LINES = [
    Line("billing:runs", READ, plain="the runs of the estate in view"),
    Line(
        "billing:run_new",
        "finance",
        post=302,
        data=lambda w: {"period": f"{w.today:%Y-%m}"},
        changes=_runs,
        stranger=(302,),
    ),
    Line("billing:run", READ, args=_run, shows=lambda w: f"{w.run.period:%Y-%m}"),
    Line("billing:run_pause", "finance", get=405, post=302, args=_run, changes=_state),
    Line("billing:run_resume", "finance", get=405, post=302, args=lambda w: {"pk": w.paused_run.pk}, changes=lambda w: type(w.run).objects.get(pk=w.paused_run.pk).state),
    Line("billing:run_stop", "finance", get=405, post=302, args=lambda w: {"pk": w.paused_run.pk}, changes=lambda w: type(w.run).objects.get(pk=w.paused_run.pk).state),
]  # fmt: skip
