"""Record what a client asks and what DynamoDB answers; answer it again.

The recorder is a proxy in front of a real DynamoDB engine. The canned server
is nginx with the recorded replies as files, found by the path and the length
of the request's body: cheap to serve, and enough to tell them apart.
"""

import http.client
import http.server
import os
import shutil
import socket
import subprocess
import threading
import time
import urllib.parse
import zlib

HERE = os.path.dirname(os.path.abspath(__file__))
# libcurl writes these itself.
NOT_REPLAYED = {"host", "content-length", "connection"}


class Request:
    """One request as a client sent it, and the reply's body."""

    def __init__(self, path, headers, body, reply):
        self.path = path
        self.headers = headers
        self.body = body
        self.reply = reply

    def name(self):
        """What nginx knows it by."""
        return f"{self.path}{len(self.body)}"

    def text(self):
        """Header lines, an empty line, the body: what rawcurl reads."""
        lines = [f"{name}: {value}" for name, value in self.headers
                 if name.lower() not in NOT_REPLAYED]
        if not any(name.lower() == "accept" for name, _ in self.headers):
            lines.append("Accept:")
        return "\n".join(lines).encode() + b"\n\n" + self.body


class RecordingHandler(http.server.BaseHTTPRequestHandler):
    """Passes a POST on, uncompressed, and keeps both sides of it."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        upstream = http.client.HTTPConnection(self.server.upstream)
        headers = {name: value for name, value in self.headers.items()
                   if name.lower() != "accept-encoding"}
        upstream.request("POST", "/", body, headers)
        response = upstream.getresponse()
        reply = response.read()
        upstream.close()
        self.server.recorded.append(
            Request(self.path, self.headers.items(), body, reply))
        self.send_response(response.status)
        self.send_header("Content-Type", "application/x-amz-json-1.0")
        self.send_header("Content-Length", str(len(reply)))
        self.end_headers()
        self.wfile.write(reply)

    def log_message(self, format, *args):
        pass


class Recorder(http.server.ThreadingHTTPServer):
    """A recording proxy on a free port; recorded holds what went through."""

    daemon_threads = True

    def __init__(self, upstream_url):
        super().__init__(("127.0.0.1", 0), RecordingHandler)
        self.upstream = urllib.parse.urlsplit(upstream_url).netloc
        self.recorded = []
        self.url = f"http://127.0.0.1:{self.server_port}"
        threading.Thread(target=self.serve_forever, daemon=True).start()

    def take(self):
        """What was recorded since the last call."""
        taken, self.recorded = self.recorded, []
        return taken

    def close(self):
        self.shutdown()
        self.server_close()


def write_replies(folder, requests):
    """The files that nginx serves and the CRC of each."""
    replies = {}
    for request in requests:
        name = request.name()
        if replies.setdefault(name, request.reply) != request.reply:
            raise SystemExit(f"two requests of {name[1:]} bytes need two"
                             " replies: nginx cannot tell them apart")
    for name, reply in replies.items():
        path = f"{folder}/replies{name}"
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "wb") as file:
            file.write(reply)
    with open(f"{folder}/crc32.map", "w") as file:
        for name, reply in replies.items():
            file.write(f"{name} {zlib.crc32(reply)};\n")


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return listener.getsockname()[1]


class CannedServer:
    """nginx of our own, in folder, with the replies to requests."""

    def __init__(self, folder, requests, cpus):
        port = free_port()
        self.url = f"http://127.0.0.1:{port}"
        self.folder = folder
        os.mkdir(folder)
        write_replies(folder, requests)
        shutil.copy(f"{HERE}/nginx.conf", folder)
        with open(f"{folder}/listen.conf", "w") as file:
            file.write(f"listen 127.0.0.1:{port};\n")
        self.process = subprocess.Popen(
            ["nginx", "-p", folder, "-c", f"{folder}/nginx.conf",
             "-e", "error.log"],
            preexec_fn=lambda: os.sched_setaffinity(0, cpus))
        self.wait(port)

    def wait(self, port):
        for _ in range(100):
            try:
                socket.create_connection(("127.0.0.1", port)).close()
                return
            except ConnectionRefusedError:
                if self.process.poll() is not None:
                    break
                time.sleep(0.05)
        self.close()
        with open(f"{self.folder}/error.log") as file:
            raise SystemExit("nginx does not answer:\n" + file.read())

    def close(self):
        self.process.terminate()
        self.process.wait()
