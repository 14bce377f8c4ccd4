"""Rules that a page of a report keeps, each a list of what breaks it: HTML by html5lib, and what can be read off it."""

import re
from collections import Counter
from itertools import pairwise
from xml.etree.ElementTree import Element

import html5lib

NAMESPACE = "{http://www.w3.org/1999/xhtml}"
LEAST_CONTRAST = 4.5  # WCAG 2.2, success criterion 1.4.3


def faults(html: str) -> list[str]:
    """Say everything that is wrong with a page."""
    parser = html5lib.HTMLParser(strict=False)
    tree = parser.parse(html)
    out = [f"HTML: {html5lib.constants.E[code] % found}" for _, code, found in parser.errors]
    items = [(str(e.tag).removeprefix(NAMESPACE), e) for e in tree.iter() if isinstance(e.tag, str)]

    def every(*tags: str) -> list[Element]:
        return [element for tag, element in items if tag in tags]

    if not tree.get("lang"):
        out.append("the page has no language")
    if not text(every("title")[0]):
        out.append("the page has no title")
    levels = [int(tag[1]) for tag, _ in items if re.fullmatch("h[1-6]", tag)]
    if levels.count(1) != 1 or any(b > a + 1 for a, b in pairwise(levels)):
        out.append(f"levels of headings: {levels}")
    out += [f"a {tag} without text" for tag, e in items if tag in {"h1", "h2", "h3", "a", "summary"} and not text(e)]
    out += [f"an image without alt: {e.attrib}" for e in every("img") if not e.get("alt")]
    ids = Counter(e.get("id") for _, e in items if e.get("id"))
    out += [f"the id {name} is there {n} times" for name, n in ids.items() if n > 1]
    targets = [str(e.get("href")) for e in every("a")]
    out += [f"the link {t} leads nowhere" for t in targets if t.removeprefix("#") not in ids]
    labels = [str(e.get("aria-labelledby")) for _, e in items if e.get("aria-labelledby")]
    out += [f"the label {t} is not there" for t in labels if t not in ids]
    for table in every("table"):
        if table.find(f"{NAMESPACE}caption") is None:
            out.append("a table without a caption")
        out += ["a head of a table without a scope" for e in table.iter(f"{NAMESPACE}th") if not e.get("scope")]
        width = {len(list(row)) for row in table.iter(f"{NAMESPACE}tr")}
        if len(width) > 1:
            out.append(f"rows of {sorted(width)} cells in one table")
    for group in (e for _, e in items if e.get("tabindex") is not None):
        if not (group.get("aria-label") and group.get("role")):
            out.append("a part to scroll without role and label")
    sources = [str(v) for _, e in items for k, v in e.attrib.items() if k in {"src", "href"}]
    out += [f"a request for {s}" for s in sources if not s.startswith(("data:", "#"))]
    if "url(" in html or "@import" in html:
        out.append("the style asks for a file")
    return out + low_contrast(html)


def text(element: Element) -> str:
    """Give all text of an element."""
    return "".join(element.itertext()).strip()


def low_contrast(html: str) -> list[str]:
    """Name rules of the style whose text is too pale for their ground, which is white where none is given."""
    body = re.search(r"<style>(.*?)</style>", html, re.S)
    out = []
    for selector, rule in re.findall(r"([^{}]+)\{([^{}]*)\}", body[1] if body else ""):
        color = re.search(r"(?<![-\w])color: (#\w+)", rule)
        ground = re.search(r"background: (#\w+)", rule)
        if color or ground:
            found = contrast(color[1] if color else "#222", ground[1] if ground else "#fff")
            if found < LEAST_CONTRAST:
                out.append(f"contrast of {selector.strip()}: {found:.1f}")
    return out


def contrast(one: str, other: str) -> float:
    """Contrast ratio of two colours (WCAG 2.2, definition of contrast ratio)."""
    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def luminance(color: str) -> float:
    """Relative luminance of a colour in #rgb or #rrggbb (WCAG 2.2)."""
    digits = color[1:] if len(color) == 7 else "".join(2 * c for c in color[1:])
    parts = [int(digits[i : i + 2], 16) / 255 for i in (0, 2, 4)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
