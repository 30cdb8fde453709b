"""python -m tests.picture: draws the README's picture of the page anew, `.pictures/page.png`.

It starts the page of the shipped model, opens it as a visitor who knows it already, and keeps 256
colours of what is seen.
"""

import io
from pathlib import Path

from PIL import Image
from playwright.sync_api import Page, sync_playwright

from tests.benchmarks.page import free_port, start
from tests.browsing import CHROMIUM, DESKTOP, FLAGS

PICTURE = Path(__file__).parent.parent / ".pictures" / "page.png"
HINTS = "localStorage.setItem('trama.hints', JSON.stringify(['tap', 'roll', 'mix']))"


def draw(page: Page, url: str) -> Image.Image:
    """The wardrobe, as it opens."""
    page.add_init_script(HINTS)
    page.goto(url)
    page.wait_for_function("document.querySelector('#wardrobe .strip canvas')?.width > 4")
    page.wait_for_timeout(1000)
    return Image.open(io.BytesIO(page.screenshot(full_page=True))).convert("RGB")


def main() -> None:
    """Draw and write it."""
    port = free_port()
    process, _ = start(port)
    try:
        with sync_playwright() as playwright:
            path = str(CHROMIUM) if CHROMIUM.exists() else None
            browser = playwright.chromium.launch(executable_path=path, args=FLAGS)
            page = browser.new_page(viewport=DESKTOP, locale="en-US")
            picture = draw(page, f"http://127.0.0.1:{port}/")
            browser.close()
    finally:
        process.terminate()
        process.wait()
    picture.quantize(256, dither=Image.Dither.NONE).save(PICTURE, optimize=True)
    print(f"{PICTURE}: {picture.width} x {picture.height}, {PICTURE.stat().st_size} bytes")


if __name__ == "__main__":
    main()
