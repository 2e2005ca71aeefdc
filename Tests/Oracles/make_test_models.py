"""Builds the small ONNX models of the tests, with the results that ONNX Runtime computes.

    python3 Tests/Oracles/make_test_models.py

writes Tests/ONNXTests/Models: for each whole model NAME.onnx and NAME.json, and operators.json with one tiny model per
operator case. Needs numpy, onnx and onnxruntime. Tensors are {"name", "dtype", "shape", "data"} with the little-endian
bytes in base64; whole models are {"inputs", "outputs"}, operator cases {"name", "model", "inputs", "outputs"} with the
model's bytes in base64. Everything is seeded, so a second run writes the same values.
"""

import base64
import json
import pathlib
import tempfile

import numpy as np
import onnx
import onnxruntime
from onnx import TensorProto, helper, numpy_helper

FOLDER = pathlib.Path(__file__).resolve().parent.parent / "ONNXTests" / "Models"
TYPES = {
    np.dtype(np.float32): TensorProto.FLOAT,
    np.dtype(np.float16): TensorProto.FLOAT16,
    np.dtype(np.float64): TensorProto.DOUBLE,
    np.dtype(np.int64): TensorProto.INT64,
    np.dtype(np.int32): TensorProto.INT32,
    np.dtype(np.uint8): TensorProto.UINT8,
    np.dtype(np.int8): TensorProto.INT8,
    np.dtype(np.bool_): TensorProto.BOOL,
}


def random(seed, *shape, low=-2.0, high=2.0):
    return np.random.RandomState(seed).uniform(low, high, shape).astype(np.float32)


def ints(*values):
    return np.array(values, np.int64)


def encode(name, array):
    array = np.asarray(array, order="C")
    return {
        "name": name,
        "dtype": str(array.dtype),
        "shape": list(array.shape),
        "data": base64.b64encode(array.tobytes()).decode(),
    }


def finish(name, nodes, inputs, outputs, initializers, opset, symbolic=None, metadata=None):
    """`inputs`: {name: array}; `symbolic`: {name: declared shape}; outputs: names."""
    symbolic = symbolic or {}
    graph = helper.make_graph(
        nodes,
        name,
        [helper.make_tensor_value_info(n, TYPES[a.dtype], symbolic.get(n, list(a.shape))) for n, a in inputs.items()],
        [onnx.ValueInfoProto(name=n) for n in outputs],
        [numpy_helper.from_array(np.asarray(a, order="C"), n) for n, a in initializers.items()],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)], producer_name="saccade-tests")
    model.ir_version = 8
    for key, value in (metadata or {}).items():
        entry = model.metadata_props.add()
        entry.key, entry.value = key, value
    # ONNX Runtime wants the types of the outputs.
    inferred = onnx.shape_inference.infer_shapes(model)
    types = {v.name: v.type for v in list(inferred.graph.value_info) + list(inferred.graph.output)}
    for output in model.graph.output:
        output.type.CopyFrom(types[output.name])
    return model


def run(model, inputs):
    options = onnxruntime.SessionOptions()
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    options.log_severity_level = 3
    session = onnxruntime.InferenceSession(model.SerializeToString(), options, providers=["CPUExecutionProvider"])
    return session.run(None, inputs)


# ---------------------------------------------------------------------------------------------- operators

CASES = []


def case(name, op, inputs, constants=None, opset=17, outputs=1, order=None, **attributes):
    """One node. `inputs` are fed, `constants` are initializers; `order` names all inputs in the operator's order."""
    constants = constants or {}
    order = order or list(inputs) + list(constants)
    names = ["y"] if outputs == 1 else [f"y{i}" for i in range(outputs)]
    node = helper.make_node(op, order, names, name=name, **attributes)
    model = finish(name, [node], inputs, names, constants, opset)
    results = run(model, inputs)
    CASES.append(
        {
            "name": name,
            "model": base64.b64encode(model.SerializeToString()).decode(),
            "inputs": [encode(n, a) for n, a in inputs.items()],
            "outputs": [encode(n, a) for n, a in zip(names, results)],
        }
    )


