"""Readers of the web server: some that ask at a steady pace, and some that only listen."""

import collections
import re
import selectors
import socket
import threading
import time

LENGTH = re.compile(rb"\r\nContent-Length: (\d+)\r\n", re.IGNORECASE)
# Connections that ask; with all of them waiting, requests wait too, and the wait counts.
CONNECTIONS = 32
# The server takes 64 connections of one address; all of 127.0.0.0/8 is loopback.
OF_ONE_ADDRESS = 50
ANSWER_SECONDS = 30


class Connection:
    """One that is kept open, with at most one request under way."""

    def __init__(self, port):
        self.socket = socket.create_connection(("127.0.0.1", port))
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.due, self.seen = 0.0, b""

    def ask(self, request, due):
        self.due, self.seen = due, b""
        self.socket.sendall(request)

    def is_answered(self):
        """Takes in what has come; whether it is the whole answer."""
        chunk = self.socket.recv(1 << 18)
        self.seen += chunk
        head, end, body = self.seen.partition(b"\r\n\r\n")
        if not chunk or (end and not head.startswith(b"HTTP/1.1 200 ")):
            raise SystemExit(f"the server did not answer with 200 but with {head[:200]}")
        return bool(end) and len(body) >= int(LENGTH.search(head + b"\r\n")[1])


def ask_steadily(port, path, rate, seconds):
    """How long each request took, s, sorted: from when it was due to its answer's last byte, also
    when the one before was late."""
    request = (f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n"
               "Accept-Encoding: gzip\r\n\r\n").encode()
    # In turn, for the server closes what is idle. select(2) waits to the microsecond.
    free = collections.deque(Connection(port) for _ in range(CONNECTIONS))
    selector = selectors.SelectSelector()
    for each in free:
        selector.register(each.socket, selectors.EVENT_READ, each)
    total, asked, took = int(rate * seconds), 0, []
    began = time.monotonic()
    while len(took) < total:
        now = time.monotonic()
        if now - began > seconds + ANSWER_SECONDS:
            raise SystemExit(f"{total - len(took)} of {total} requests were not answered")
        while free and asked < total and began + asked / rate <= now:
            each = free.popleft()
            each.ask(request, began + asked / rate)
            asked += 1
        next_due = began + asked / rate - now if free and asked < total else 1
        for key, _ in selector.select(max(0, next_due)):
            if key.data.is_answered():
                took.append(time.monotonic() - key.data.due)
                free.append(key.data)
    selector.close()
    for each in free:
        each.socket.close()
    return sorted(took)


class Listeners:
    """Open event streams, read by a thread of their own."""

    def __init__(self, port, count):
        # By stream: events so far, and the last bytes, which may be the start of one.
        self.events = [0] * count
        self.rests = [b""] * count
        self.lost = 0
        self.is_ending = False
        self.selector = selectors.DefaultSelector()
        for index in range(count):
            each = socket.create_connection(
                ("127.0.0.1", port), source_address=(f"127.0.1.{1 + index // OF_ONE_ADDRESS}", 0))
            each.sendall(f"GET /events HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n\r\n".encode())
            self.selector.register(each, selectors.EVENT_READ, index)
        self.thread = threading.Thread(target=self.listen)
        self.thread.start()

    def listen(self):
        while not self.is_ending:
            for key, _ in self.selector.select(0.1):
                chunk = key.fileobj.recv(1 << 16)
                if not chunk:
                    self.lost += 1
                    self.selector.unregister(key.fileobj)
                    key.fileobj.close()
                    continue
                seen = self.rests[key.data] + chunk
                self.events[key.data] += seen.count(b"event:")
                self.rests[key.data] = seen[-5:]

    def close(self):
        self.is_ending = True
        self.thread.join()
        for key in list(self.selector.get_map().values()):
            key.fileobj.close()
        self.selector.close()
