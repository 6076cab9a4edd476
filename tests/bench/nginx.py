"""The peer of the rates: nginx with as many workers as Outband has threads, and the same bytes."""

import os
import pathlib
import socket
import subprocess
import tempfile
import time

# Outband has a thread for each processor, and two to four of them.
WORKERS = min(max(os.cpu_count() or 2, 2), 4)

CONF = """
daemon off;
worker_processes {workers};
pid {folder}/pid;
error_log {folder}/error.log;
events {{ worker_connections 1024; }}
http {{
    access_log off;
    default_type application/json;
    keepalive_requests 1000000;
    client_body_temp_path {folder}; proxy_temp_path {folder}; fastcgi_temp_path {folder};
    uwsgi_temp_path {folder}; scgi_temp_path {folder};
    server {{
        listen 127.0.0.1:{port} ssl;
        ssl_certificate {folder}/cert.pem;
        ssl_certificate_key {folder}/key.pem;
        ssl_protocols TLSv1.3;
        root {folder};
    }}
}}
"""


class Nginx:
    """Serves each of `files` (name to bytes)."""

    def __init__(self, files: dict[str, bytes]):
        self.folder = tempfile.TemporaryDirectory(prefix="outband-nginx-")
        folder = pathlib.Path(self.folder.name)
        folder.chmod(0o755)  # its worker is another user where we are root
        with socket.create_server(("127.0.0.1", 0)) as free:
            port = free.getsockname()[1]
        self.url = f"https://127.0.0.1:{port}"
        for name, body in files.items():
            (folder / name).write_bytes(body)
        subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt",
                        "ec_paramgen_curve:P-256", "-nodes", "-days", "2", "-subj", "/CN=localhost",
                        "-keyout", folder / "key.pem", "-out", folder / "cert.pem"],
                       check=True, capture_output=True)
        (folder / "nginx.conf").write_text(CONF.format(folder=folder, port=port, workers=WORKERS))
        self.process = subprocess.Popen(["nginx", "-e", folder / "error.log",
                                         "-c", folder / "nginx.conf"])
        end = time.monotonic() + 30
        while True:
            try:
                socket.create_connection(("127.0.0.1", port)).close()
                return
            except OSError:
                if time.monotonic() > end or self.process.poll() is not None:
                    raise
                time.sleep(0.05)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait(30)
        self.folder.cleanup()