def operator_cases():
    x = {"x": random(1, 1, 4, 7, 9)}

    def conv(name, xs, w, bias=True, **attributes):
        constants = {"w": w}
        if bias:
            constants["b"] = random(3, w.shape[0])
        case(name, "Conv", {"x": xs}, constants, **attributes)

    conv("conv_1x1", x["x"], random(2, 6, 4, 1, 1))
    conv("conv_3x3_pad", x["x"], random(2, 6, 4, 3, 3), pads=[1, 1, 1, 1])
    conv("conv_3x3_stride2", x["x"], random(2, 6, 4, 3, 3), pads=[1, 1, 1, 1], strides=[2, 2])
    conv("conv_no_bias", x["x"], random(2, 5, 4, 3, 3), bias=False)
    conv("conv_odd_pads", x["x"], random(2, 6, 4, 3, 5), pads=[0, 3, 2, 1], strides=[2, 3])
    conv("conv_dilated", x["x"], random(2, 3, 4, 3, 3), pads=[2, 2, 2, 2], dilations=[2, 2])
    conv("conv_groups", x["x"], random(2, 6, 2, 3, 3), pads=[1, 1, 1, 1], group=2)
    conv("conv_depthwise", x["x"], random(2, 4, 1, 3, 3), pads=[1, 1, 1, 1], group=4)
    conv("conv_depthwise_stride2", x["x"], random(2, 4, 1, 5, 5), pads=[2, 2, 2, 2], group=4, strides=[2, 2])
    conv("conv_depthwise_multiplier", x["x"], random(2, 8, 1, 3, 3), group=4)
    conv("conv_same_upper", x["x"], random(2, 3, 4, 4, 3), auto_pad="SAME_UPPER", strides=[2, 2])
    conv("conv_same_lower", x["x"], random(2, 3, 4, 4, 3), auto_pad="SAME_LOWER", strides=[2, 2])
    conv("conv_6x6_stride2", random(1, 1, 3, 16, 16), random(2, 8, 3, 6, 6), pads=[2, 2, 2, 2], strides=[2, 2])
    conv("conv_batch2", random(1, 2, 3, 6, 5), random(2, 4, 3, 3, 3), pads=[1, 1, 1, 1])
    conv("conv_1d", random(1, 2, 3, 11), random(2, 4, 3, 3), pads=[1, 1], strides=[2])
    conv("conv_pad_past_kernel", x["x"], random(2, 3, 4, 1, 1), pads=[2, 2, 2, 2])

    channels = {"s": random(5, 4), "b": random(6, 4), "m": random(7, 4), "v": random(8, 4, low=0.1)}
    case("batch_normalization", "BatchNormalization", x, channels, epsilon=0.01)
    case("batch_normalization_2d", "BatchNormalization", {"x": random(1, 3, 4)}, channels)

    for op in ("MaxPool", "AveragePool"):
        tag = op.lower()
        case(f"{tag}_2x2", op, x, kernel_shape=[2, 2], strides=[2, 2])
        case(f"{tag}_3x3_pad", op, x, kernel_shape=[3, 3], strides=[2, 2], pads=[1, 1, 1, 1])
        case(f"{tag}_5x5_same", op, x, kernel_shape=[5, 5], pads=[2, 2, 2, 2])
        case(f"{tag}_ceil", op, x, kernel_shape=[2, 2], strides=[2, 2], ceil_mode=1)
        case(f"{tag}_ceil_pad", op, {"x": random(1, 1, 2, 6, 6)}, kernel_shape=[3, 3], strides=[2, 2], ceil_mode=1)
        case(f"{tag}_odd_pads", op, x, kernel_shape=[3, 4], strides=[1, 2], pads=[0, 2, 1, 1])
    case("maxpool_dilated", "MaxPool", x, kernel_shape=[2, 2], dilations=[2, 2])
    case("maxpool_same_upper", "MaxPool", x, kernel_shape=[2, 2], strides=[2, 2], auto_pad="SAME_UPPER")
    case("maxpool_negative", "MaxPool", {"x": -np.abs(x["x"]) - 1}, kernel_shape=[3, 3], pads=[1, 1, 1, 1])
    case(
        "averagepool_count_pad", "AveragePool", x, kernel_shape=[3, 3], strides=[2, 2], pads=[1, 1, 1, 1],
        count_include_pad=1,
    )
    case("global_average_pool", "GlobalAveragePool", x)
    case("global_max_pool", "GlobalMaxPool", x)

    def resize(name, constants, opset=13, **attributes):
        full = {"roi": np.array([], np.float32), "scales": np.array([], np.float32)}
        full.update(constants)
        case(name, "Resize", x, full, opset=opset, **attributes)

    twice = {"scales": np.array([1, 1, 2, 2], np.float32)}
    odd = {"scales": np.array([1, 1, 1.6, 0.7], np.float32)}
    for mode in ("nearest", "linear"):
        for coordinates in ("asymmetric", "half_pixel", "align_corners", "pytorch_half_pixel"):
            resize(f"resize_{mode}_{coordinates}_2x", twice, mode=mode, coordinate_transformation_mode=coordinates)
            resize(f"resize_{mode}_{coordinates}_odd", odd, mode=mode, coordinate_transformation_mode=coordinates)
    for rounding in ("round_prefer_floor", "round_prefer_ceil", "floor", "ceil"):
        resize(
            f"resize_nearest_{rounding}", odd, mode="nearest", nearest_mode=rounding,
            coordinate_transformation_mode="half_pixel",
        )
    resize("resize_yolo", twice, mode="nearest", nearest_mode="floor", coordinate_transformation_mode="asymmetric")
    resize("resize_sizes", {"sizes": ints(1, 4, 10, 5)}, mode="linear")
    resize("resize_sizes_nearest", {"sizes": ints(1, 4, 14, 18)}, mode="nearest", opset=11)
    case("resize_opset10", "Resize", x, twice, opset=10, mode="nearest")
    case("upsample_opset9", "Upsample", x, twice, opset=9, mode="nearest")
    case("upsample_opset9_linear", "Upsample", x, twice, opset=9, mode="linear")

    for op in ("Sigmoid", "Relu", "Tanh", "HardSwish", "Softplus", "Exp", "Erf", "Sin", "Cos", "Neg", "Abs", "Sign",
               "Floor", "Ceil", "LeakyRelu", "HardSigmoid", "Elu"):
        case(f"unary_{op.lower()}", op, {"x": random(9, 2, 3, 5, low=-6, high=6)})
    for op in ("Log", "Sqrt", "Reciprocal"):
        case(f"unary_{op.lower()}", op, {"x": random(9, 2, 3, 5, low=0.1, high=9)})
    case("unary_round_halves", "Round", {"x": np.array([-2.5, -1.5, -0.5, 0.5, 1.5, 2.5, 0.4, 3.7], np.float32)})
    case("unary_sigmoid_extreme", "Sigmoid", {"x": np.array([-1000, -88, 0, 88, 1000], np.float32)})
    case("leaky_relu_slope", "LeakyRelu", {"x": random(9, 2, 3)}, alpha=0.1)
    case("hard_sigmoid_attributes", "HardSigmoid", {"x": random(9, 2, 3, low=-5, high=5)}, alpha=1 / 6, beta=0.5)
    case("prelu", "PRelu", x, {"slope": random(4, 4, 1, 1)})
    case("gelu", "Gelu", {"x": random(9, 3, 4)}, opset=20)
    case("mish", "Mish", {"x": random(9, 3, 4)}, opset=18)
    case("not", "Not", {"x": np.array([True, False])})

    a, b = random(10, 2, 3, 4, 5), random(11, 2, 3, 4, 5)
    for op in ("Add", "Sub", "Mul", "Div", "Min", "Max", "Less", "Greater", "LessOrEqual", "GreaterOrEqual"):
        case(f"binary_{op.lower()}", op, {"a": a, "b": b})
    case("binary_pow", "Pow", {"a": np.abs(a), "b": b})
    case("binary_pow_constant", "Pow", {"a": a}, {"b": np.array(2, np.float32)})
    case("binary_pow_integer", "Pow", {"a": a}, {"b": np.array(3, np.int64)})
    case("broadcast_scalar", "Add", {"a": a}, {"b": np.array(0.5, np.float32)})
    case("broadcast_channel", "Mul", {"a": a}, {"b": random(12, 3, 1, 1)})
    case("broadcast_last", "Add", {"a": a}, {"b": random(12, 5)})
    case("broadcast_both", "Sub", {"a": random(1, 2, 1, 4), "b": random(2, 3, 1)})
    case("broadcast_gate", "Mul", {"a": a, "b": random(3, 2, 3, 1, 1)})
    case("broadcast_left", "Div", {"a": random(3, 4, 1), "b": a})
    case("integer_div", "Div", {"a": ints(7, -7, 7, -7), "b": ints(2, 2, -2, -2)})
    case("integer_mod", "Mod", {"a": ints(7, -7, 7, -7), "b": ints(3, 3, -3, -3)})
    case("integer_fmod", "Mod", {"a": ints(7, -7, 7, -7), "b": ints(3, 3, -3, -3)}, fmod=1)
    case("float_fmod", "Mod", {"a": a, "b": b}, fmod=1)
    case("integer_equal", "Equal", {"a": ints(1, 2, 3), "b": ints(1, 5, 3)})
    case("and", "And", {"a": np.array([True, True, False]), "b": np.array([True, False, False])})
    case("max_of_three", "Max", {"a": a, "b": b, "c": random(3, 4, 5)})
    case("sum_of_three", "Sum", {"a": a, "b": b, "c": random(3, 4, 5)})
    case("where", "Where", {"c": a > 0, "a": a, "b": b})
    case("where_broadcast", "Where", {"c": random(4, 3, 1, 1) > 0, "a": a}, {"b": np.array(0, np.float32)})
    case("clip", "Clip", x, {"low": np.array(-1, np.float32), "high": np.array(0.5, np.float32)})
    case("clip_low", "Clip", x, {"low": np.array(0, np.float32)})
    case("clip_opset6", "Clip", x, opset=10, min=0.0, max=1.0)
    case("cast_int", "Cast", {"x": np.array([-2.7, -0.2, 0.2, 2.7], np.float32)}, to=TensorProto.INT64)
    case("cast_float", "Cast", {"x": ints(-3, 0, 9)}, to=TensorProto.FLOAT)
    case("cast_bool", "Cast", {"x": np.array([0, 0.5, -1], np.float32)}, to=TensorProto.BOOL)

    case("matmul", "MatMul", {"a": random(1, 5, 7), "b": random(2, 7, 3)})
    case("matmul_batched", "MatMul", {"a": random(1, 2, 3, 5, 7), "b": random(2, 2, 3, 7, 4)})
    case("matmul_broadcast", "MatMul", {"a": random(1, 2, 3, 5, 7), "b": random(2, 7, 4)})
    case("gemm", "Gemm", {"a": random(1, 3, 5)}, {"b": random(2, 4, 5), "c": random(3, 4)}, transB=1)
    case(
        "gemm_scaled", "Gemm", {"a": random(1, 5, 3)}, {"b": random(2, 5, 4), "c": random(3, 3, 1)}, transA=1,
        alpha=0.5, beta=2.0,
    )
    case("gemm_no_c", "Gemm", {"a": random(1, 3, 5), "b": random(2, 5, 4)})
    case("softmax_last", "Softmax", x, axis=-1)
    case("softmax_channels", "Softmax", x, axis=1)
    case("softmax_opset11", "Softmax", x, opset=11, axis=1)
    case("softmax_opset11_axis2", "Softmax", x, opset=11, axis=2)
    case("log_softmax", "LogSoftmax", x, axis=1)
    case("softmax_large", "Softmax", {"x": np.array([[1000, 999, -1000]], np.float32)})

    for op in ("ReduceMean", "ReduceMax", "ReduceMin", "ReduceL2", "ReduceL1", "ReduceSumSquare"):
        case(f"{op.lower()}_spatial", op, x, axes=[2, 3], keepdims=1)
        case(f"{op.lower()}_last", op, x, axes=[-1], keepdims=0)
    case("reducesum_channels", "ReduceSum", x, {"axes": ints(1)}, keepdims=0)
    case("reducesum_all", "ReduceSum", x, keepdims=0)
    case("reducemean_opset18", "ReduceMean", x, {"axes": ints(1, 2)}, opset=18)
    case("reduceprod_integers", "ReduceProd", {"x": ints(2, 3, 4)}, keepdims=0, axes=[0])
    case("argmax", "ArgMax", x, axis=1, keepdims=0)
    case("argmax_ties", "ArgMax", {"x": np.array([[1, 3, 3, 2]], np.float32)}, axis=1)
    case("argmin", "ArgMin", x, axis=-1)
    case("topk", "TopK", {"x": random(4, 3, 9)}, {"k": ints(4)}, outputs=2)
    case("topk_smallest", "TopK", {"x": random(4, 3, 9)}, {"k": ints(2)}, outputs=2, largest=0)
    case("topk_axis", "TopK", {"x": random(4, 3, 9, 2)}, {"k": ints(3)}, outputs=2, axis=1)
    case("topk_ties", "TopK", {"x": np.array([[1, 5, 5, 1, 5]], np.float32)}, {"k": ints(4)}, outputs=2)

    case("concat_channels", "Concat", {"a": random(1, 1, 2, 3, 4), "b": random(2, 1, 5, 3, 4)}, axis=1)
    case("concat_last", "Concat", {"a": random(1, 2, 3), "b": random(2, 2, 1), "c": random(3, 2, 4)}, axis=-1)
    case("split_equal", "Split", x, outputs=2, axis=1)
    case("split_sizes", "Split", x, {"sizes": ints(1, 3)}, outputs=2, axis=1)
    case("split_opset11", "Split", x, opset=11, outputs=3, axis=3, split=[2, 3, 4])
    case("split_uneven", "Split", x, opset=18, outputs=2, axis=2, num_outputs=2)
    case(
        "slice_strided", "Slice", x,
        {"starts": ints(1, 0), "ends": ints(2**62, -1), "axes": ints(2, 3), "steps": ints(2, 3)},
    )
    case("slice_negative", "Slice", x, {"starts": ints(-3), "ends": ints(-1), "axes": ints(-1)})
    case("slice_reversed", "Slice", x, {"starts": ints(-1), "ends": ints(-(2**62)), "axes": ints(1), "steps": ints(-1)})
    case("slice_no_axes", "Slice", x, {"starts": ints(0, 1), "ends": ints(1, 3)})
    case("slice_opset9", "Slice", x, opset=9, starts=[1, 2], ends=[3, 100], axes=[1, 3])
    case("reshape_zero_minus", "Reshape", x, {"shape": ints(0, -1, 9)})
    case("flatten", "Flatten", x, axis=2)
    case("flatten_axis0", "Flatten", x, axis=0)
    case("squeeze", "Squeeze", {"x": random(1, 1, 3, 1, 2)}, {"axes": ints(0, 2)})
    case("squeeze_all", "Squeeze", {"x": random(1, 1, 3, 1, 2)})
    case("squeeze_opset11", "Squeeze", {"x": random(1, 1, 3, 1, 2)}, opset=11, axes=[-2])
    case("unsqueeze", "Unsqueeze", {"x": random(1, 3, 2)}, {"axes": ints(0, -1)})
    case("unsqueeze_opset11", "Unsqueeze", {"x": random(1, 3, 2)}, opset=11, axes=[1, 3])
    case("transpose", "Transpose", x, perm=[0, 2, 3, 1])
    case("transpose_default", "Transpose", {"x": random(1, 2, 3, 4)})
    case("transpose_rank5", "Transpose", {"x": random(1, 1, 3, 5, 2, 2)}, perm=[0, 1, 3, 4, 2])
    case("expand", "Expand", {"x": random(1, 3, 1)}, {"shape": ints(2, 1, 4)})
    case("tile", "Tile", {"x": random(1, 2, 3)}, {"repeats": ints(2, 3)})
    case("gather", "Gather", x, {"indices": ints(3, 0, -1)}, axis=1)
    case("gather_matrix", "Gather", {"x": random(1, 5, 3)}, {"indices": np.array([[0, 4], [1, -2]], np.int64)})
    case("gather_scalar", "Gather", {"x": random(1, 5, 3)}, {"indices": np.array(2, np.int64)}, axis=1)
    case("gather_elements", "GatherElements", {"x": random(1, 3, 4), "i": np.array([[0, 3], [1, -1]], np.int64)}, axis=1)
    case("pad_constant", "Pad", x, {"pads": ints(0, 0, 1, 2, 0, 1, 0, 3), "value": np.array(0.5, np.float32)})
    case("pad_crop", "Pad", x, {"pads": ints(0, 0, -1, 0, 0, 0, 1, -2)})
    case("pad_reflect", "Pad", x, {"pads": ints(0, 0, 2, 3, 0, 0, 1, 2)}, mode="reflect")
    case("pad_edge", "Pad", x, {"pads": ints(0, 0, 2, 3, 0, 0, 1, 2)}, mode="edge")
    case("pad_opset10", "Pad", x, opset=10, pads=[0, 0, 1, 1, 0, 0, 1, 1], value=-1.0)
    case("shape", "Shape", x)
    case("shape_part", "Shape", x, start=1, end=-1)
    case("size", "Size", x)
    case("range", "Range", {}, {"start": np.array(3, np.int64), "end": np.array(-4, np.int64), "step": np.array(-2, np.int64)})
    case("range_float", "Range", {}, {"start": np.array(0, np.float32), "end": np.array(2, np.float32), "step": np.array(0.3, np.float32)})
    case(
        "constant_of_shape", "ConstantOfShape", {}, {"shape": ints(2, 3)},
        value=numpy_helper.from_array(np.array([7], np.int64)),
    )
    case("dropout", "Dropout", x, opset=12)
    case("identity", "Identity", x)

    u8, s8, scale = np.uint8, np.int8, np.array(0.02, np.float32)
    ties = {"x": np.array([-2.5, -1.5, -0.5, 0.5, 1.5, 2.5, 126.5, 127.4, 130, 300, -129, -300, 1e20], np.float32)}
    one = np.array(1, np.float32)
    case("quantize", "QuantizeLinear", x, {"s": scale, "z": np.array(117, u8)})
    case("quantize_no_zero_point", "QuantizeLinear", x, {"s": scale})
    case("quantize_opset10", "QuantizeLinear", x, {"s": scale, "z": np.array(3, s8)}, opset=10)
    case("quantize_ties", "QuantizeLinear", ties, {"s": one, "z": np.array(0, s8)})
    case("quantize_ties_odd_zero_point", "QuantizeLinear", ties, {"s": one, "z": np.array(3, u8)})
    scales = random(5, 4, low=0.01, high=0.05)
    case("quantize_channels", "QuantizeLinear", x, {"s": scales, "z": np.array([0, 50, 128, 255], u8)}, axis=1)
    case("quantize_last", "QuantizeLinear", x, {"s": random(6, 9, low=0.01, high=0.05), "z": np.arange(9).astype(s8)},
         axis=-1)
    case("quantize_rows", "QuantizeLinear", {"x": random(7, 2, 5)}, {"s": scales[:2], "z": np.array([1, 2], u8)},
         axis=0, opset=21)
    case("quantize_one_scale", "QuantizeLinear", x, {"s": np.array([0.03], np.float32), "z": np.array([9], u8)})
    bytes_ = {"x": np.random.RandomState(8).randint(0, 256, (1, 4, 7, 9)).astype(u8)}
    case("dequantize", "DequantizeLinear", bytes_, {"s": scale, "z": np.array(117, u8)})
    case("dequantize_no_zero_point", "DequantizeLinear", bytes_, {"s": scale}, opset=19)
    case("dequantize_channels", "DequantizeLinear", bytes_, {"s": scales, "z": np.array([0, 50, 128, 255], u8)})
    signed = {"x": np.random.RandomState(9).randint(-128, 128, (4, 3, 2, 2)).astype(s8)}
    case("dequantize_weights", "DequantizeLinear", signed, {"s": scales, "z": np.zeros(4, s8)}, axis=0)
    case("dequantize_opset10", "DequantizeLinear", signed, {"s": scale, "z": np.array(-7, s8)}, opset=10)
    wide = {"x": np.array([-(2**31), -70000, 0, 1, 2**31 - 1, 16777217], np.int32)}
    case("dequantize_int32", "DequantizeLinear", wide, {"s": scale})
    case("dequantize_bias", "DequantizeLinear", {"x": wide["x"][:4]}, {"s": scales, "z": np.zeros(4, np.int32)}, axis=0)


