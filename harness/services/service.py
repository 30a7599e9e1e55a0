"""Code that the api and the worker share: log lines, Redis, health endpoints and shutdown."""

import json
import os
import signal
import sys
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import redis

PORT = 8080
NAME = Path(sys.argv[0]).stem

# The keys in Redis. A job waits in QUEUE, is in TAKEN while the worker has it, and then in neither.
QUEUE = 'queue'
TAKEN = 'taken'
FINISHED = 'finished'


def job_key(job_id):
    return f'job:{job_id}'


def log(message, **fields):
    """Prints one line of JSON on standard output, where Kubernetes collects it."""
    now = time.strftime('%Y-%m-%dT%H:%M:%SZ', time.gmtime())
    print(json.dumps({'time': now, 'service': NAME, 'message': message, **fields}), flush=True)


def connect():
    """Returns a pool of connections, opened on first use. Time-outs limit how long a lost Redis blocks a request."""
    return redis.Redis(
        host=os.environ.get('REDIS_HOST', 'redis'),
        socket_connect_timeout=2,
        socket_timeout=5,
        decode_responses=True,
    )


def on_stop(callback):
    """Calls the callback when Kubernetes (SIGTERM) or a user (SIGINT) stops the service.

    Without a handler nothing would happen: the kernel ignores signals to process 1 that it does not handle.
    The callback can interrupt the main thread anywhere, so it must neither wait nor log.
    """
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: callback())


class HealthHandler(BaseHTTPRequestHandler):
    """/healthz fails if the process must be restarted. /readyz fails if it cannot work, because it needs Redis."""

    store = None  # Set before the server starts.
    timeout = 5  # Seconds. A client that sends nothing must not delay the shutdown.

    def healthy(self):
        return True

    def do_GET(self):
        if self.path == '/healthz':
            self.reply(200 if self.healthy() else 503, {'healthy': self.healthy()})
        elif self.path == '/readyz':
            try:
                self.store.ping()
                self.reply(200, {'ready': True})
            except redis.RedisError as error:
                self.reply(503, {'ready': False, 'reason': str(error)})
        else:
            self.reply(404, {'error': f'nothing at {self.path}'})

    def reply(self, status, body):
        content = json.dumps(body).encode()
        self.send_response(status)
        self.send_header('Content-Type', 'application/json')
        self.send_header('Content-Length', str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_request(self, code='-', size='-'):
        path = getattr(self, 'path', None)  # An unreadable request has no path.
        if path not in ('/healthz', '/readyz'):  # Probes arrive every few seconds and would hide everything else.
            log('request', method=self.command, path=path, status=int(code))

    def log_message(self, text, *args):
        log(text % args)


def serve(handler, store):
    """Returns the server without starting it."""
    handler.store = store
    server = ThreadingHTTPServer(('', PORT), handler)
    server.daemon_threads = False  # Closing the server then waits for running requests.
    return server
