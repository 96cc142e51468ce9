"""Writes core/gate/iod-tables.json: the modules of the IODs that Hilum writes, and their attributes (PS3.3 Annexes A, C).

Run by `npm run iod-tables` with the Python of .venv/judges; another output file may be given. The data comes with highdicom
(MIT), which has it from innolitics' dicom-standard (MIT), which extracts it from the DocBook of PS3.3. It is flat: one row per
attribute, with its path. Here it becomes a tree. Sequences with the same items share one macro.
"""

import importlib.metadata
import json
import pathlib
import sys

import highdicom

STANDARD = pathlib.Path(highdicom.__file__).parent / "_standard"
OUT = pathlib.Path(__file__).parent.parent / "core" / "gate" / "iod-tables.json"

# The SOP Classes of results.
SOP_CLASSES = [
    "1.2.840.10008.5.1.4.1.1.7",  # Secondary Capture
    "1.2.840.10008.5.1.4.1.1.66.4",  # Segmentation
    "1.2.840.10008.5.1.4.1.1.88.22",  # Enhanced SR
    "1.2.840.10008.5.1.4.1.1.88.34",  # Comprehensive 3D SR
    "1.2.840.10008.5.1.4.1.1.88.59",  # Key Object Selection Document
    "1.2.840.10008.5.1.4.1.1.104.1",  # Encapsulated PDF
]


def load(name):
    return json.loads((STANDARD / name).read_text())


def tree(rows):
    """Maps each attribute to its type and the attributes of its items."""
    root = {}
    for row in rows:
        node = root
        for keyword in row["path"]:
            node = node[keyword][1]
        if row["keyword"] in node:
            raise SystemExit(f"{row['keyword']} occurs twice")
        node[row["keyword"]] = (row["type"], {})
    return root


class Macros:
    """Gives each distinct set of item attributes the name of the first sequence that uses it."""

    def __init__(self):
        self.named = {}
        self.names = {}

    def attributes(self, node):
        return {
            keyword: f"{type_} {self.name(keyword, items)}" if items else type_
            for keyword, (type_, items) in sorted(node.items())
        }

    def name(self, keyword, node):
        body = self.attributes(node)
        key = json.dumps(body)
        if key not in self.names:
            keyword = "Code" if "CodeMeaning" in body else keyword
            count = sum(name.split("/")[0] == keyword for name in self.named)
            self.names[key] = f"{keyword}/{count + 1}" if count else keyword
            self.named[self.names[key]] = body
        return self.names[key]


def main():
    iod_of, modules_of, attributes_of = (
        load(name)
        for name in (
            "sop_class_iod_map.json",
            "iod_module_map.json",
            "module_attribute_map.json",
        )
    )
    iods = {
        uid: {row["key"]: row["usage"] for row in modules_of[iod_of[uid]]}
        for uid in SOP_CLASSES
    }
    macros = Macros()
    modules = {
        key: macros.attributes(tree(attributes_of[key]))
        for key in sorted({key for usages in iods.values() for key in usages})
    }
    version = importlib.metadata.version("highdicom")
    tables = {
        "source": f"PS3.3 as in highdicom {version} (MIT, (c) 2020 MGH Computational Pathology), "
        "made from innolitics/dicom-standard (MIT)",
        "iods": iods,
        "modules": modules,
        "macros": macros.named,
    }
    out = pathlib.Path(sys.argv[1]) if len(sys.argv) > 1 else OUT
    out.write_text(json.dumps(tables, indent=2) + "\n")


main()
