"""What one sees of a page in a real browser, and what is wrong with it."""

from __future__ import annotations

from pathlib import Path

from playwright.async_api import Page

from tests.web.web_fakes import TOKEN

AXE = Path(__file__).parent / "data" / "axe.min.js"
SCREENS = {"phone": (375, 812), "wide": (1440, 900)}
TOO_WIDE = """() => document.documentElement.scrollWidth <= innerWidth ? [] : [...document.querySelectorAll("main *")]
  .filter(each => each.getBoundingClientRect().right > innerWidth && !each.closest(".scroll, .term, .tabs"))
  .map(each => each.outerHTML.slice(0, 200))"""


async def log_in(page: Page, url: str) -> None:
    """By the form, as the owner does."""
    await page.goto(f"{url}/dashboard")
    await page.get_by_label("Token").or_(page.get_by_label("令牌")).fill(TOKEN)
    await page.keyboard.press("Enter")
    await page.wait_for_url(f"{url}/dashboard")


def complaints(page: Page) -> list[str]:
    """What the browser complains of from now on: errors and warnings of its console, scripts that fail, dialogs."""
    told: list[str] = []
    page.on("console", lambda message: told.append(message.text) if message.type in ("error", "warning") else None)
    page.on("pageerror", lambda error: told.append(str(error)))
    page.on("dialog", lambda dialog: told.append(dialog.message))
    return told


async def serious(page: Page) -> list[str]:
    """What axe-core finds that keeps somebody from using the page."""
    await page.evaluate(AXE.read_text(encoding="utf-8"))
    result = await page.evaluate("axe.run(document, {resultTypes: ['violations']})")
    return [
        f"{each['id']}: {node['html'][:160]} ({node.get('failureSummary', '')[:200]})"
        for each in result["violations"]
        if each["impact"] in ("serious", "critical")
        for node in each["nodes"]
    ]
