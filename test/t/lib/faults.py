"""
A server that misbehaves on request, before the real one.

Faults answers on 127.0.0.1, in threads of the test itself. By default it
passes every request on, unchanged and with its Host header, so that the
signature still holds. faults.add(behaviour, times=n, when=predicate) queues
a behaviour for the next n requests that match. Each behaviour is made by one
of the functions below; it returns True if the connection may be kept.

What never gets as far as a request is here too: FullBacklog, closed_port().
"""

import calendar
import contextlib
import email.utils
import gzip
import http.client
import json
import socket
import ssl
import struct
import subprocess
import threading
import time
import urllib.parse
import zlib
from collections import namedtuple

Reply = namedtuple("Reply", "status headers body")


class Request:
    """What a client sent."""

    def __init__(self, headers, body, connection):
        self.headers = headers
        self.body = body
        self.connection = connection
        self.operation = headers.get("x-amz-target", ".").split(".")[1]

    def json(self):
        return json.loads(self.body)

    def on_index(self):
        return "IndexName" in self.json()


class Exchange:
    """One request and the means to answer it."""

    def __init__(self, faults, sock, request):
        self.faults = faults
        self.sock = sock
        self.request = request

    def relay(self, gzip_allowed=True):
        """Let the real server do it; its reply."""
        there = http.client.HTTPConnection(self.faults.upstream.hostname,
                                           self.faults.upstream.port)
        there.putrequest("POST", "/", skip_host=True,
                         skip_accept_encoding=True)
        for name, value in self.request.headers.items():
            if gzip_allowed or name != "accept-encoding":
                there.putheader(name, value)
        there.endheaders(self.request.body)
        reply = there.getresponse()
        body = reply.read()
        headers = {k.lower(): v for k, v in reply.getheaders()}
        there.close()
        return Reply(reply.status, headers, body)

    def send(self, reply, keep=True):
        """Answer with this reply; True if the connection stays."""
        self.sock.sendall(head_of(reply) + reply.body)
        return keep

    def reset(self):
        """End the connection with RST."""
        self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER,
                             struct.pack("ii", 1, 0))
        return False

    def gone(self, seconds):
        """Wait so long; True at once when the client has hung up."""
        self.sock.settimeout(seconds)
        try:
            return self.sock.recv(1) == b""
        except socket.timeout:
            return False
        except OSError:
            return True
        finally:
            self.sock.settimeout(None)


def head_of(reply):
    """Status line and headers, with the body's real length."""
    headers = dict(reply.headers)
    for name in ("connection", "transfer-encoding"):
        headers.pop(name, None)
    headers.setdefault("content-length", str(len(reply.body)))
    lines = ["HTTP/1.1 %d X" % reply.status]
    lines += ["%s: %s" % pair for pair in headers.items()]
    return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1")


def made(status, body, **headers):
    """A reply as DynamoDB would make it, its CRC right."""
    if not isinstance(body, bytes):
        body = json.dumps(body).encode()
    base = {"content-type": "application/x-amz-json-1.0",
            "x-amzn-requestid": "FAULT",
            "x-amz-crc32": str(zlib.crc32(body))}
    base.update({k.replace("_", "-"): v for k, v in headers.items()})
    return Reply(status, base, body)


# Behaviours: each function returns one.

def passed_on():
    """As if there were no fault server."""
    return lambda exchange: exchange.send(exchange.relay())


def delayed(seconds):
    """The right answer, late."""
    def act(exchange):
        time.sleep(seconds)
        return exchange.send(exchange.relay())
    return act


def answered(status, body, **headers):
    """This answer, whatever was asked."""
    return lambda exchange: exchange.send(made(status, body, **headers))


def refused(exception, message="as the test wants it", status=400,
            **headers):
    """An exception of the service."""
    return answered(status, {
        "__type": "com.amazonaws.dynamodb.v20120810#" + exception,
        "message": message}, **headers)


def silent():
    """Take the request and never answer."""
    def act(exchange):
        while not exchange.gone(60):
            pass
        return False
    return act


