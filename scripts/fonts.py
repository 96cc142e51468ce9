"""Writes core/fonts/*.json: Roboto, regular and bold, cut to the characters that Hilum's pictures and reports use.

    python3 -m venv .venv/fonts && .venv/fonts/bin/pip install fonttools==4.68.0
    apt-get download fonts-roboto-unhinted && dpkg-deb -x fonts-roboto-unhinted_*.deb roboto
    .venv/fonts/bin/python scripts/fonts.py roboto [FOLDER]

The source is Debian's fonts-roboto-unhinted 2:0~20170802-3, which is Roboto 2.138 of Google (Apache-2.0; the later Roboto 3 is OFL).
The unhinted files are taken because Hilum draws letters anti-aliased. FOLDER is by default core/fonts.
"""

import base64
import hashlib
import io
import json
import pathlib
import sys

from fontTools.pens.recordingPen import DecomposingRecordingPen
from fontTools.pens.ttGlyphPen import TTGlyphPen
from fontTools.subset import Options, Subsetter
from fontTools.ttLib import TTFont

# WinAnsiEncoding (ISO 32000-1 Annex D), which is Windows' code page 1252, and mathematical signs that it lacks.
WIN_ANSI = [
    bytes([code]).decode("cp1252") for code in range(0x20, 0x100) if code not in (0x7F, 0x81, 0x8D, 0x8F, 0x90, 0x9D)
]
CHARACTERS = WIN_ANSI + list("≤≥−≈")
SOURCES = {
    "Regular": "797e35f7f5d6020a5c6ea13b42ecd668bcfb3bbc4baa0e74773527e5b6cb3174",
    "Bold": "36f3709dea3e3ce3c6aedc058079e55980825f898f1e901d091c73c40de8bab1",
}
# What PDF readers need (ISO 32000-1 9.9), and name, which holds the copyright.
TABLES = {"head", "hhea", "maxp", "hmtx", "loca", "glyf", "cmap", "OS/2", "post", "name"}
STEM_V = {"Regular": 90, "Bold": 140}


def cut(path):
    """The font with these glyphs in this order, without composite glyphs, kerning and hints."""
    font = TTFont(path, recalcTimestamp=False)
    options = Options(glyph_names=False, hinting=False, layout_features=[], notdef_outline=True, name_IDs=[0, 1, 2, 4, 5, 6, 13, 14])
    subsetter = Subsetter(options)
    subsetter.populate(unicodes=[ord(character) for character in CHARACTERS])
    subsetter.subset(font)
    glyphs, glyf = font.getGlyphSet(), font["glyf"]
    simple = {}
    for name in glyphs.keys():
        recording = DecomposingRecordingPen(glyphs)
        glyphs[name].draw(recording)
        pen = TTGlyphPen(None)
        recording.replay(pen)
        simple[name] = pen.glyph()
    names = [font.getBestCmap()[ord(character)] for character in CHARACTERS]
    order = list(dict.fromkeys([".notdef", *names]))
    metrics = {name: font["hmtx"][name] for name in order}
    glyf.glyphs = {name: simple[name] for name in order}
    font["hmtx"].metrics = metrics
    font.setGlyphOrder(order)
    glyf.glyphOrder = order
    for tag in [tag for tag in font.keys() if tag not in TABLES and tag != "GlyphOrder"]:
        del font[tag]
    font["cmap"].tables = [table for table in font["cmap"].tables if (table.platformID, table.platEncID) == (3, 1)]
    font["post"].formatType = 3.0
    file = io.BytesIO()
    font.save(file, reorderTables=True)
    return file.getvalue()


def described(style, ttf):
    font = TTFont(io.BytesIO(ttf))
    head, hhea, os2, cmap = font["head"], font["hhea"], font["OS/2"], font.getBestCmap()
    per_thousand = lambda value: round(value * 1000 / head.unitsPerEm)
    return {
        "name": f"Roboto-{style}",
        "licence": f"{font['name'].getDebugName(0)} {font['name'].getDebugName(13)}. Cut to {len(CHARACTERS)} characters.",
        "characters": "".join(CHARACTERS),
        "glyphs": " ".join(str(font.getGlyphID(cmap[ord(character)])) for character in CHARACTERS),
        "widths": " ".join(str(font["hmtx"][cmap[ord(character)]][0]) for character in CHARACTERS),
        "unitsPerEm": head.unitsPerEm,
        "ascent": hhea.ascent,
        "descent": hhea.descent,
        "capHeight": per_thousand(os2.sCapHeight),
        "box": " ".join(str(per_thousand(value)) for value in (head.xMin, head.yMin, head.xMax, head.yMax)),
        "stemV": STEM_V[style],
        "ttf": base64.b64encode(ttf).decode(),
    }


def main():
    source = pathlib.Path(sys.argv[1])
    out = pathlib.Path(sys.argv[2]) if len(sys.argv) > 2 else pathlib.Path(__file__).parent.parent / "core" / "fonts"
    for style, digest in SOURCES.items():
        (path,) = source.rglob(f"Roboto-{style}.ttf")
        if hashlib.sha256(path.read_bytes()).hexdigest() != digest:
            raise SystemExit(f"{path} is another version of Roboto")
        text = json.dumps(described(style, cut(path)), indent=2, ensure_ascii=False)
        (out / f"roboto-{style.lower()}.json").write_text(text + "\n", encoding="utf-8")


main()
