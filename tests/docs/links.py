# SPDX-License-Identifier: BSD-2-Clause
"""Every link in the project's Markdown files leads to a file that exists and, where it names one, to a heading in it.

usage: links.py PROJECT_ROOT
"""

import pathlib
import re
import sys
from urllib.parse import unquote

FENCE = re.compile(r"^(```|~~~).*?^\1", re.MULTILINE | re.DOTALL)
CODE = re.compile(r"`[^`\n]*`")
LINK = re.compile(r"\]\(([^)\s]+)\)|<(?:a href|img src)=\"([^\"]+)\"")
HEADING = re.compile(r"^#{1,6} +(.+?)\s*$", re.MULTILINE)
ANCHOR = re.compile(r"<a id=\"([^\"]+)\">")
# folders whose Markdown is not the project's
FOREIGN = {"build", "subprojects", "node_modules", "venv"}


def markdown_files(root):
    for path in sorted(root.rglob("*.md")):
        parts = path.relative_to(root).parts[:-1]
        if not any(part.startswith((".", "build")) or part in FOREIGN for part in parts):
            yield path


def prose(path):
    return FENCE.sub("", path.read_text(encoding="utf-8"))


def anchors(path):
    """The anchors that a forge gives to headings, and explicit ones."""
    found = set(ANCHOR.findall(prose(path)))
    for heading in HEADING.findall(prose(path)):
        text = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", heading).lower()
        found.add(re.sub(r"[^\w\- ]", "", text).replace(" ", "-"))
    return found


def problem(root, path, link):
    """What is wrong with a link, or None."""
    if re.match(r"[a-z][a-z0-9+.-]*:", link):
        return None
    name, _, anchor = link.partition("#")
    target = (path.parent / unquote(name)).resolve() if name else path
    if root not in target.parents and target != root:
        return "leads out of the project"
    if not target.exists():
        return "leads to nothing"
    if anchor and anchor not in anchors(target):
        return "names a heading that is not there"
    return None


def main(root):
    root = pathlib.Path(root).resolve()
    links = failures = 0
    for path in markdown_files(root):
        for found in LINK.findall(CODE.sub("", prose(path))):
            link = found[0] or found[1]
            wrong = problem(root, path, link)
            links += 1
            if wrong:
                failures += 1
                print(f"{path.relative_to(root)}: {link} {wrong}")
    assert links > 20, f"only {links} links were found"
    print(f"{links} links, {failures} broken")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
