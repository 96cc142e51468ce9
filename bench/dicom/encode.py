"""Encodes CT slices in all transfer syntaxes that pydicom's encoders or DCMTK can write: encode.py SOURCE TARGET.

SOURCE holds Part 10 files in Explicit VR Little Endian with Bits Stored 12 of 16. TARGET gets one folder per syntax, named
by its UID. For JPEG baseline, a window of 8 bits is encoded. HTJ2K is written by htj2k.ts.
"""
import sys
import zlib
from pathlib import Path
from subprocess import run

import numpy as np
from pydicom import dcmread, dcmwrite
from pydicom.encaps import encapsulate
from pydicom.uid import (
    UID,
    DeflatedExplicitVRLittleEndian,
    ExplicitVRBigEndian,
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
    JPEG2000,
    JPEG2000Lossless,
    JPEGBaseline8Bit,
    JPEGExtended12Bit,
    JPEGLossless,
    JPEGLosslessSV1,
    JPEGLSLossless,
    JPEGLSNearLossless,
    RLELossless,
)

DEFLATED_IMAGE_FRAME = UID("1.2.840.10008.1.2.8.1")


def written(syntax, implicit=False, little_endian=True):
    def encode(path, target):
        ds = dcmread(path)
        ds.decode()  # to values, because the bytes are written in another order
        if not little_endian:
            ds.PixelData = np.frombuffer(ds.PixelData, "<u2").astype(">u2").tobytes()
        ds.file_meta.TransferSyntaxUID = syntax
        dcmwrite(target, ds, implicit_vr=implicit, little_endian=little_endian, force_encoding=True)

    return encode


def compressed(syntax, plugin, **options):
    def encode(path, target):
        ds = dcmread(path)
        ds.compress(syntax, encoding_plugin=plugin, generate_instance_uid=False, **options)
        ds.save_as(target)

    return encode


def jpeg(*process):
    return lambda path, target: run(["dcmcjpeg", *process, path, target], check=True)


def jpeg_of_window(path, target):
    ds = dcmread(path)
    window = np.clip((ds.pixel_array.astype(np.float32) - 800) * (255 / 600), 0, 255).astype(np.uint8)
    ds.PixelData = window.tobytes()
    ds.BitsAllocated = ds.BitsStored = 8
    ds.HighBit = 7
    ds["PixelData"].VR = "OB"
    ds.save_as(target)
    jpeg("+eb")(target, target)


def deflated_frames(path, target):
    ds = dcmread(path)
    deflate = zlib.compressobj(wbits=-15)
    frame = deflate.compress(ds.PixelData) + deflate.flush()
    ds.PixelData = encapsulate([frame])
    ds["PixelData"].VR = "OB"
    ds["PixelData"].is_undefined_length = True
    ds.file_meta.TransferSyntaxUID = DEFLATED_IMAGE_FRAME
    ds.save_as(target, implicit_vr=False, little_endian=True, force_encoding=True)


ENCODERS = {
    ImplicitVRLittleEndian: written(ImplicitVRLittleEndian, implicit=True),
    ExplicitVRLittleEndian: written(ExplicitVRLittleEndian),
    ExplicitVRBigEndian: written(ExplicitVRBigEndian, little_endian=False),
    DeflatedExplicitVRLittleEndian: written(DeflatedExplicitVRLittleEndian),
    RLELossless: compressed(RLELossless, "pylibjpeg"),
    JPEGBaseline8Bit: jpeg_of_window,
    JPEGExtended12Bit: jpeg("+ee"),
    JPEGLossless: jpeg("+el", "+sv", "6"),
    JPEGLosslessSV1: jpeg("+e1"),
    JPEGLSLossless: compressed(JPEGLSLossless, "pyjpegls"),
    JPEGLSNearLossless: compressed(JPEGLSNearLossless, "pyjpegls", jls_error=2),
    JPEG2000Lossless: compressed(JPEG2000Lossless, "pylibjpeg"),
    JPEG2000: compressed(JPEG2000, "pylibjpeg", j2k_cr=[10]),
    DEFLATED_IMAGE_FRAME: deflated_frames,
}

source, target = Path(sys.argv[1]), Path(sys.argv[2])
for syntax, encode in ENCODERS.items():
    folder = target / syntax
    folder.mkdir(parents=True)
    for path in sorted(source.iterdir()):
        encode(path, folder / path.name)
