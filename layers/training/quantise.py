"""Makes an int8 model from a float32 model: static quantisation with calibration inputs (.venv/training has the packages).

    quantise.py FLOAT.onnx CALIBRATION.npz OUT.onnx [--float first,last,NAME,...] [--range percentile]

CALIBRATION.npz holds an array per input of the model, under the input's name; its first axis counts the samples, which are run one by
one. Inputs and outputs stay float32, so the model is used like before.

Weights are int8 per channel and activations uint8, in the QDQ form (onnxruntime's quantisation documentation). Weights use 7 of the
8 bits: processors without VNNI add pairs of uint8 x int8 products in 16 bits. With 8 bits these sums overflow, and the model's
answers would differ between processors.

--float     convolutions that stay float32: the first or last in the graph's order, or by node name
--range     the source of an activation's range: the smallest and the largest value (minmax), or all values but the outermost
            hundred-thousandth (percentile), which needs more time and memory

The same inputs make the same bytes.
"""

import argparse
import os
import tempfile

import numpy as np
import onnx

os.environ["ORT_DISABLE_TELEMETRY"] = "1"  # before onnxruntime is imported: it would send telemetry
import onnxruntime
from onnxruntime.quantization import CalibrationDataReader, CalibrationMethod, QuantFormat, QuantType, quantize_static
from onnxruntime.quantization.shape_inference import quant_pre_process

# The operators that onnxruntime computes in int8 between convolutions; otherwise activations would be converted to floats and back.
OPERATORS = ["Conv", "Concat", "MaxPool", "Resize", "Add"]
RANGES = {"minmax": CalibrationMethod.MinMax, "percentile": CalibrationMethod.Percentile}


class Samples(CalibrationDataReader):
    """The calibration inputs, one sample after the other."""

    def __init__(self, path):
        with np.load(path) as arrays:
            inputs = {name: arrays[name].astype(np.float32) for name in sorted(arrays.files)}
        count = min(len(values) for values in inputs.values())
        self.rest = iter([{name: values[i : i + 1] for name, values in inputs.items()} for i in range(count)])

    def get_next(self):
        return next(self.rest, None)


def kept_float(path, names):
    """Node names of convolutions that are not quantised."""
    convolutions = [node.name for node in onnx.load(path).graph.node if node.op_type == "Conv"]
    places = {"first": convolutions[0], "last": convolutions[-1]}
    kept = [places.get(name, name) for name in names]
    unknown = [name for name in kept if name not in convolutions]
    if unknown:
        raise SystemExit(f"There is no convolution {unknown[0]}: {', '.join(convolutions)}")
    return kept


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("model")
    parser.add_argument("calibration")
    parser.add_argument("out")
    parser.add_argument("--float", default="")
    parser.add_argument("--range", choices=sorted(RANGES), default="minmax")
    options = parser.parse_args()
    onnxruntime.set_default_logger_severity(3)
    with tempfile.TemporaryDirectory() as folder:
        prepared = os.path.join(folder, "prepared.onnx")
        # Sides are dynamic, and their values are not needed here.
        quant_pre_process(options.model, prepared, skip_symbolic_shape=True)
        quantised = os.path.join(folder, "quantised.onnx")
        quantize_static(
            prepared,
            quantised,
            Samples(options.calibration),
            quant_format=QuantFormat.QDQ,
            op_types_to_quantize=OPERATORS,
            per_channel=True,
            reduce_range=True,
            activation_type=QuantType.QUInt8,
            weight_type=QuantType.QInt8,
            nodes_to_exclude=kept_float(prepared, [name for name in options.float.split(",") if name]),
            calibrate_method=RANGES[options.range],
            calibration_providers=["CPUExecutionProvider"],
            extra_options={"CalibPercentile": 99.999} if options.range == "percentile" else {},
        )
        model = onnx.load(quantised)
        # Producer and date are not part of the model.
        model.producer_name, model.producer_version = "hilum", ""
        with open(options.out + ".part", "wb") as file:
            file.write(model.SerializeToString(deterministic=True))
    os.replace(options.out + ".part", options.out)
    print(f"{options.out}: {os.path.getsize(options.model)} bytes became {os.path.getsize(options.out)}")


if __name__ == "__main__":
    main()
