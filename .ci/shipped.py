"""Of a bill of materials of the development environment: what mudbot brings with it, without tests and tools.

    python .ci/shipped.py INSTALLED.cdx.json SHIPPED.cdx.json

What only an extra brings is marked as optional.  The bill alone does not tell: it takes whatever an extra of any
package names and is installed for needed.
"""

from __future__ import annotations

import json
import sys
from importlib.metadata import PackageNotFoundError, metadata, requires
from pathlib import Path
from typing import Any

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

NOT_SHIPPED = {"dev", "test"}


def needed(name: str, extras: set[str]) -> set[str]:
    """All packages that *name* brings with it here, by their names as the index compares them."""
    found, waiting = set[tuple[str, str]](), [(canonicalize_name(name), extra) for extra in {"", *extras}]
    while waiting:
        each = waiting.pop()
        if each in found:
            continue
        found.add(each)
        try:
            written = map(Requirement, requires(each[0]) or [])
        except PackageNotFoundError:  # for another system
            continue
        for one in written:
            if one.marker is None or one.marker.evaluate({"extra": each[1]}):
                waiting += [(canonicalize_name(one.name), extra) for extra in {"", *one.extras}]
    return {package for package, _ in found} - {canonicalize_name(name)}


def shipped(bill: dict[str, Any], core: set[str], everything: set[str]) -> dict[str, Any]:
    """*bill* with the components *everything* alone, of which *core* are always there."""
    names = {each["bom-ref"]: canonicalize_name(each["name"]) for each in bill["components"]}
    parts = [
        each | {"scope": "required" if names[each["bom-ref"]] in core else "optional"}
        for each in bill["components"]
        if names[each["bom-ref"]] in everything
    ]
    kept = {each["bom-ref"] for each in parts} | {bill["metadata"]["component"]["bom-ref"]}
    graph = [
        each | {"dependsOn": [ref for ref in each.get("dependsOn", ()) if ref in kept]}
        for each in bill["dependencies"]
        if each["ref"] in kept
    ]
    return bill | {"components": parts, "dependencies": graph}


def main() -> None:
    """Read one bill, write the other."""
    source, target = map(Path, sys.argv[1:])
    extras = set(metadata("mudbot").get_all("Provides-Extra") or ()) - NOT_SHIPPED
    bill = shipped(json.loads(source.read_text(encoding="utf-8")), needed("mudbot", set()), needed("mudbot", extras))
    target.write_text(json.dumps(bill, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    print(f"{target}: {len(bill['components'])} components")


if __name__ == "__main__":
    main()
