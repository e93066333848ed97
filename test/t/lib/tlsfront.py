"""
nginx with TLS before DynamoDB, and the authority that issues its certificates.
"""

import collections
import os
import socket
import subprocess
import tempfile
import time
import urllib.parse

CONFIG = """
[req]
distinguished_name = name
prompt = no
[name]
CN = unused
[authority]
basicConstraints = critical,CA:true
subjectKeyIdentifier = hash
[ca]
default_ca = issue
[issue]
new_certs_dir = {folder}
database = {folder}/index
serial = {folder}/serial
default_md = sha256
policy = anything
unique_subject = no
copy_extensions = copy
[anything]
commonName = supplied
"""
NEW_KEY = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"]

HEAD = """
daemon off;
worker_processes 1;
pid nginx.pid;
error_log error.log info;
events {{ }}
http {{
	log_format tls '$server_port $connection $ssl_session_reused $ssl_protocol';
	access_log access.log tls;
	client_body_temp_path body;
	proxy_temp_path proxy;
	fastcgi_temp_path fastcgi;
	uwsgi_temp_path uwsgi;
	scgi_temp_path scgi;
	client_max_body_size 20m;
	{faces}
}}
"""
FACE = """
	server {{
		listen 127.0.0.1:{port} ssl;
		ssl_certificate {folder}/{name}.crt;
		ssl_certificate_key {folder}/{name}.key;
		{more}
		location / {{
			proxy_pass {upstream};
			proxy_set_header Host $http_host;
		}}
	}}
"""

Logged = collections.namedtuple("Logged", "port connection resumed protocol")


class Authority:
    """Keys and certificates in one folder; its own are NAME.key and NAME.crt."""

    def __init__(self, folder, name="authority"):
        self.folder = folder
        self.name = name
        self.certificate = "%s/%s.crt" % (folder, name)
        self.config = "%s/%s.cnf" % (folder, name)
        with open(self.config, "w", encoding="ascii") as file:
            file.write(CONFIG.format(folder=folder))
        open(folder + "/index", "a", encoding="ascii").close()
        self.openssl("req", "-x509", *NEW_KEY, "-subj", "/CN=" + name,
                     "-extensions", "authority", "-days", "2",
                     "-keyout", name + ".key", "-out", name + ".crt")

    def openssl(self, command, *arguments):
        done = subprocess.run(
            ["openssl", command, "-config", self.config, *arguments],
            cwd=self.folder, stdin=subprocess.DEVNULL, text=True,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        if done.returncode != 0:
            raise RuntimeError("openssl %s: %s" % (command, done.stdout))

    def issue(self, name, host="IP:127.0.0.1", start="20200101000000Z",
              end="20491231235959Z"):
        self.openssl("req", "-new", *NEW_KEY, "-subj", "/CN=" + name,
                     "-addext", "subjectAltName=" + host,
                     "-keyout", name + ".key", "-out", name + ".csr")
        self.openssl("ca", "-batch", "-notext", "-rand_serial",
                     "-cert", self.name + ".crt", "-keyfile",
                     self.name + ".key", "-in", name + ".csr", "-out",
                     name + ".crt", "-startdate", start, "-enddate", end)

    def self_signed(self, name, host="IP:127.0.0.1"):
        self.openssl("req", "-x509", *NEW_KEY, "-subj", "/CN=" + name,
                     "-addext", "subjectAltName=" + host, "-days", "2",
                     "-keyout", name + ".key", "-out", name + ".crt")


def free_ports(n):
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(n)]
    ports = [each.getsockname()[1] for each in sockets]
    for each in sockets:
        each.close()
    return ports


class Front:
    """
    One nginx with a face for each certificate: {name: more lines of its
    configuration}, each with a port of its own.
    """

    def __init__(self, folder, upstream, faces):
        self.folder = folder
        self.ports = dict(zip(faces, free_ports(len(faces))))
        with open(folder + "/nginx.conf", "w", encoding="ascii") as file:
            file.write(HEAD.format(faces="".join(
                FACE.format(port=self.ports[name], folder=folder, name=name,
                            more=more, upstream=upstream)
                for name, more in faces.items())))
        self.process = subprocess.Popen(
            ["nginx", "-p", folder, "-c", folder + "/nginx.conf",
             "-e", "error.log"],
            env=dict(os.environ, PATH=os.environ["PATH"] + ":/usr/sbin"))
        self.wait()

    def wait(self):
        port = next(iter(self.ports.values()))
        for _ in range(100):
            try:
                socket.create_connection(("127.0.0.1", port)).close()
                return
            except ConnectionRefusedError:
                if self.process.poll() is not None:
                    break
                time.sleep(0.05)
        self.close()
        with open(self.folder + "/error.log", encoding="utf-8") as file:
            raise RuntimeError("nginx does not answer:\n" + file.read())

    def url(self, name, host="127.0.0.1"):
        return "https://%s:%d" % (host, self.ports[name])

    def log(self, name):
        """The requests that came to one face, since the last call."""
        path = self.folder + "/access.log"
        time.sleep(0.05)    # a line is written when the answer has gone
        with open(path, encoding="ascii") as file:
            lines = [Logged(*line.split(" ")) for line in
                     file.read().splitlines()]
        os.truncate(path, 0)
        return [line for line in lines if line.port == str(self.ports[name])]

    def close(self):
        self.process.terminate()
        self.process.wait()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


def readable_folder():
    """One that the server's user may read; to be used in a with statement."""
    folder = tempfile.TemporaryDirectory(prefix="cruddur_ddb_tls.")
    os.chmod(folder.name, 0o755)
    return folder
