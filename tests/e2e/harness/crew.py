"""Threads at work beside a test."""
import threading


class Crew:
    """Each work is called with an Event and works until it is set; what one of them fails with is raised where they are joined.

    As a context: they work inside the block.
    """

    def __init__(self, *works):
        self.stop = threading.Event()
        self.failures = []
        self.threads = [threading.Thread(target=self._guarded, args=(work,), daemon=True) for work in works]
        for thread in self.threads:
            thread.start()

    def _guarded(self, work):
        try:
            work(self.stop)
        except BaseException as failure:  # noqa: BLE001  (told by whoever joins)
            self.failures.append(failure)

    def check(self):
        if self.failures:
            raise self.failures[0]

    def join(self, timeout=120):
        self.stop.set()
        for thread in self.threads:
            thread.join(timeout)
        self.check()
        assert not any(thread.is_alive() for thread in self.threads), "somebody never came to an end"

    def __enter__(self):
        return self

    def __exit__(self, kind, *_):
        if kind is None:
            self.join()
        else:
            self.stop.set()  # the test has failed already
            for thread in self.threads:
                thread.join(10)
