"""The page's code typed into a real browser: Chromium, on a page of another origin (another loopback port)."""
import pathlib

import pytest
from test_page import HERE, PAGE_TOKEN, check_page_results, run_node


@pytest.mark.slow
def test_page_snippets_run_in_chromium(make_server):
    if not pathlib.Path("/usr/bin/chromium").exists():
        pytest.skip("no /usr/bin/chromium")
    assert (HERE / "node_modules" / "playwright-core").exists(), "run `npm ci --prefix tests/e2e` first"
    server = make_server(admin_token=PAGE_TOKEN)
    check_page_results(run_node(server, "browser_page.mjs", PAGE_TOKEN, timeout=180))