def dripping(seconds=0.05, drops=None):
    """Headers at once, then the body, by bytes or in so many drops."""
    def act(exchange):
        reply = exchange.relay()
        step = -(-len(reply.body) // drops) if drops else 1
        exchange.sock.sendall(head_of(reply))
        for i in range(0, len(reply.body), step):
            if exchange.gone(seconds):
                return False
            exchange.sock.sendall(reply.body[i:i + step])
        return True
    return act


def reset():
    """Read the request, do nothing, and reset the connection."""
    return lambda exchange: exchange.reset()


def hung_up():
    """Read the request, do nothing, and close without a byte."""
    return lambda exchange: False


def applied_then_cut():
    """The real server does it, but the client never hears of it."""
    def act(exchange):
        exchange.relay()
        return exchange.reset()
    return act


def closed_after():
    """The right answer, and then the connection closes unannounced."""
    return lambda exchange: exchange.send(exchange.relay(), keep=False)


def truncated():
    """Half of the body that the headers promise."""
    def act(exchange):
        reply = exchange.relay()
        half = reply.body[:len(reply.body) // 2]
        exchange.sock.sendall(head_of(reply) + half)
        return False
    return act


def unannounced():
    """Half of the body, whose end is the connection's."""
    def act(exchange):
        reply = exchange.relay()
        head = b"HTTP/1.1 200 X\r\nconnection: close\r\n\r\n"
        exchange.sock.sendall(head + reply.body[:len(reply.body) // 2])
        return False
    return act


def misannounced(length):
    """The right body under the content-length length(its own); no end."""
    def act(exchange):
        reply = exchange.relay()
        headers = dict(reply.headers)
        headers["content-length"] = str(length(len(reply.body)))
        exchange.sock.sendall(head_of(reply._replace(headers=headers))
                              + reply.body)
        while not exchange.gone(60):
            pass
        return False
    return act


def wrong_crc():
    """The right body under a checksum that is not its own."""
    def act(exchange):
        reply = exchange.relay(gzip_allowed=False)
        return exchange.send(made(reply.status, reply.body,
                                  x_amz_crc32=str(zlib.crc32(b"other"))))
    return act


def gzipped(crc_of=None):
    """The right body, compressed; crc_of replaces what the CRC is made of."""
    def act(exchange):
        reply = exchange.relay(gzip_allowed=False)
        packed = gzip.compress(reply.body)
        crc = zlib.crc32(packed if crc_of is None else crc_of)
        return exchange.send(made(reply.status, packed,
                                  content_encoding="gzip",
                                  x_amz_crc32=str(crc)))
    return act


def gzip_bomb(size=512 << 20):
    """A small body that inflates to size bytes."""
    packer = zlib.compressobj(9, zlib.DEFLATED, 31)
    zeros = bytes(1 << 20)
    body = b"".join(packer.compress(zeros) for _ in range(size >> 20))
    return answered(200, body + packer.flush(), content_encoding="gzip")


def huge(size, announced=True):
    """A body of size blanks; unannounced, its end is the connection's."""
    def act(exchange):
        head = "HTTP/1.1 200 X\r\ncontent-type: application/x-amz-json-1.0\r\n"
        if announced:
            head += "content-length: %d\r\n" % size
        try:
            exchange.sock.sendall((head + "\r\n").encode())
            for _ in range(size >> 20):
                exchange.sock.sendall(b" " * (1 << 20))
        except OSError:
            pass
        return False
    return act


def clock_off(seconds):
    """A service whose clock is off refuses requests of another time."""
    def act(exchange):
        now = time.time() + seconds
        sent = calendar.timegm(time.strptime(
            exchange.request.headers["x-amz-date"], "%Y%m%dT%H%M%SZ"))
        if abs(now - sent) < 15 * 60:
            reply = exchange.relay()
        else:
            reply = made(400, {
                "__type": "com.amazon.coral.service#InvalidSignatureException",
                "message": "Signature expired: it is too far from my time"})
        reply.headers["date"] = email.utils.formatdate(now, usegmt=True)
        return exchange.send(reply)
    return act


def empty_page(last_key):
    """A page with no items that says there is more."""
    return answered(200, {"Items": [], "Count": 0, "ScannedCount": 0,
                          "LastEvaluatedKey": last_key})


class Faults:
    """
    The server. It may be given a socket to listen on, and a context for TLS.
    """

    def __init__(self, upstream, listener=None, tls=None):
        self.upstream = urllib.parse.urlsplit(upstream)
        self.lock = threading.Lock()
        self.rules = []
        self.requests = []
        self.connections = 0
        self.served = 0
        self.resets_on_accept = 0
        self.cut_handshakes = 0
        self.tls = tls
        self.listener = listener or socket.create_server(("127.0.0.1", 0),
                                                         backlog=128)
        self.url = "%s://127.0.0.1:%d" % ("https" if tls else "http",
                                          self.listener.getsockname()[1])
        threading.Thread(target=self.accept, daemon=True).start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def add(self, behaviour, times=1, when=None):
        """The next `times` requests (that match) get this behaviour."""
        with self.lock:
            self.rules.append([behaviour, times, when])
        return self

    def clear(self):
        """Forget all rules and all requests seen."""
        with self.lock:
            self.rules.clear()
            self.requests.clear()
            self.resets_on_accept = 0
            self.cut_handshakes = 0

    def seen(self, operation=None):
        """The requests since the last clear()."""
        with self.lock:
            return [r for r in self.requests
                    if operation in (None, r.operation)]

    def settle(self):
        """
        Wait until nothing is left to do for connections, which the clients
        have closed: what they had asked for may have been under way.
        """
        # Whoever came before the probe has been accepted when it has been.
        with socket.create_connection(self.listener.getsockname()) as probe, \
                contextlib.suppress(ConnectionError):
            probe.shutdown(socket.SHUT_WR)
            probe.recv(1)
        deadline = time.monotonic() + 10
        while self.served > 0:
            if time.monotonic() > deadline:
                raise TimeoutError("connections that nobody closes")
            time.sleep(0.001)

    def close(self):
        # Wakes accept(), which close() alone would leave asleep.
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()

    def accept(self):
        while True:
            try:
                sock, _ = self.listener.accept()
            except OSError:
                return
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            with self.lock:
                self.connections += 1
                number = self.connections
                spoil = self.resets_on_accept > 0
                self.resets_on_accept -= spoil
                self.served += not spoil
            if spoil:
                sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER,
                                struct.pack("ii", 1, 0))
                sock.close()
            else:
                threading.Thread(target=self.serve, args=(sock, number),
                                 daemon=True).start()

    def serve(self, sock, number):
        try:
            sock = self.shake_hands(sock)
            # The stream holds the socket open until it is closed, too.
            with sock.makefile("rb") as stream:
                while True:
                    request = read_request(stream, number)
                    if request is None:
                        return
                    if not self.choose(request)(Exchange(self, sock, request)):
                        return
        except OSError:
            pass
        finally:
            sock.close()
            with self.lock:
                self.served -= 1

    def shake_hands(self, sock):
        """The socket to go on with."""
        if self.tls is None:
            return sock
        with self.lock:
            spoil = self.cut_handshakes > 0
            self.cut_handshakes -= spoil
        if spoil:
            sock.recv(16)
            raise OSError("a handshake is cut, as the test wants it")
        return self.tls.wrap_socket(sock, server_side=True)

    def choose(self, request):
        with self.lock:
            self.requests.append(request)
            for rule in self.rules:
                behaviour, times, when = rule
                if times > 0 and (when is None or when(request)):
                    rule[1] -= 1
                    return behaviour
        return passed_on()


def read_request(stream, number):
    """The next request of a connection, or None at its end."""
    if not stream.readline():
        return None
    headers = {}
    for line in iter(stream.readline, b"\r\n"):
        if not line:
            return None
        name, _, value = line.decode("latin-1").partition(":")
        headers[name.strip().lower()] = value.strip()
    length = int(headers.get("content-length", 0))
    body = stream.read(length)
    return Request(headers, body, number) if len(body) == length else None


class FullBacklog:
    """A port where connecting hangs: the listener's backlog is full."""

    def __init__(self):
        self.listener = socket.create_server(("127.0.0.1", 0), backlog=0)
        port = self.listener.getsockname()[1]
        self.url = "http://127.0.0.1:%d" % port
        self.fill = []
        for _ in range(4):
            sock = socket.socket()
            sock.setblocking(False)
            sock.connect_ex(("127.0.0.1", port))
            self.fill.append(sock)

    def close(self):
        for sock in self.fill + [self.listener]:
            sock.close()


class BoundPort:
    """A port that refuses connections, until a server opens there."""

    def __init__(self):
        self.sock = socket.socket()
        self.sock.bind(("127.0.0.1", 0))
        self.url = "http://127.0.0.1:%d" % self.sock.getsockname()[1]

    def open(self, upstream):
        self.sock.listen(128)
        return Faults(upstream, listener=self.sock)

    def close(self):
        self.sock.close()


def make_tls(folder):
    """A context for servers here, and the file of the CA to trust."""
    path = folder + "/tls.pem"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt",
         "ec_paramgen_curve:P-256", "-nodes", "-subj", "/CN=a test", "-addext",
         "subjectAltName=IP:127.0.0.1", "-keyout", path, "-out", path + ".crt"],
        check=True, stderr=subprocess.DEVNULL)
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(path + ".crt", path)
    return tls, path + ".crt"


def closed_port():
    """The URL of a port that nobody listens on."""
    with socket.create_server(("127.0.0.1", 0)) as sock:
        return "http://127.0.0.1:%d" % sock.getsockname()[1]
