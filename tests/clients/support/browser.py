"""A person at the page, in real Chromium."""

import base64
import contextlib
import os
import re

from playwright.sync_api import Browser, Page, expect, sync_playwright

from .console import Console
from .waiting import HANG

CHROMIUM = os.environ.get("CHROMIUM", "/usr/bin/chromium")
# What the browser says of an answer that is no success: the page says it in words.
EXPECTED = re.compile(r"Failed to load resource: (the server responded with a status of|net::ERR_)")

expect.set_options(timeout=HANG * 1000)

# The canvas's pixels: red, green, blue, as base64.
DRAWN = """() => {
  const shown = document.querySelector('canvas');
  const copy = new OffscreenCanvas(shown.width, shown.height);
  const context = copy.getContext('2d');
  context.drawImage(shown, 0, 0);
  const { data } = context.getImageData(0, 0, shown.width, shown.height);
  const rgb = new Uint8Array(data.length / 4 * 3);
  for (let at = 0, to = 0; at < data.length; at += 4) {
    rgb[to++] = data[at]; rgb[to++] = data[at + 1]; rgb[to++] = data[at + 2];
  }
  let text = '';
  for (let at = 0; at < rgb.length; at += 32768) {
    text += String.fromCharCode(...rgb.subarray(at, at + 32768));
  }
  return btoa(text);
}"""

# A name of somebody else that leads here, as one does that was bound anew.
REBOUND = "rebound.example"
# Its sandbox needs rights that root's containers lack, and what it opens comes from the test.
FLAGS = ("--no-sandbox", f"--host-resolver-rules=MAP {REBOUND} 127.0.0.1")


@contextlib.contextmanager
def launched():
    """A browser."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        try:
            yield browser
        finally:
            browser.close()


class Visit:
    """One person's browser, with nothing kept from before."""

    def __init__(self, browser: Browser, url: str, path: str = "/", **more):
        self.url, self.path = url, path
        self.context = browser.new_context(ignore_https_errors=True, **more)
        self.context.set_default_timeout(HANG * 1000)
        self.complaints: list[str] = []
        self.page = self.tab()

    def tab(self) -> Page:
        """One more window of the same browser."""
        page = self.context.new_page()
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.on("console", lambda said: self._said(said.type, said.text))
        return page

    def _said(self, kind: str, text: str) -> None:
        if kind in ("error", "warning") and not EXPECTED.match(text):
            self.complaints.append(text)

    def __enter__(self) -> "Visit":
        self.page.goto(self.url + self.path)
        return self

    def __exit__(self, kind, *_) -> None:
        self.context.close()
        if kind is None:
            assert self.complaints == []

    def sign_in(self, user: str, password: str) -> "Visit":
        """Fills in the card and sends it."""
        self.page.get_by_label("Name").fill(user)
        self.page.get_by_label("Password", exact=True).fill(password)
        self.page.get_by_role("button", name="Sign in").click()
        return self

    def sees(self, text: str) -> None:
        """Waits until a text is there to be read."""
        expect(self.page.get_by_text(text).first).to_be_visible()

    def sees_card(self, title: str) -> None:
        """Waits for a card with this title."""
        expect(self.page.get_by_role("heading", name=title)).to_be_visible()

    def at(self, path: str) -> None:
        """Waits until this is the address."""
        expect(self.page).to_have_url(self.url + path)

    def choose(self, item: str) -> None:
        """Picks something from the menu."""
        self.page.get_by_role("button", name="Menu").click()
        self.page.get_by_role("menuitem", name=item).click()

    def cookies(self) -> dict[str, dict]:
        """The cookies that it keeps, by name."""
        return {cookie["name"]: cookie for cookie in self.context.cookies()}

    @property
    def canvas(self):
        """The live picture."""
        return self.page.locator("canvas")

    def types(self, text: str) -> None:
        """Clicks the picture and types."""
        self.canvas.click()
        self.page.keyboard.type(text, delay=40)

    def shows(self, screen: Console) -> bool:
        """Whether the canvas shows what the screen's picture does, to the pixel; while a cursor
        blinks it may take another look."""
        drawn = base64.b64decode(self.page.evaluate(DRAWN))
        picture = screen.picture()
        line = picture.width * 3
        rows = [b"".join(row) for row in picture.rows]
        return rows == [drawn[at:at + line] for at in range(0, len(drawn), line)]
