"""Gunicorn, in both profiles. Nothing here may write a visitor's address anywhere."""

import os

bind = os.environ.get("WEB_BIND") or f"127.0.0.1:{os.environ.get('PORT', '8000')}"
preload_app = True  # so that a refusal to start stops the server, not a worker
worker_class = "gthread"
workers = int(os.environ.get("WEB_WORKERS", "2"))
threads = 8
timeout = 60
graceful_timeout = 10
max_requests = 5000  # a worker starts anew now and then, and returns what it leaked
max_requests_jitter = 500
accesslog = None
loglevel = (
    "error"  # a warning about a malformed request would name its sender's address
)
control_socket_disable = True
proc_name = "reclaim-web"
