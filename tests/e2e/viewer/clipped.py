"""Text that a reader cannot read whole: cut by what is around it, or only there after scrolling.

Found in the page itself, whatever its parts are called: each text is compared with the box of each
element around it that hides what is outside, so an ellipsis counts; and an element that scrolls
sideways has something that is not shown, such as the columns of a table. Text that scrolls down is
left out, and so are blocks of code, whose lines may be of any length.
"""

from typing import Final

from playwright.sync_api import Page

_FIND: Final = """(allowTitled) => {
  const found = new Set();
  const where = (element) =>
    element.closest('[data-panel]')?.querySelector('h2, h6')?.textContent ?? element.tagName;
  const isTiny = (box) => box.width <= 1 || box.height <= 1;
  const isCode = (element) => element.closest('pre, textarea, input, select') !== null;
  const shown = { opacityProperty: true, visibilityProperty: true };

  const cut = (text, element, box) => {
    for (let outer = element; outer !== document.body; outer = outer.parentElement) {
      const { overflowX, overflowY } = getComputedStyle(outer);
      const around = outer.getBoundingClientRect();
      // What only screen readers read.
      if (isTiny(around)) return false;
      const scrolls = /auto|scroll/.test(overflowY);
      const isBelow = box.bottom > around.bottom || box.top < around.top;
      if (scrolls && isBelow) return false;
      if (overflowX !== 'visible' && (box.left < around.left - 1 || box.right > around.right + 1))
        return true;
      const slack = box.height / 4;
      const isCutBelow = box.bottom > around.bottom + slack || box.top < around.top - slack;
      if (/hidden|clip/.test(overflowY) && isCutBelow) return true;
    }
    return false;
  };

  const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (texts.nextNode()) {
    const node = texts.currentNode;
    const element = node.parentElement;
    const text = node.textContent.trim();
    if (text === '' || isCode(element) || !element.checkVisibility(shown)) continue;
    if (allowTitled && element.closest('[title]')?.title.includes(text)) continue;
    const range = document.createRange();
    range.selectNodeContents(node);
    const box = range.getBoundingClientRect();
    if (!isTiny(box) && cut(text, element, box)) found.add(`${where(element)}: ${text}`);
  }
  for (const element of document.body.querySelectorAll('*')) {
    const { overflowX, webkitLineClamp } = getComputedStyle(element);
    const scrolls = /auto|scroll/.test(overflowX);
    // Its lines after the last one have no box.
    const isClamped = webkitLineClamp !== 'none' && element.scrollHeight > element.clientHeight + 2;
    if (isClamped && !allowTitled) found.add(`${where(element)}: ${element.textContent.trim()}`);
    if (scrolls && element.scrollWidth > element.clientWidth + 1 && !isCode(element))
      found.add(`${where(element)}: ${element.scrollWidth - element.clientWidth} px to the side`);
  }
  return [...found];
}"""


def clipped(page: Page, *, allow_titled: bool = False) -> list[str]:
    """Return each text of a page that cannot be read whole, with its panel.

    Args:
        page: Is drawn.
        allow_titled: Leave out what is shown whole when the pointer is on it: values of live data
            have any length.
    """
    found: list[str] = page.evaluate(_FIND, allow_titled)
    return found
