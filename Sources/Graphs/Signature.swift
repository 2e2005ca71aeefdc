package import Tensors

extension Operator {
    /// Checks the number and the types of a node's inputs and outputs and gives the types of its outputs.
    ///
    /// - Parameter inputs: one entry per input, nil where an optional input is left out.
    /// - Throws: `wrongInputCount`, `wrongOutputCount`, `missingInput`, `wrongDType`.
    package func outputDTypes(_ inputs: [DType?], outputCount: Int) throws(GraphError) -> [DType] {
        let arity = self.arity
        guard arity.inputs.contains(inputs.count) else {
            throw GraphError(.wrongInputCount(inputs.count, expected: arity.inputs))
        }
        guard arity.outputs.contains(outputCount) else {
            throw GraphError(.wrongOutputCount(outputCount, expected: arity.outputs))
        }
        for index in inputs.indices where inputs[index] == nil && index < arity.required {
            throw GraphError(.missingInput(index))
        }
        guard inputs.count >= arity.required else { throw GraphError(.missingInput(inputs.count)) }

        let float: [DType] = [.float32]
        let numbers: [DType] = [.float32, .int64, .int32]
        let indices: [DType] = [.int64, .int32]
        let all = DType.allCases
        func check(_ index: Int, _ expected: [DType]) throws(GraphError) {
            guard index < inputs.count, let dtype = inputs[index] else { return }
            guard expected.contains(dtype) else { throw GraphError(.wrongDType(dtype, expected: expected)) }
        }
        func checkSame(_ range: Range<Int>, _ expected: [DType]) throws(GraphError) {
            for index in range {
                try check(index, expected)
                if let reference = inputs[range.lowerBound] { try check(index, [reference]) }
            }
        }
        let first = inputs.first.flatMap { $0 } ?? .float32

        switch self {
        case .convolution, .convolutionTranspose, .batchNormalization, .maxPool, .averagePool, .globalAveragePool,
            .matMul, .gemm, .softmax, .logSoftmax, .trainingBatchNormalization, .groupNormalization,
            .layerNormalization:
            try checkSame(0..<inputs.count, float)
            return Array(repeating: .float32, count: outputCount)
        case .dropout:
            try check(0, float)
            try check(1, [.int64])
            return [.float32]
        case .lstm, .gru:
            for index in 0..<inputs.count { try check(index, index == 4 ? [.int32] : float) }
            return Array(repeating: .float32, count: outputCount)
        case .ctcLoss:
            try check(0, float)
            for index in 1..<4 { try check(index, indices) }
            return [.float32, .float32]
        case .gradient(let gradient):
            for index in 0..<inputs.count { try check(index, gradient.inputDTypes(index)) }
            return Array(repeating: .float32, count: outputCount)
        case .resize:
            try check(0, float)
            try check(1, float)
            try check(2, [.int64])
            return [first]
        case .unary(.not):
            try check(0, [.bool])
            return [.bool]
        case .unary(.neg), .unary(.abs), .unary(.sign):
            try check(0, numbers)
            return [first]
        case .unary:
            try check(0, float)
            return [.float32]
        case .clip:
            try checkSame(0..<inputs.count, numbers)
            return [first]
        case .binary(let function):
            switch function {
            case .and, .or: try checkSame(0..<2, [.bool])
            case .equal: try checkSame(0..<2, all)
            default: try checkSame(0..<2, numbers)
            }
            return [function.isPredicate ? .bool : first]
        case .where:
            try check(0, [.bool])
            try checkSame(1..<3, all)
            return [inputs[1] ?? .float32]
        case .cast(let dtype):
            return [dtype]
        case .identity, .stopGradient, .flatten, .squeeze, .unsqueeze, .transpose:
            return [first]
        case .reduce(let reduce):
            try check(0, reduce.function == .mean ? float : numbers)
            return [first]
        case .argMax:
            try check(0, numbers)
            return [.int64]
        case .topK:
            try check(0, numbers)
            try check(1, [.int64])
            return [first, .int64]
        case .concat:
            if let missing = inputs.firstIndex(of: nil) { throw GraphError(.missingInput(missing)) }
            try checkSame(0..<inputs.count, all)
            return [first]
        case .split:
            try check(1, [.int64])
            return Array(repeating: first, count: outputCount)
        case .slice:
            for index in 1..<max(inputs.count, 1) { try check(index, indices) }
            return [first]
        case .reshape, .expand, .tile:
            try check(1, [.int64])
            return [first]
        case .gather, .gatherElements:
            try check(1, indices)
            return [first]
        case .pad:
            try check(1, [.int64])
            if inputs.count > 2, inputs[2] != nil { try check(2, [first]) }
            try check(3, indices)
            return [first]
        case .requantize:
            try check(0, float)
            return [.float32]
        case .quantizeLinear:
            try checkSame(0..<2, float)
            try check(2, [.uint8, .int8])
            return [(inputs.count > 2 ? inputs[2] : nil) ?? .uint8]
        case .dequantizeLinear:
            try check(0, [.uint8, .int8, .int32])
            try check(1, float)
            try check(2, [first])
            return [.float32]
        case .shapeOf:
            return [.int64]
        case .range:
            try checkSame(0..<3, numbers)
            return [first]
        }
    }

    /// How many inputs and outputs a node may have, and how many of the inputs may not be left out.
    private var arity: (inputs: ClosedRange<Int>, required: Int, outputs: ClosedRange<Int>) {
        switch self {
        case .convolution: (2...4, 2, 1...1)
        case .convolutionTranspose: (2...3, 2, 1...1)
        case .trainingBatchNormalization: (3...3, 3, 3...3)
        case .groupNormalization, .layerNormalization: (1...3, 1, 1...3)
        case .dropout: (1...2, 1, 1...1)
        case .lstm: (3...7, 3, 1...4)
        case .gru: (3...6, 3, 1...3)
        case .ctcLoss: (4...4, 4, 2...2)
        case .gradient(let gradient): gradient.arity
        case .gemm: (2...3, 2, 1...1)
        case .requantize: (1...1, 1, 1...1)
        case .batchNormalization: (5...5, 5, 1...1)
        case .maxPool, .averagePool, .globalAveragePool, .unary, .cast, .identity, .stopGradient, .softmax, .logSoftmax,
            .reduce, .argMax, .flatten,
            .squeeze, .unsqueeze, .transpose, .shapeOf:
            (1...1, 1, 1...1)
        case .resize: (2...3, 1, 1...1)
        case .clip: (1...3, 1, 1...1)
        case .binary, .matMul, .reshape, .expand, .tile, .gather, .gatherElements: (2...2, 2, 1...1)
        case .where, .range: (3...3, 3, 1...1)
        case .quantizeLinear, .dequantizeLinear: (2...3, 2, 1...1)
        case .topK: (2...2, 2, 2...2)
        case .concat: (1...Int.max, 1, 1...1)
        case .split: (1...2, 1, 1...Int.max)
        case .slice: (3...5, 3, 1...1)
        case .pad: (2...4, 2, 1...1)
        }
    }
}
