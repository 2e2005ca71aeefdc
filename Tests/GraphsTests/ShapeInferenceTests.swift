import Graphs
import Tensors
import Testing

/// Attributes and shapes that a hostile model may hold: a typed error for each, never a trap.
@Suite struct ShapeInferenceTests {
    private func infer(
        _ op: Operator, _ shapes: [[Int]], _ constants: [Int: Tensor] = [:], outputs: Int = 1
    ) throws -> [[Int]] {
        var types = [TensorType?]()
        var tensors = [Tensor?]()
        for (index, shape) in shapes.enumerated() {
            types.append(try constants[index]?.type ?? TensorType(dtype: .float32, shape: Shape(shape)))
            tensors.append(constants[index])
        }
        return try op.infer(types, constants: tensors, outputCount: outputs).map(\.shape.dimensions)
    }

    private func integers(_ values: [Int]) throws -> Tensor {
        try Tensor(values.map { Int64($0) }, shape: [values.count])
    }

    private static let hostile = [0, -1, Int.min, Int.max, 1 << 31, 1 << 62]

    @Test(arguments: hostile) func windows(_ number: Int) throws {
        let windows = [
            Window(strides: Size2D(number)), Window(dilations: Size2D(height: 1, width: number)),
            Window(strides: Size2D(number), autoPadding: .sameUpper),
        ]
        for window in windows {
            #expect(throws: GraphError.self) {
                try infer(.convolution(Convolution(window: window)), [[1, 3, 8, 8], [4, 3, 3, 3]])
            }
            #expect(throws: GraphError.self) {
                try infer(.maxPool(Pool(kernel: Size2D(3), window: window)), [[1, 3, 8, 8]])
            }
        }
        #expect(throws: GraphError.self) { try infer(.maxPool(Pool(kernel: Size2D(number))), [[1, 3, 8, 8]]) }
        #expect(throws: GraphError.self) {
            try infer(.convolution(Convolution(groups: number)), [[1, 3, 8, 8], [4, 3, 3, 3]])
        }
        guard number != 0 else { return }
        let padded = Window(padding: Padding2D(top: 0, left: number, bottom: 0, right: 1))
        #expect(throws: GraphError.self) {
            try infer(.convolution(Convolution(window: padded)), [[1, 3, 8, 8], [4, 3, 3, 3]])
        }
        #expect(throws: GraphError.self) {
            try infer(.maxPool(Pool(kernel: Size2D(3), window: padded)), [[1, 3, 8, 8]])
        }
    }

    @Test func kernelsLargerThanTheImage() throws {
        #expect(throws: GraphError.self) { try infer(.convolution(Convolution()), [[1, 3, 2, 2], [4, 3, 3, 3]]) }
        let dilated = Convolution(window: Window(dilations: Size2D(1 << 15)))
        #expect(throws: GraphError.self) { try infer(.convolution(dilated), [[1, 3, 8, 8], [4, 3, 3, 3]]) }
        let padded = Pool(kernel: Size2D(3), window: Window(padding: Padding2D(3)))
        #expect(throws: GraphError.self) { try infer(.maxPool(padded), [[1, 3, 8, 8]]) }
    }

    @Test func weightsThatDoNotFit() throws {
        for weights in [[4, 2, 3, 3], [4, 3, 3], [0, 3, 3, 3], [4, 0, 3, 3], [4, 3, 0, 3]] {
            #expect(throws: GraphError.self) { try infer(.convolution(Convolution()), [[1, 3, 8, 8], weights]) }
        }
        #expect(throws: GraphError.self) {
            try infer(.convolution(Convolution(groups: 2)), [[1, 4, 8, 8], [3, 2, 3, 3]])
        }
        #expect(throws: GraphError.self) {
            try infer(.convolution(Convolution()), [[1, 3, 8, 8], [4, 3, 3, 3], [5]])
        }
    }

    @Test func poolsThatRoundUp() throws {
        func rows(_ extent: Int, _ kernel: Int, _ stride: Int, _ pad: Int) throws -> Int {
            let window = Window(strides: Size2D(stride), padding: Padding2D(pad))
            return try infer(
                .maxPool(Pool(kernel: Size2D(kernel), window: window, ceilMode: true)), [[1, 1, extent, extent]])[0][2]
        }
        #expect(try rows(7, 2, 2, 0) == 4)
        #expect(try rows(6, 3, 2, 0) == 3)
        // The last window would start in the padding behind the image.
        #expect(try rows(4, 2, 3, 1) == 2)
        #expect(try rows(5, 2, 3, 1) == 2)
    }

    @Test(arguments: [-5, 4, Int.min, Int.max, 1 << 40]) func axes(_ axis: Int) throws {
        let shape = [2, 3, 4, 5]
        let indices = [1: try integers([0])]
        let operators: [Operator] = [
            .softmax(axis: axis), .reduce(Reduce(.sum, axes: [axis])), .argMax(axis: axis, keepsDimension: true),
            .concat(axis: axis), .split(axis: axis), .squeeze(axes: [axis]),
            .unsqueeze(axes: [axis == 4 ? 5 : axis == -5 ? -6 : axis]),
        ]
        for op in operators { #expect(throws: GraphError.self, "\(op)") { try infer(op, [shape]) } }
        for op in [Operator.gather(axis: axis), .topK(axis: axis, largest: true)] {
            #expect(throws: GraphError.self, "\(op)") {
                try infer(op, [shape, [1]], indices, outputs: op == .gather(axis: axis) ? 1 : 2)
            }
        }
        if axis != 4 { #expect(throws: GraphError.self) { try infer(.flatten(axis: axis), [shape]) } }
    }

    @Test func repeatedAxes() throws {
        #expect(throws: GraphError.self) { try infer(.reduce(Reduce(.sum, axes: [1, -1])), [[2, 3]]) }
        #expect(throws: GraphError.self) { try infer(.unsqueeze(axes: [0, 0]), [[2, 3]]) }
        #expect(throws: GraphError.self) { try infer(.transpose(permutation: [0, 0]), [[2, 3]]) }
        #expect(throws: GraphError.self) { try infer(.transpose(permutation: [0]), [[2, 3]]) }
    }

    @Test(arguments: [Float.nan, .infinity, -1, 0, 1e9, 3e38, 1e-9]) func resizeScales(_ scale: Float) throws {
        let scales = [1: try Tensor([1, 1, scale, 1], shape: [4])]
        for mode in [Resize.Mode.nearest, .linear] {
            #expect(throws: GraphError.self) {
                try infer(.resize(Resize(mode: mode, coordinates: .asymmetric)), [[1, 3, 8, 8], [4]], scales)
            }
        }
    }

    @Test func resizesOfOtherAxes() throws {
        let resize = Operator.resize(Resize(mode: .nearest, coordinates: .asymmetric))
        for scales: [Float] in [[2, 1, 1, 1], [1, 2, 1, 1], [1, 1, 2], []] {
            let tensor = try Tensor(scales, shape: [scales.count])
            #expect(throws: GraphError.self) { try infer(resize, [[1, 3, 8, 8], [scales.count]], [1: tensor]) }
        }
        #expect(throws: GraphError.self) {
            try infer(resize, [[3, 8, 8], [4]], [1: Tensor([Float(1), 1, 2, 2], shape: [4])])
        }
    }

    @Test(arguments: [
        [-1, -1], [-2, 12], [7, -1], [5], [0, 0, 0, 0], [Int.max, 2], [Int.max, Int.max], [1 << 32, 1 << 32, -1],
        [Int.min, -1], [0, -1, 0, 0, 0],
    ]) func reshapes(_ target: [Int]) throws {
        #expect(throws: GraphError.self) {
            try infer(.reshape(allowsZero: false), [[2, 3, 4], [target.count]], [1: integers(target)])
        }
    }

    @Test func reshapesThatFit() throws {
        func reshaped(_ target: [Int], _ shape: [Int], allowsZero: Bool = false) throws -> [Int] {
            try infer(.reshape(allowsZero: allowsZero), [shape, [target.count]], [1: integers(target)])[0]
        }
        #expect(try reshaped([0, -1], [2, 3, 4]) == [2, 12])
        #expect(try reshaped([], [1, 1]) == [])
        #expect(try reshaped([0, 5], [0, 7], allowsZero: true) == [0, 5])
        #expect(throws: GraphError.self) { try reshaped([0, -1], [0, 7], allowsZero: true) }
    }

    @Test(arguments: hostile) func slices(_ number: Int) throws {
        // Any bounds are clamped, whatever they are; only a step of nothing is refused.
        for bounds in [(number, 5), (0, number), (number, number)] {
            for step in [1, -1, 2, Int.max] {
                let shape = try infer(
                    .slice, [[6], [1], [1], [1], [1]],
                    [1: integers([bounds.0]), 2: integers([bounds.1]), 3: integers([0]), 4: integers([step])])
                #expect((0...6).contains(shape[0][0]))
            }
        }
        guard number == 0 || number == Int.min else { return }
        #expect(throws: GraphError.self) {
            try infer(
                .slice, [[6], [1], [1], [1], [1]],
                [1: integers([0]), 2: integers([6]), 3: integers([0]), 4: integers([number])])
        }
    }

    @Test func slicesAreThoseOfPython() throws {
        for start in -8...8 {
            for end in -8...8 {
                for step in [-3, -2, -1, 1, 2, 3] {
                    let ranges = try SliceRange.resolve(
                        Shape([5]), starts: [start], ends: [end], axes: nil, steps: [step])
                    let elements = (0..<ranges[0].count).map { ranges[0].start + $0 * step }
                    #expect(elements == Self.python(start, end, step, 5), "\(start):\(end):\(step)")
                }
            }
        }
    }

    /// By walking: an element is in the slice when a walk from the clamped start reaches it before the end.
    private static func python(_ start: Int, _ end: Int, _ step: Int, _ extent: Int) -> [Int] {
        let from = start < 0 ? start + extent : start
        let to = end < 0 ? end + extent : end
        var place = step > 0 ? max(from, 0) : min(from, extent - 1)
        // A start far in front of a walk back leaves nothing; ONNX clamps it to the first element.
        if step < 0, place < 0 { place = 0 }
        var result = [Int]()
        while step > 0 ? place < min(to, extent) : place > max(to, -1) {
            result.append(place)
            place += step
        }
        return result
    }

    @Test func topKOfTooFew() throws {
        for k in [0, -1, 5, Int.max] {
            #expect(throws: GraphError.self) {
                try infer(.topK(axis: 0, largest: true), [[4], [1]], [1: integers([k])], outputs: 2)
            }
        }
    }

    @Test func splitsThatDoNotAddUp() throws {
        for sizes in [[1, 2], [5, -1], [Int.max, Int.max], [4]] {
            #expect(throws: GraphError.self) {
                try infer(.split(axis: 0), [[4], [sizes.count]], [1: integers(sizes)], outputs: 2)
            }
        }
        #expect(try infer(.split(axis: 0), [[7]], outputs: 3) == [[3], [3], [1]])
        #expect(throws: GraphError.self) { try infer(.split(axis: 0), [[5]], outputs: 4) }
    }

    @Test func indicesOutOfRange() throws {
        for index in [3, -4, Int.max, Int.min] {
            #expect(throws: GraphError.self) { try infer(.gather(axis: 0), [[3], [1]], [1: integers([index])]) }
        }
    }

    @Test(arguments: [Int.max, Int.min, 1 << 31, -9]) func padding(_ number: Int) throws {
        for mode in PaddingMode.allCases {
            #expect(throws: GraphError.self) {
                try infer(.pad(mode), [[8, 1 << 20], [4]], [1: integers([number, number, 0, 0])])
            }
        }
        #expect(throws: GraphError.self) { try infer(.pad(.reflect), [[8], [2]], [1: integers([8, 0])]) }
        #expect(throws: GraphError.self) { try infer(.pad(.constant), [[8], [3]], [1: integers([1, 2, 3])]) }
    }

    @Test func resultsThatAreTooLarge() throws {
        let huge = [1 << 14, 1 << 14]
        #expect(throws: GraphError.self) { try infer(.tile, [huge, [2]], [1: integers([2, 1])]) }
        #expect(throws: GraphError.self) { try infer(.tile, [huge, [2]], [1: integers([Int.max, 1])]) }
        #expect(throws: GraphError.self) { try infer(.tile, [huge, [2]], [1: integers([-1, 1])]) }
        #expect(throws: GraphError.self) { try infer(.expand, [[1], [2]], [1: integers([1 << 31, 2])]) }
        #expect(throws: GraphError.self) { try infer(.concat(axis: 0), [huge, huge]) }
        #expect(throws: GraphError.self) { try infer(.binary(.add), [[1 << 20, 1], [1, 1 << 20]]) }
        #expect(throws: GraphError.self) { try infer(.matMul, [[1 << 20, 1], [1, 1 << 20]]) }
    }

    @Test func ranges() throws {
        func range(_ start: Int, _ limit: Int, _ delta: Int) throws -> Int {
            let scalars = try [start, limit, delta].map { try Tensor([Int64($0)], shape: []) }
            return try infer(.range, [[], [], []], [0: scalars[0], 1: scalars[1], 2: scalars[2]])[0][0]
        }
        #expect(try range(3, -4, -2) == 4)
        #expect(try range(0, 7, 2) == 4)
        #expect(try range(0, -1, 1) == 0)
        for (start, limit, delta) in [(0, 1, 0), (0, Int.max, 1), (Int.min, Int.max, 1), (Int.max, Int.min, -1)] {
            #expect(throws: GraphError.self) { try range(start, limit, delta) }
        }
        for values: [Float] in [[0, 1, 0], [0, .nan, 1], [0, .infinity, 1], [0, 1e30, 1], [0, 0, 0]] {
            let scalars = try values.map { try Tensor([$0], shape: []) }
            #expect(throws: GraphError.self) {
                try infer(.range, [[], [], []], [0: scalars[0], 1: scalars[1], 2: scalars[2]])
            }
        }
    }

    @Test func parametersMustBeKnown() throws {
        var builder = GraphBuilder(name: "test")
        let x = builder.input("x", [4])
        let shape = builder.input("shape", dtype: .int64, [2])
        builder.output(try builder.node(.reshape(allowsZero: false), [x, shape], name: "r"))
        let graph = builder.graph
        #expect(throws: GraphError(.notConstant(1), pass: "specialized", node: "r", value: "r")) {
            try graph.specialized()
        }
    }
}
