"""A real browser, if one is installed: Debian's packages ``chromium`` and ``chromium-driver``, or a Chrome."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from selenium.webdriver import Chrome, ChromeOptions
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.by import By
from selenium.webdriver.remote.webelement import WebElement
from selenium.webdriver.support.ui import WebDriverWait

PATIENCE = 60.0
BROWSERS = ("chromium", "chromium-browser", "google-chrome")
FLAGS = ("--headless=new", "--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu", "--hide-scrollbars")


def open_browser(downloads: Path) -> Chrome:
    """A browser without a window; skips the test if none is installed."""
    binary = next(filter(None, map(shutil.which, BROWSERS)), None)
    driver = shutil.which("chromedriver")
    if binary is None or driver is None:
        pytest.skip("no chromium and chromedriver in PATH; Debian has them as chromium and chromium-driver")
    options = ChromeOptions()
    options.binary_location = binary
    for flag in FLAGS:
        options.add_argument(flag)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    options.add_experimental_option("prefs", {"download.default_directory": str(downloads)})
    return Chrome(options, Service(driver))


def look(browser: Chrome, width: int, height: int, *, dark: bool = False) -> None:
    """Show the page in a window of this size, light or dark; a narrow window is that of a phone."""
    size = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 600}
    browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
    scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": [scheme]})


def screenshot(browser: Chrome, path: Path) -> None:
    """Write a picture of the whole page, including what is outside of the window."""
    import base64

    picture = browser.execute_cdp_cmd("Page.captureScreenshot", {"captureBeyondViewport": True})
    path.write_bytes(base64.b64decode(picture["data"]))


def one(browser: Chrome, selector: str) -> WebElement:
    """The first element of a selector, as soon as there is one."""
    return WebDriverWait(browser, PATIENCE).until(lambda _: browser.find_element(By.CSS_SELECTOR, selector))


def text_of(browser: Chrome, selector: str) -> str:
    """The text of an element that can be replaced at any moment; empty if there is none."""
    return str(browser.execute_script("return document.querySelector(arguments[0])?.textContent ?? ''", selector))


def send(browser: Chrome, *videos: Path) -> None:
    """Choose videos on the page."""
    browser.find_element(By.ID, "file").send_keys("\n".join(map(str, videos)))


def outside(browser: Chrome) -> list[str]:
    """What sticks out of the window or of its own box sideways, apart from tables that scroll by themselves."""
    found = browser.execute_script("""
        const wide = document.documentElement.clientWidth;
        const sticksOut = (each) => {
            const box = each.getBoundingClientRect();
            return box.width && (box.left < -1 || Math.max(box.right, box.left + each.scrollWidth) > wide + 1);
        };
        return [...document.querySelectorAll("body *")]
            .filter((each) => each.checkVisibility() && !each.closest(".scroll, .unseen, .face-loop, svg *"))
            .filter(sticksOut)
            .map((each) => `${each.tagName}: ${each.textContent.slice(0, 80)}`)
    """)
    return list(map(str, found))
