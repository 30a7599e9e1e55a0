"""What the api and the worker share: log lines, Redis, the health endpoints, and how to stop."""

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
    """One line of JSON on standard output, where Kubernetes collects it."""
    now = time.strftime('%Y-%m-%dT%H:%M:%SZ', time.gmtime())
    print(json.dumps({'time': now, 'service': NAME, 'message': message, **fields}), flush=True)


def connect():
    """A pool of connections, opened when first used. The time-outs bound how long a lost Redis can hold a request."""
    return redis.Redis(
        host=os.environ.get('REDIS_HOST', 'redis'),
        socket_connect_timeout=2,
        socket_timeout=5,
        decode_responses=True,
    )


def on_stop(callback):
    """Calls back when Kubernetes (SIGTERM) or a person (SIGINT) wants an end.

    Without a handler nothing would happen at all: the kernel spares process 1 the signals that it does not handle.
    The callback interrupts the main thread anywhere, so it must neither wait nor log.
    """
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: callback())


class HealthHandler(BaseHTTPRequestHandler):
    """/healthz: restart me when this fails. /readyz: I can do my work, which takes Redis."""

    store = None  # Set before the server starts.
    timeout = 5  # Seconds. A client that sends nothing must not hold up the end.

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
        path = getattr(self, 'path', None)  # A request that cannot be read has none.
        if path not in ('/healthz', '/readyz'):  # The probes ask every few seconds and would hide everything else.
            log('request', method=self.command, path=path, status=int(code))

    def log_message(self, text, *args):
        log(text % args)


def serve(handler, store):
    """The server, not yet running."""
    handler.store = store
    server = ThreadingHTTPServer(('', PORT), handler)
    server.daemon_threads = False  # So that closing it waits for the requests that it still answers.
    return server
