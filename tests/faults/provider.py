"""`python -m tests.faults.provider LEDGER`: a provider of text messages with bad manners, on a port it prints.

The first word of a text says how each try is answered, one mode after the other, the last one for ever:
`reset,500,ok hello`. What reaches the telephone is a line of LEDGER: a key that was taken before reaches nobody.
"""

import json
import os
import socket
import struct
import sys
import threading
import time
from collections import Counter
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

tries: Counter = Counter()
taken: set = set()
lock = threading.Lock()


def take(key):
    """The message goes to the telephone, once for each key."""
    with lock:
        if key in taken:
            return
        taken.add(key)
        handle = os.open(sys.argv[1], os.O_WRONLY | os.O_APPEND | os.O_CREAT)
        os.write(handle, f"{key}\n".encode())
        os.close(handle)


class Provider(BaseHTTPRequestHandler):
    def do_POST(self):
        asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        key = self.headers["Idempotency-Key"]
        modes = asked["text"].split()[0].split(",")
        with lock:
            mode = modes[min(tries[key], len(modes) - 1)]
            tries[key] += 1
        print(f"asked {key} {mode}", flush=True)
        getattr(self, f"do_{mode}")(key)

    def answer(self, status, body, **headers):
        data = json.dumps(body).encode()
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def do_ok(self, key):
        take(key)
        self.answer(200, {"id": f"id-{key}"})

    def do_500(self, key):
        self.answer(500, {"error": "database away"})

    def do_taken500(self, key):
        take(key)
        self.answer(502, {"error": "bad gateway"})

    def do_422(self, key):
        self.answer(422, {"error": "no such subscriber"})

    def do_401(self, key):
        self.answer(401, {"error": "token expired"})

    def do_429(self, key):
        self.answer(429, {"error": "too many"}, Retry_After="120")

    def do_409(self, key):
        """Some providers say so when they have the key already."""
        take(key)
        self.answer(409, {"id": f"id-{key}", "error": "duplicate"})

    def do_slow(self, key):
        take(key)
        time.sleep(3)
        self.answer(200, {"id": f"id-{key}"})

    def do_drip(self, key):
        """An answer that comes a letter at a time: no reading ever waits long."""
        take(key)
        for letter in b"HTTP/1.1 200 OK\r\nX-Slowly: " + b"." * 100:
            self.wfile.write(bytes([letter]))
            self.wfile.flush()
            time.sleep(0.1)

    def do_half(self, key):
        take(key)
        self.wfile.write(b'HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{"id": "id-')
        self.close_connection = True

    def do_cut(self, key):
        take(key)
        self.wfile.write(b"HTTP/1.1 20")
        self.close_connection = True

    def do_silence(self, key):
        take(key)
        self.close_connection = True

    def do_reset(self, key):
        take(key)
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.connection.close()
        self.close_connection = True

    def do_away(self, key):
        """It sends us elsewhere."""
        self.answer(302, {}, Location="http://127.0.0.1:9/")

    def log_message(self, *words):
        pass

    def finish(self):
        try:
            super().finish()
        except (OSError, ValueError):
            pass


class Server(ThreadingHTTPServer):
    def handle_error(self, request, client_address):
        pass


if __name__ == "__main__":
    server = Server(("127.0.0.1", 0), Provider)
    print(f"port {server.server_port}.", flush=True)
    server.serve_forever()
