"""What pydicom decodes of files, as raw little-endian samples: OUT/0.raw for the first file, and so on.

Usage: read_pixels.py OUT FILE SHA256 [FILE SHA256 ...]. The digest is that of pydicom's array as the test data's manifest has
it; of pydicom's plugins the first one that gives it is taken, and where none does the program ends with an error.
"""

import hashlib
import sys
from pathlib import Path

import numpy as np
import pydicom
from pydicom.pixels import get_decoder, pixel_array


def samples(path, digest):
    dataset = pydicom.dcmread(path, force=True)
    plugins = get_decoder(dataset.file_meta.TransferSyntaxUID).available_plugins
    for plugin in plugins:
        try:
            array = np.ascontiguousarray(pixel_array(dataset, decoding_plugin=plugin))
        except RuntimeError:  # A plugin that does not know this kind of stream.
            continue
        data = array.astype(array.dtype.newbyteorder("<"), copy=False).tobytes()
        if hashlib.sha256(data).hexdigest() == digest:
            return data
    raise SystemExit(f"{path}: none of {plugins} decodes the array that the manifest has")


out = Path(sys.argv[1])
for index, (path, digest) in enumerate(zip(sys.argv[2::2], sys.argv[3::2])):
    (out / f"{index}.raw").write_bytes(samples(path, digest))