# ------------------------------------------------------------------------------------------- whole models


class Builder:
    def __init__(self):
        self.nodes, self.initializers, self.seed = [], {}, 100

    def weight(self, array):
        name = f"w{len(self.initializers)}"
        self.initializers[name] = array
        return name

    def __call__(self, op, *inputs, outputs=1, **attributes):
        names = [f"{op.lower()}_{len(self.nodes)}_{i}" for i in range(outputs)]
        self.nodes.append(helper.make_node(op, list(inputs), names, name=f"{op}_{len(self.nodes)}", **attributes))
        return names[0] if outputs == 1 else names

    def conv(self, x, cin, cout, k=3, s=1, groups=1, bias=True):
        self.seed += 1
        scale = 1.5 / np.sqrt(cin // groups * k * k)
        w = [self.weight(random(self.seed, cout, cin // groups, k, k, low=-scale, high=scale))]
        if bias:
            w.append(self.weight(random(self.seed + 500, cout, low=-0.2, high=0.2)))
        return self("Conv", x, *w, kernel_shape=[k, k], strides=[s, s], pads=[k // 2] * 4, group=groups)

    def silu(self, x):
        return self("Mul", x, self("Sigmoid", x))

    def bn(self, x, channels):
        self.seed += 1
        parameters = [random(self.seed + i, channels, low=0.5 if i in (0, 3) else -0.5, high=1.5 if i in (0, 3) else 0.5)
                      for i in range(4)]
        return self("BatchNormalization", x, *[self.weight(p) for p in parameters], epsilon=1e-3)

    def rename(self, old, new):
        for node in self.nodes:
            for names in (node.input, node.output):
                for index, name in enumerate(names):
                    if name == old:
                        names[index] = new
        return new

    def backbone(self, x, width=8):
        """Three levels of `width` channels at strides 8, 16 and 32."""
        x = self.silu(self.conv(x, 3, width, s=2))
        x = self.silu(self.conv(x, width, width, s=2))
        levels = []
        for _ in range(3):
            x = self.silu(self.conv(x, width, width, s=2))
            levels.append(x)
        return levels


def save(name, builder, inputs, outputs, opset=17, symbolic=None, metadata=None):
    model = finish(name, builder.nodes, inputs, outputs, builder.initializers, opset, symbolic, metadata)
    onnx.checker.check_model(model)
    results = run(model, inputs)
    (FOLDER / f"{name}.onnx").write_bytes(model.SerializeToString())
    golden = {
        "inputs": [encode(n, a) for n, a in inputs.items()],
        "outputs": [encode(n, a) for n, a in zip(outputs, results)],
    }
    (FOLDER / f"{name}.json").write_text(json.dumps(golden) + "\n")


def end_to_end():
    """A head that ends in k×6: x1 y1 x2 y2 score class, chosen by two TopK (as YOLOv10 and YOLO26 end to end)."""
    g, classes, k = Builder(), 3, 8
    boxes, scores = [], []
    for level in g.backbone("images"):
        boxes.append(g("Reshape", g.conv(level, 8, 4, k=1), g.weight(ints(1, 4, -1))))
        scores.append(g("Reshape", g.conv(level, 8, classes, k=1), g.weight(ints(1, classes, -1))))
    box = g("Transpose", g("Concat", *boxes, axis=2), perm=[0, 2, 1])
    score = g("Transpose", g("Sigmoid", g("Concat", *scores, axis=2)), perm=[0, 2, 1])
    box = g("Mul", box, g.weight(np.array(16, np.float32)))

    best = g("ReduceMax", score, axes=[-1], keepdims=0)
    _, anchors = g("TopK", best, g.weight(ints(k)), outputs=2, axis=1, largest=1, sorted=1)
    anchors = g("Unsqueeze", anchors, g.weight(ints(-1)))
    box = g("GatherElements", box, g("Tile", anchors, g.weight(ints(1, 1, 4))), axis=1)
    shape = g("Concat", g("Shape", anchors, start=0, end=2), g.weight(ints(classes)), axis=0)
    score = g("GatherElements", score, g("Expand", anchors, shape), axis=1)
    top, index = g("TopK", g("Flatten", score, axis=1), g.weight(ints(k)), outputs=2, axis=1)
    label = g("Mod", index, g.weight(np.array(classes, np.int64)))
    row = g("Div", index, g.weight(np.array(classes, np.int64)))
    batch = g("Unsqueeze", g("Range", *[g.weight(np.array(v, np.int64)) for v in (0, 1, 1)]), g.weight(ints(-1)))
    row = g("Add", row, g("Mul", batch, g.weight(np.array(k, np.int64))))
    box = g("Gather", g("Reshape", box, g.weight(ints(-1, 4))), row, axis=0)
    top = g("Unsqueeze", top, g.weight(ints(-1)))
    label = g("Unsqueeze", g("Cast", label, to=TensorProto.FLOAT), g.weight(ints(-1)))
    output = g.rename(g("Concat", box, top, label, axis=-1), "output0")
    save(
        "end-to-end", g, {"images": random(50, 1, 3, 64, 64, low=0, high=1)}, [output],
        metadata={"names": "{0: 'person', 1: 'car', 2: 'dog'}", "stride": "32", "imgsz": "[64, 64]", "task": "detect",
                  "end2end": "True"},
    )


def yolov5_raw(five):
    g, outputs = Builder(), []
    for index, level in enumerate(g.backbone("images")):
        x = g.conv(level, 8, 255, k=1)
        if five:
            side = (4, 2, 1)[index]
            x = g("Reshape", x, g.weight(ints(1, 3, 85, side, side)))
            x = g("Transpose", x, perm=[0, 1, 3, 4, 2])
        outputs.append(g.rename(x, f"output{index}"))
    name = "yolov5-raw-5d" if five else "yolov5-raw-4d"
    save(name, g, {"images": random(51, 1, 3, 32, 32, low=0, high=1)}, outputs, opset=12)


def unfused_batch_norm():
    """Convolution and batch norm apart, several activations, a gate, a pooled vector; any batch size."""
    g = Builder()
    x = g("LeakyRelu", g.bn(g.conv("images", 3, 8, s=2, bias=False), 8), alpha=0.1)
    y = g("HardSwish", g.bn(g.conv(x, 8, 8, groups=8), 8))
    x = g("Add", x, g("Relu", g.bn(g.conv(y, 8, 8, k=1, bias=False), 8)))
    gate = g("HardSigmoid", g.conv(g("GlobalAveragePool", x), 8, 8, k=1), alpha=1 / 6, beta=0.5)
    x = g("Mul", x, gate)
    x = g.bn(x, 8)
    x = g("Clip", g.conv(x, 8, 12, s=2), g.weight(np.array(0, np.float32)), g.weight(np.array(6, np.float32)))
    x = g("GlobalAveragePool", x)
    shape = g("Concat", g("Unsqueeze", g("Gather", g("Shape", x), g.weight(np.array(0, np.int64)), axis=0),
                          g.weight(ints(0))), g.weight(ints(-1)), axis=0)
    x = g("Reshape", x, shape)
    x = g("Gemm", x, g.weight(random(77, 5, 12)), g.weight(random(78, 5)), transB=1)
    output = g.rename(g.bn(x, 5), "output")
    save(
        "unfused-batch-norm", g, {"images": random(52, 2, 3, 16, 12)}, [output],
        symbolic={"images": ["batch", 3, "height", "width"]},
    )


def movements():
    """What the channels-last rewrite must carry through: broadcasts, splits, slices, reductions, residuals."""
    g = Builder()
    x = g("Div", g("Sub", "images", g.weight(random(60, 1, 3, 1, 1))), g.weight(random(61, 3, 1, 1, low=1)))
    focus = [
        g("Slice", x, g.weight(ints(top, left)), g.weight(ints(2**62, 2**62)), g.weight(ints(2, 3)),
          g.weight(ints(2, 2)))
        for left in (0, 1) for top in (0, 1)
    ]
    x = g.silu(g.conv(g("Concat", *focus, axis=1), 12, 8))
    a, b = g("Split", x, g.weight(ints(3, 5)), outputs=2, axis=1)
    b = g("Add", b, g.weight(random(62, 5, 1, 1)))
    b = g("Mul", b, g.weight(random(63, 6)))
    pooled = g("MaxPool", x, kernel_shape=[3, 3], pads=[1, 1, 1, 1])
    x = g("Concat", a, b, pooled, axis=1)
    x = g("Mul", x, g("Softmax", x, axis=1))
    x = g("Where", g("Greater", x, g.weight(np.array(0, np.float32))), x, g("Mul", x, g.weight(np.array(0.1, np.float32))))
    x = g("Add", x, g("ReduceMean", x, axes=[1], keepdims=1))
    low = g("AveragePool", x, kernel_shape=[2, 2], strides=[2, 2])
    up = g("Resize", low, "", g.weight(np.array([1, 1, 2, 2], np.float32)), mode="nearest", nearest_mode="floor",
           coordinate_transformation_mode="asymmetric")
    x = g("Sub", x, up)
    x = g("Gather", x, g.weight(ints(15, 3, 3, 0, 7, 9)), axis=1)
    x = g("Pad", x, g.weight(ints(0, 0, 1, 0, 0, 0, 0, 2)))
    # A channel shuffle: rank 5 in between.
    x = g("Reshape", x, g.weight(ints(1, 2, 3, 7, 8)))
    x = g("Reshape", g("Transpose", x, perm=[0, 2, 1, 3, 4]), g.weight(ints(1, 6, 7, 8)))
    x = g.conv(x, 6, 4, k=3)
    feature = g.rename(g("ReduceMax", x, axes=[2, 3], keepdims=0), "feature")
    rows = g.rename(g("ReduceMean", x, axes=[1], keepdims=0), "rows")
    best = g.rename(g("ArgMax", x, axis=1, keepdims=1), "best")
    last = g.rename(g("Transpose", x, perm=[0, 2, 3, 1]), "last")
    save("movements", g, {"images": random(53, 1, 3, 12, 12)}, [feature, rows, best, last, x])


def quantized():
    """Convolutions, a residual, movements and a gate as ONNX Runtime's tool quantizes them; its own results.

    A sum that lies on the border between two integers may be rounded to either, so what is compared is near, not equal.
    """
    from onnxruntime.quantization import CalibrationDataReader, QuantFormat, QuantType, quantize_static

    g = Builder()
    x = g.silu(g.conv("images", 3, 8, s=2))
    a, b = g("Split", x, g.weight(ints(4, 4)), outputs=2, axis=1)
    b = g("Add", b, g.silu(g.conv(b, 4, 4)))
    x = g("Concat", a, b, g("MaxPool", a, kernel_shape=[5, 5], pads=[2, 2, 2, 2]), axis=1)
    low = g("Relu", g.conv(x, 12, 8, s=2))
    up = g("Resize", low, "", g.weight(np.array([1, 1, 2, 2], np.float32)), mode="nearest", nearest_mode="floor",
           coordinate_transformation_mode="asymmetric")
    x = g("Mul", g("Concat", up, x, axis=1), g.weight(random(64, 20, 1, 1, low=0.5, high=1.5)))
    x = g.conv(x, 20, 20, groups=20)
    x = g("Reshape", g.conv(x, 20, 6, k=1), g.weight(ints(1, 2, 3, -1)))
    x = g("MatMul", g("Transpose", x, perm=[0, 1, 3, 2]), x)
    output = g.rename(g("Softmax", x, axis=-1), "output")
    images = random(55, 4, 3, 12, 16, low=0, high=1)

    class Reader(CalibrationDataReader):
        def __init__(self):
            self.items = iter([{"images": images[i:i + 1]} for i in range(4)])

        def get_next(self):
            return next(self.items, None)

    inputs = {"images": images[:1]}
    model = finish("quantized", g.nodes, inputs, [output], g.initializers, 13)
    with tempfile.TemporaryDirectory() as folder:
        onnx.save(model, f"{folder}/float.onnx")
        quantize_static(f"{folder}/float.onnx", FOLDER / "quantized.onnx", Reader(), quant_format=QuantFormat.QDQ,
                        activation_type=QuantType.QUInt8, weight_type=QuantType.QInt8, per_channel=True)
    results = run(onnx.load(FOLDER / "quantized.onnx"), inputs)
    golden = {
        "inputs": [encode(n, a) for n, a in inputs.items()],
        "outputs": [encode(output, results[0])],
    }
    (FOLDER / "quantized.json").write_text(json.dumps(golden) + "\n")


def half_precision():
    """Weights in float16; the reference runs the same values in float32."""
    g = Builder()
    x = g.silu(g.conv("images", 3, 4))
    output = g.rename(g.conv(x, 4, 2, k=1), "output")
    rounded = {n: a.astype(np.float16) for n, a in g.initializers.items()}
    inputs = {"images": random(54, 1, 3, 5, 5)}
    reference = finish("half", g.nodes, inputs, [output], {n: a.astype(np.float32) for n, a in rounded.items()}, 17)
    results = run(reference, inputs)
    half = finish("half", g.nodes, {n: a.astype(np.float16) for n, a in inputs.items()}, [output], rounded, 17)
    (FOLDER / "half-precision.onnx").write_bytes(half.SerializeToString())
    golden = {
        "inputs": [encode(n, a) for n, a in inputs.items()],
        "outputs": [encode(output, results[0])],
    }
    (FOLDER / "half-precision.json").write_text(json.dumps(golden) + "\n")


if __name__ == "__main__":
    FOLDER.mkdir(parents=True, exist_ok=True)
    operator_cases()
    (FOLDER / "operators.json").write_text(
        "[\n" + ",\n".join(json.dumps(case) for case in CASES) + "\n]\n"
    )
    end_to_end()
    yolov5_raw(five=True)
    yolov5_raw(five=False)
    unfused_batch_norm()
    movements()
    half_precision()
    quantized()
    print(len(CASES), "operator cases")
