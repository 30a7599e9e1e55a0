"""Takes jobs from the queue, one after another, and counts their words.

STOP_WORDS (from the ConfigMap) lists the words that do not count.

Every job is done at least once. It stays in TAKEN until its result is stored, and jobs found there after a crash
go back into the queue. This works for one worker; several workers would each need their own list.
"""

import os
import re
import threading
import time

import redis

from service import FINISHED, QUEUE, TAKEN, HealthHandler, connect, job_key, log, on_stop, serve

STOP_WORDS = frozenset(os.environ.get('STOP_WORDS', '').lower().split())
WAIT = 1  # Seconds to wait for a job before checking again; stopping takes no longer than this.
STUCK = 60  # Seconds without a loop iteration after which the worker counts as hung.


class Worker:
    def __init__(self, store):
        self.store = store
        self.stopping = False
        self.last_turn = time.monotonic()

    def stop(self):
        self.stopping = True

    def run(self):
        while not self.stopping:
            try:
                self.put_back()
                while not self.stopping:
                    self.last_turn = time.monotonic()
                    self.do_next()
            except redis.RedisError as error:
                self.last_turn = time.monotonic()
                log('redis is lost', error=str(error))
                time.sleep(1)

    def put_back(self):
        """Returns unfinished jobs to the head of the queue, in their order."""
        while job_id := self.store.lmove(TAKEN, QUEUE, 'RIGHT', 'LEFT'):
            log('put back', job=job_id)

    def do_next(self):
        job_id = self.store.blmove(QUEUE, TAKEN, WAIT, 'LEFT', 'RIGHT')
        if job_id is None:
            return
        words = count_words(self.store.hget(job_key(job_id), 'text'))
        number = self.store.incr(FINISHED)
        with self.store.pipeline(transaction=True) as both:
            both.hset(job_key(job_id), mapping={'state': 'done', 'words': words, 'number': number})
            both.lrem(TAKEN, 1, job_id)
            both.execute()
        log('done', job=job_id, words=words, number=number)


def count_words(text):
    return sum(word not in STOP_WORDS for word in re.findall(r'\w+', text.lower()))


if __name__ == '__main__':
    worker = Worker(connect())

    class Handler(HealthHandler):
        def healthy(self):
            return time.monotonic() - worker.last_turn < STUCK

    health = serve(Handler, worker.store)
    threading.Thread(target=health.serve_forever).start()
    on_stop(worker.stop)
    log('started', stop_words=sorted(STOP_WORDS))
    try:
        worker.run()
    finally:  # Also after an exception: a process that only answers its probes would look alive.
        health.shutdown()
        health.server_close()
        log('stopped')
