import Graphs
import Tensors

/// Functions of single elements, products and reductions.
extension NodeExporter {
    func unary(_ function: UnaryFunction) throws(ONNXError) {
        switch function {
        case .sigmoid: write("Sigmoid")
        case .relu: write("Relu")
        case .tanh: write("Tanh")
        case .hardSwish: write("HardSwish")
        case .softplus: write("Softplus")
        case .leakyRelu(let slope): write("LeakyRelu", ["alpha": .float(slope)])
        case .hardSigmoid(let slope, let offset):
            write("HardSigmoid", ["alpha": .float(slope), "beta": .float(offset)])
        case .elu(let scale): write("Elu", ["alpha": .float(scale)])
        case .exp: write("Exp")
        case .log: write("Log")
        case .sqrt: write("Sqrt")
        case .reciprocal: write("Reciprocal")
        case .erf: write("Erf")
        case .sin: write("Sin")
        case .cos: write("Cos")
        case .neg: write("Neg")
        case .abs: write("Abs")
        case .sign: write("Sign")
        case .floor: write("Floor")
        case .ceil: write("Ceil")
        case .round: write("Round")
        case .not: write("Not")
        case .silu: silu()
        case .gelu: write("Gelu")
        case .geluTanh: write("Gelu", ["approximate": .string("tanh")])
        }
    }

    func binary(_ function: BinaryFunction) {
        switch function {
        case .add: write("Add")
        case .sub: write("Sub")
        case .mul: write("Mul")
        case .div: write("Div")
        case .pow: write("Pow")
        case .min: write("Min")
        case .max: write("Max")
        case .mod: write("Mod")
        case .fmod: write("Mod", ["fmod": .flag(true)])
        case .equal: write("Equal")
        case .less: write("Less")
        case .lessOrEqual: write("LessOrEqual")
        case .greater: write("Greater")
        case .greaterOrEqual: write("GreaterOrEqual")
        case .and: write("And")
        case .or: write("Or")
        }
    }

    /// Bounds are scalars in ONNX; a tensor of one element with axes becomes one.
    func clip() throws(ONNXError) {
        var inputs = [name(0)]
        for index in 1..<3 {
            guard let id = node.input(index), let bound = state.graph.constants[id], bound.shape.rank > 0 else {
                inputs.append(name(index))
                continue
            }
            do {
                let scalar = try Tensor(dtype: bound.dtype, shape: .scalar) { bytes in
                    bytes.copyMemory(from: UnsafeRawBufferPointer(start: bound.baseAddress, count: bytes.count))
                }
                inputs.append(state.parameter(scalar, name: "\(node.name).bound\(index)"))
            } catch { throw unfit("there is no memory for its bound") }
        }
        write("Clip", inputs: inputs)
    }

    func gemm(_ gemm: Gemm) {
        write(
            "Gemm",
            [
                "alpha": .float(gemm.alpha), "beta": .float(gemm.beta), "transA": .flag(gemm.transposesA),
                "transB": .flag(gemm.transposesB),
            ])
    }

    /// The axes are an attribute, or an input for ReduceSum and from operator set 18 on.
    func reduce(_ reduce: Reduce) throws(ONNXError) {
        let (op, inputSince) =
            switch reduce.function {
            case .mean: ("ReduceMean", 18)
            case .sum: ("ReduceSum", 13)
            case .max: ("ReduceMax", 18)
            case .min: ("ReduceMin", 18)
            case .prod: ("ReduceProd", 18)
            }
        var attributes: [String: Attribute] = ["keepdims": .flag(reduce.keepsDimensions)]
        // An empty list is that of a scalar, where none and all are the same.
        guard let axes = reduce.axes, !axes.isEmpty else { return write(op, attributes) }
        if state.opset >= inputSince {
            write(op, attributes, inputs: [name(0), try parameter(axes, "axes")])
        } else {
            attributes["axes"] = .integers(axes)
            write(op, attributes)
        }
    }
}
