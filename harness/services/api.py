"""Accepts jobs and returns their state.

POST /jobs {"text": "…"}  ->  202 {"id": "…"}
GET  /jobs/<id>           ->  {"id", "text", "state": "queued" | "done", "words", "number"}
GET  /version             ->  {"version"}
"""

import json
import threading
import uuid

import redis

from service import QUEUE, HealthHandler, connect, job_key, log, on_stop, serve

VERSION = "2"
MAX_BODY = 64 * 1024


class Handler(HealthHandler):
    def do_GET(self):
        if self.path == '/version':
            self.reply(200, {'version': VERSION})
        elif self.path.startswith('/jobs/'):
            self.or_unavailable(self.get_job, self.path.removeprefix('/jobs/'))
        else:
            super().do_GET()

    def do_POST(self):
        if self.path != '/jobs':
            return self.reply(404, {'error': f'nothing at {self.path}'})
        try:
            length = int(self.headers.get('Content-Length', 0))
            if length > MAX_BODY:
                return self.reply(413, {'error': f'more than {MAX_BODY} bytes'})
            text = json.loads(self.rfile.read(max(length, 0)))['text']
        except (ValueError, KeyError, TypeError):
            text = None
        if not isinstance(text, str):
            return self.reply(400, {'error': 'want {"text": "…"}'})
        self.or_unavailable(self.add_job, text)

    def add_job(self, text):
        job_id = uuid.uuid4().hex
        with self.store.pipeline(transaction=True) as both:  # The worker must never see an id without its job.
            both.hset(job_key(job_id), mapping={'text': text, 'state': 'queued'})
            both.rpush(QUEUE, job_id)
            both.execute()
        log('queued', job=job_id)
        self.reply(202, {'id': job_id})

    def get_job(self, job_id):
        job = self.store.hgetall(job_key(job_id))
        if not job:
            return self.reply(404, {'error': f'no job {job_id}'})
        numbers = {name: int(job[name]) for name in ('words', 'number') if name in job}
        self.reply(200, {'id': job_id, **job, **numbers})

    def or_unavailable(self, action, argument):
        try:
            action(argument)
        except redis.RedisError as error:
            self.reply(503, {'error': str(error)})


if __name__ == '__main__':
    server = serve(Handler, connect())
    # shutdown() waits for serve_forever(), which the signal handler interrupted, so another thread must call it.
    on_stop(lambda: threading.Thread(target=server.shutdown).start())
    log('started', version=VERSION)
    server.serve_forever(poll_interval=0.1)  # shutdown() takes up to this long, and a rollout waits for it
    server.server_close()
    log('stopped')
