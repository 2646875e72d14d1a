"""A tab of Chromium at the dashboard (dashboard_page.mjs): each verb is a method, `page.click(...)`, `page.see(...)`."""
import json
import pathlib
import shutil
import subprocess

HERE = pathlib.Path(__file__).resolve().parent.parent


class Page:
    def __init__(self, scheme="light", width=1280):
        self.process = subprocess.Popen(
            [shutil.which("node"), "dashboard_page.mjs", scheme, str(width)],
            cwd=HERE, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        assert self._answer() == {"ready": True}

    def _answer(self):
        line = self.process.stdout.readline()
        assert line, self.process.stderr.read()[-3000:]
        return json.loads(line)

    def go(self, view):
        self.click(f'nav.views a[href="#/{view}"]')
        self.until(f"document.title.toLowerCase().startsWith('{view}')")

    def __getattr__(self, verb):
        def call(*words):
            self.process.stdin.write(json.dumps([verb, *words]) + "\n")
            self.process.stdin.flush()
            answer = self._answer()
            assert "error" not in answer, answer["error"]
            return answer["answer"]
        return call

    def close(self):
        self.process.stdin.close()
        self.process.wait(30)
        for stream in (self.process.stdout, self.process.stderr):
            stream.close()
