import Graphs

/// The ONNX operators that Saccade imports, each with its function.
enum OperatorTable {
    typealias Function = @Sendable (NodeImporter) throws(ONNXError) -> Void

    static let functions: [String: Function] = images.merging(elementwise) { first, _ in first }
        .merging(products) { first, _ in first }
        .merging(movement) { first, _ in first }
        .merging(layers) { first, _ in first }
        .merging(quantization) { first, _ in first }

    private static let images: [String: Function] = [
        "Conv": conv, "ConvTranspose": convTranspose, "MaxPool": maxPool, "AveragePool": averagePool,
        "GlobalAveragePool": globalAveragePool, "GlobalMaxPool": globalMaxPool, "Resize": resize,
        "Upsample": upsample,
    ]

    private static let elementwise: [String: Function] = [
        "Sigmoid": { node throws(ONNXError) in try unary(node, .sigmoid) },
        "Relu": { node throws(ONNXError) in try unary(node, .relu) },
        "Tanh": { node throws(ONNXError) in try unary(node, .tanh) },
        "HardSwish": { node throws(ONNXError) in try unary(node, .hardSwish) },
        "Softplus": { node throws(ONNXError) in try unary(node, .softplus) },
        "Exp": { node throws(ONNXError) in try unary(node, .exp) },
        "Log": { node throws(ONNXError) in try unary(node, .log) },
        "Sqrt": { node throws(ONNXError) in try unary(node, .sqrt) },
        "Reciprocal": { node throws(ONNXError) in try unary(node, .reciprocal) },
        "Erf": { node throws(ONNXError) in try unary(node, .erf) },
        "Sin": { node throws(ONNXError) in try unary(node, .sin) },
        "Cos": { node throws(ONNXError) in try unary(node, .cos) },
        "Neg": { node throws(ONNXError) in try unary(node, .neg) },
        "Abs": { node throws(ONNXError) in try unary(node, .abs) },
        "Sign": { node throws(ONNXError) in try unary(node, .sign) },
        "Floor": { node throws(ONNXError) in try unary(node, .floor) },
        "Ceil": { node throws(ONNXError) in try unary(node, .ceil) },
        "Round": { node throws(ONNXError) in try unary(node, .round) },
        "Not": { node throws(ONNXError) in try unary(node, .not) },
        "LeakyRelu": leakyRelu, "HardSigmoid": hardSigmoid, "Elu": elu, "PRelu": pRelu, "Mish": mish, "Gelu": gelu,
        "Add": { node throws(ONNXError) in try binary(node, .add) },
        "Sub": { node throws(ONNXError) in try binary(node, .sub) },
        "Mul": { node throws(ONNXError) in try binary(node, .mul) },
        "Div": { node throws(ONNXError) in try binary(node, .div) },
        "Equal": { node throws(ONNXError) in try binary(node, .equal) },
        "Less": { node throws(ONNXError) in try binary(node, .less) },
        "LessOrEqual": { node throws(ONNXError) in try binary(node, .lessOrEqual) },
        "Greater": { node throws(ONNXError) in try binary(node, .greater) },
        "GreaterOrEqual": { node throws(ONNXError) in try binary(node, .greaterOrEqual) },
        "And": { node throws(ONNXError) in try binary(node, .and) },
        "Or": { node throws(ONNXError) in try binary(node, .or) },
        "Pow": pow, "Mod": mod,
        "Min": { node throws(ONNXError) in try variadic(node, .min) },
        "Max": { node throws(ONNXError) in try variadic(node, .max) },
        "Sum": { node throws(ONNXError) in try variadic(node, .add) },
        "Clip": clip, "Where": `where`, "Cast": cast, "Identity": identity,
    ]

    private static let products: [String: Function] = [
        "MatMul": matMul, "Gemm": gemm, "Softmax": softmax, "LogSoftmax": logSoftmax,
        "ReduceMean": { node throws(ONNXError) in try reduce(node, .mean, axesInputSince: 18) },
        "ReduceSum": { node throws(ONNXError) in try reduce(node, .sum, axesInputSince: 13) },
        "ReduceMax": { node throws(ONNXError) in try reduce(node, .max, axesInputSince: 18) },
        "ReduceMin": { node throws(ONNXError) in try reduce(node, .min, axesInputSince: 18) },
        "ReduceProd": { node throws(ONNXError) in try reduce(node, .prod, axesInputSince: 18) },
        "ReduceLogSumExp": reduceLogSumExp, "ReduceL1": reduceL1, "ReduceL2": reduceL2,
        "ReduceSumSquare": reduceSumSquare,
        "ArgMax": argMax, "ArgMin": argMin, "TopK": topK,
    ]

    private static let movement: [String: Function] = [
        "Concat": concat, "Split": split, "Slice": slice, "Reshape": reshape, "Flatten": flatten, "Squeeze": squeeze,
        "Unsqueeze": unsqueeze, "Transpose": transpose, "Expand": expand, "Tile": tile, "Gather": gather,
        "GatherElements": gatherElements, "Pad": pad, "Shape": shape, "Size": size, "Range": range,
        "Constant": constant, "ConstantOfShape": constantOfShape,
    ]

    private static let layers: [String: Function] = [
        "BatchNormalization": batchNormalization, "InstanceNormalization": instanceNormalization,
        "GroupNormalization": groupNormalization, "LayerNormalization": layerNormalization, "Dropout": dropout,
        "LSTM": lstm, "GRU": gru,
    ]

    private static let quantization: [String: Function] = [
        "QuantizeLinear": quantizeLinear, "DequantizeLinear": dequantizeLinear,
    ]
}
