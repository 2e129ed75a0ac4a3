"""A process on one database: the production WSGI application, as role `app`, with its connection pool.

It reads a line of JSON, `{"case": name, "times": n, "values": {…}}`, does the case so often and answers a line:
seconds of each time, and what the case says besides. The parent lets lanes and cases take turns.
"""

import json
import os
import subprocess
import sys

from tests import databases


class Lane:
    """The parent's side: `ask("page", 20, path="/")`."""

    def __init__(self, source):
        self.name = f"test_{os.getpid()}_{Lane.count}"
        Lane.count += 1
        databases.create(self.name, source)
        environment = databases.environment_for(self.name) | {"GUANJIA_POOL": "1", "PYTHONHASHSEED": "0"}
        self.process = subprocess.Popen(
            [sys.executable, "-m", "tests.benchmarks.lane"], cwd=databases.ROOT, env=environment,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        )  # fmt: skip

    count = 900  # away from the numbers of tests/conftest.py

    def ask(self, case, times=1, **values):
        self.process.stdin.write(json.dumps({"case": case, "times": times, "values": values}) + "\n")
        self.process.stdin.flush()
        line = self.process.stdout.readline()
        if not line:
            raise RuntimeError(f"the lane on {self.name} ended in case {case}")
        answer = json.loads(line)
        if "error" in answer:
            raise RuntimeError(f"case {case}: {answer['error']}")
        return answer

    def end(self):
        self.process.stdin.close()
        try:
            self.process.wait(20)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.process.stdout.close()
        databases.drop(self.name)


def main():
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # whatever a library prints must not look like an answer
    os.environ["DJANGO_SETTINGS_MODULE"] = "config.settings"
    from django.conf import settings

    settings.ROOT_URLCONF = "tests.benchmarks.urls"
    from config.wsgi import application

    from . import cases

    known = cases.Cases(application)
    for line in sys.stdin:
        asked = json.loads(line)
        try:
            answer = known.run(asked["case"], asked["times"], asked["values"])
        except Exception as problem:
            import traceback

            answer = {"error": f"{type(problem).__name__}: {problem}\n{traceback.format_exc()[-3000:]}"}
        answers.write(json.dumps(answer) + "\n")
        answers.flush()


if __name__ == "__main__":
    main()
