"""The default run as a whole, and the real worker and beat the other tests start."""

import json
import os
import re
import signal
import socket
import time
import urllib.error
import urllib.request
from pathlib import Path

import pytest
from django.core.management.base import CommandError

from config.management.commands import serve


def processes(word):
    """Living processes with this word in their environment."""
    found = {}
    for process in Path("/proc").glob("[0-9]*"):
        try:
            if word.encode() in (process / "environ").read_bytes() and int(process.name) != os.getpid():
                found[int(process.name)] = (process / "cmdline").read_bytes().replace(b"\0", b" ").decode()
        except OSError:
            continue
    return found


def answer(address):
    try:
        with urllib.request.urlopen(address, timeout=60) as page:
            return page.status, page.read()
    except urllib.error.HTTPError as refusal:
        return refusal.code, refusal.read()


def until(true, seconds=120):
    end = time.monotonic() + seconds
    while not (found := true()):
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.1)
    return found


def test_serve_opens_supervises_and_ends(own_db, own_redis, start_process, tmp_path):
    run = start_process("manage", "serve", "--host", "127.0.0.1", "--port", "0")
    run.await_printed("Ctrl-C stops everything")
    address = re.search(r"http://[\d.:]+/", run.printed())[0]
    assert answer(f"{address}healthz")[0] == 200
    page = answer(f"{address}account/login/")
    assert page[0] == 200 and b"csrfmiddlewaretoken" in page[1]
    for asset in re.findall(rb'(?:href|src)="/(static/[^"]+\.(?:css|js))"', page[1]):
        assert answer(address + asset.decode())[0] == 200

    ours = processes(f"GUANJIA_TEST_DATABASE={own_db}")
    web = [pid for pid, command in ours.items() if "gunicorn" in command]
    assert {"worker", "beat"} <= {word for command in ours.values() for word in command.split()}
    for pid in web:
        os.kill(pid, signal.SIGKILL)
    run.await_printed("web ended")
    until(lambda: _answers(f"{address}healthz"))
    state = until(lambda: _ready(f"{address}readyz"))
    assert state["database"] == state["broker"] == state["worker"] == state["beat"] == "ok"

    os.kill(run.pid, signal.SIGINT)
    assert run.child.wait(120) == 0
    assert "Stopped." in run.printed() and "Traceback" not in run.printed()
    until(lambda: not processes(f"GUANJIA_TEST_DATABASE={own_db}"))


def _answers(address):
    try:
        return answer(address)[0] == 200
    except OSError:
        return False


def _ready(address):
    code, words = answer(address)
    return json.loads(words) if code == 200 else None


def test_a_taken_port_is_named():
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        with pytest.raises(CommandError, match=rf"127\.0\.0\.1:{port} .*make run PORT={port + 1}"):
            serve.free_port("127.0.0.1", port)
    assert serve.free_port("127.0.0.1", 0) > 0


def test_a_worker_outlives_its_broker(real_worker, own_redis):
    from celery import current_app

    worker = real_worker(concurrency=1)
    own_redis.stop()
    worker.await_printed("Connection to broker lost")
    own_redis.start()
    current_app.send_task("office.tasks.sweep", args=["no such sweep"], ignore_result=True)
    worker.await_printed("office.tasks.sweep[")
    assert worker.child.poll() is None
