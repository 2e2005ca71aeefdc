import Graphs
import Tensors

/// Runs small graphs element by element, so that a rewritten graph can be compared with the original.
///
/// Numbers are doubles of any type. Only the operators that the tests of the passes use are known.
struct NaiveInterpreter {
    struct Numbers {
        var shape: [Int]
        var values: [Double]

        /// The element at an index of every axis.
        subscript(index: [Int]) -> Double {
            values[zip(index, shape).reduce(0) { $0 * $1.1 + $1.0 }]
        }
    }

    struct Unknown: Error { let op: String }

    static func run(_ graph: Graph, _ inputs: [Numbers]) throws -> [Numbers] {
        var values = [ValueID: Numbers]()
        for (id, tensor) in graph.constants { values[id] = Numbers(tensor) }
        for (id, input) in zip(graph.inputs, inputs) { values[id] = input }
        for node in graph.nodes {
            let arguments = node.inputs.map { $0.flatMap { values[$0] } }
            let shapes = node.outputs.map { graph.shape(of: $0)?.dimensions ?? [] }
            for (id, result) in zip(node.outputs, try apply(node.op, arguments, shapes)) { values[id] = result }
        }
        return graph.outputs.compactMap { values[$0] }
    }

    private static func apply(_ op: Operator, _ inputs: [Numbers?], _ shapes: [[Int]]) throws -> [Numbers] {
        guard let x = inputs[0], let shape = shapes.first else { throw Unknown(op: op.name) }
        func integers(_ index: Int) -> [Int]? {
            index < inputs.count ? inputs[index]?.values.map { Int($0) } : nil
        }
        switch op {
        case .identity, .cast: return [x]
        case .reshape: return [Numbers(shape: shape, values: x.values)]
        case .transpose(let permutation?): return [x.transposed(permutation)]
        case .unary(let function): return [try activated(x, function)]
        case .clip:
            let low = inputs.count > 1 ? inputs[1]?.values[0] : nil
            let high = inputs.count > 2 ? inputs[2]?.values[0] : nil
            return [x.map { min(max($0, low ?? -.infinity), high ?? .infinity) }]
        case .binary(let function):
            guard let y = inputs[1] else { throw Unknown(op: op.name) }
            return [
                Numbers(shape: shape) { index in combined(x.broadcast(index), y.broadcast(index), function) }
            ]
        case .matMul:
            guard let y = inputs[1] else { throw Unknown(op: op.name) }
            let depth = x.shape[x.shape.count - 1]
            return [
                Numbers(shape: shape) { index in
                    let (row, column) = (index[index.count - 2], index[index.count - 1])
                    let outer = Array(index.dropLast(2))
                    return (0..<depth).reduce(0) { sum, k in
                        sum + x.broadcast(outer + [row, k]) * y.broadcast(outer + [k, column])
                    }
                }
            ]
        case .expand: return [Numbers(shape: shape) { x.broadcast($0) }]
        case .where:
            guard let a = inputs[1], let b = inputs[2] else { throw Unknown(op: op.name) }
            return [Numbers(shape: shape) { x.broadcast($0) != 0 ? a.broadcast($0) : b.broadcast($0) }]
        case .concat(let axis):
            return [
                Numbers(shape: shape) { index in
                    var index = index
                    for part in inputs.compactMap({ $0 }) {
                        if index[axis] < part.shape[axis] { return part[index] }
                        index[axis] -= part.shape[axis]
                    }
                    return .nan
                }
            ]
        case .split(let axis):
            var offset = 0
            return shapes.map { shape in
                defer { offset += shape[axis] }
                return Numbers(shape: shape) { index in
                    var index = index
                    index[axis] += offset
                    return x[index]
                }
            }
        case .slice:
            let ranges = try SliceRange.resolve(
                Shape(x.shape), starts: integers(1) ?? [], ends: integers(2) ?? [], axes: integers(3),
                steps: integers(4))
            return [Numbers(shape: shape) { index in x[zip(index, ranges).map { $1.start + $0 * $1.step }] }]
        case .gather(let axis):
            let indices = integers(1) ?? []
            return [
                Numbers(shape: shape) { index in
                    var index = index
                    index[axis] = indices[index[axis]]
                    return x[index]
                }
            ]
        case .tile: return [Numbers(shape: shape) { index in x[zip(index, x.shape).map { $0 % $1 }] }]
        case .pad:
            let pads = integers(1) ?? []
            let axes = integers(3) ?? Array(x.shape.indices)
            return [
                Numbers(shape: shape) { index in
                    var index = index
                    for (position, axis) in axes.enumerated() { index[axis] -= pads[position] }
                    return zip(index, x.shape).allSatisfy { $0 >= 0 && $0 < $1 } ? x[index] : 0
                }
            ]
        case .softmax(let axis):
            return [
                Numbers(shape: shape) { index in
                    let row = x.row(through: index, along: [axis]).map { exp($0) }
                    return exp(x[index]) / row.reduce(0, +)
                }
            ]
        case .reduce(let reduce):
            let axes = reduce.axes ?? []
            return [
                Numbers(shape: shape) { index in
                    let row = x.row(through: x.restored(index, axes, reduce.keepsDimensions), along: axes)
                    switch reduce.function {
                    case .mean: return row.reduce(0, +) / Double(row.count)
                    case .sum: return row.reduce(0, +)
                    case .prod: return row.reduce(1, *)
                    case .max: return row.max() ?? .nan
                    case .min: return row.min() ?? .nan
                    }
                }
            ]
        case .argMax(let axis, let keeps):
            return [
                Numbers(shape: shape) { index in
                    let row = x.row(through: x.restored(index, [axis], keeps), along: [axis])
                    return Double(row.firstIndex(of: row.max() ?? .nan) ?? -1)
                }
            ]
        case .quantizeLinear(let axis):
            guard let scale = inputs[1] else { throw Unknown(op: op.name) }
            let zero = inputs.count > 2 ? inputs[2] : nil
            // Only with a zero point is the type known here; the tests give one of uint8.
            return [
                Numbers(shape: shape) { index in
                    let place = scale.values.count == 1 ? 0 : index[axis]
                    let q = (x[index] / scale.values[place]).rounded(.toNearestOrEven) + (zero?.values[place] ?? 0)
                    return min(max(q, 0), 255)
                }
            ]
        case .dequantizeLinear(let axis):
            guard let scale = inputs[1] else { throw Unknown(op: op.name) }
            let zero = inputs.count > 2 ? inputs[2] : nil
            return [
                Numbers(shape: shape) { index in
                    let place = scale.values.count == 1 ? 0 : index[axis]
                    return (x[index] - (zero?.values[place] ?? 0)) * scale.values[place]
                }
            ]
        default: return [try applyToImage(op, x, inputs, shape)]
        }
    }

    // MARK: Images, computed channels first

    private static func applyToImage(
        _ op: Operator, _ x: Numbers, _ inputs: [Numbers?], _ shape: [Int]
    ) throws -> Numbers {
        func ordered(_ format: DataFormat, _ body: (Numbers, [Int]) -> Numbers) -> Numbers {
            if format == .channelsFirst { return body(x, shape) }
            let result = body(x.transposed([0, 3, 1, 2]), [0, 3, 1, 2].map { shape[$0] })
            return result.transposed([0, 2, 3, 1])
        }
        switch op {
        case .convolution(let convolution):
            guard let weights = inputs[1] else { throw Unknown(op: op.name) }
            let bias = inputs.count > 2 ? inputs[2] : nil
            let function = convolution.activation
            return ordered(convolution.dataFormat) { x, shape in
                Numbers(shape: shape) { index in
                    var sum = bias?.values[index[1]] ?? 0
                    let first = index[1] / (shape[1] / convolution.groups) * weights.shape[1]
                    for c in 0..<weights.shape[1] {
                        for (p, q) in taps(index, convolution.window, weights.shape[2], weights.shape[3], x.shape) {
                            sum += weights[[index[1], c, p.tap, q.tap]] * x[[index[0], first + c, p.at, q.at]]
                        }
                    }
                    return activated(sum, function)
                }
            }
        case .maxPool(let pool):
            return ordered(pool.dataFormat) { x, shape in
                Numbers(shape: shape) { index in
                    taps(index, pool.window, pool.kernel.height, pool.kernel.width, x.shape)
                        .map { x[[index[0], index[1], $0.at, $1.at]] }.max() ?? .nan
                }
            }
        case .averagePool(let pool, _):
            return ordered(pool.dataFormat) { x, shape in
                Numbers(shape: shape) { index in
                    let all = taps(index, pool.window, pool.kernel.height, pool.kernel.width, x.shape)
                        .map { x[[index[0], index[1], $0.at, $1.at]] }
                    return all.reduce(0, +) / Double(all.count)
                }
            }
        case .globalAveragePool(let format):
            return ordered(format) { x, shape in
                Numbers(shape: shape) { index in
                    let row = x.row(through: index, along: [2, 3])
                    return row.reduce(0, +) / Double(row.count)
                }
            }
        case .batchNormalization(let normalization):
            let parameters = inputs.dropFirst().compactMap { $0?.values }
            return ordered(normalization.dataFormat) { x, shape in
                Numbers(shape: shape) { index in
                    let c = index[1]
                    let deviation = (parameters[3][c] + Double(normalization.epsilon)).squareRoot()
                    return (x[index] - parameters[2][c]) / deviation * parameters[0][c] + parameters[1][c]
                }
            }
        case .resize(let resize):
            return ordered(resize.dataFormat) { x, shape in
                Numbers(shape: shape) { index in
                    x[[index[0], index[1], index[2] * x.shape[2] / shape[2], index[3] * x.shape[3] / shape[3]]]
                }
            }
        default: throw Unknown(op: op.name)
        }
    }

    private typealias Tap = (tap: Int, at: Int)

    /// The places of a window that lie inside the image.
    private static func taps(
        _ index: [Int], _ window: Window, _ height: Int, _ width: Int, _ shape: [Int]
    ) -> [(Tap, Tap)] {
        var result = [(Tap, Tap)]()
        for p in 0..<height {
            let y = index[2] * window.strides.height - window.padding.top + p * window.dilations.height
            for q in 0..<width {
                let x = index[3] * window.strides.width - window.padding.left + q * window.dilations.width
                if y >= 0, y < shape[2], x >= 0, x < shape[3] { result.append(((p, y), (q, x))) }
            }
        }
        return result
    }

    // MARK: Functions

    private static func exp(_ x: Double) -> Double {
        // Enough for the small numbers of the tests, without Foundation: e^x = (e^(x/1024))^1024.
        let small = x / 1024
        var result = 1 + small * (1 + small / 2 * (1 + small / 3 * (1 + small / 4)))
        for _ in 0..<10 { result *= result }
        return result
    }

    private static func activated(_ x: Numbers, _ function: UnaryFunction) throws -> Numbers {
        switch function {
        case .relu: return x.map { max($0, 0) }
        case .neg: return x.map { -$0 }
        case .sigmoid: return x.map { 1 / (1 + exp(-$0)) }
        case .silu: return x.map { $0 / (1 + exp(-$0)) }
        case .hardSigmoid(let slope, let offset):
            return x.map { min(max($0 * Double(slope) + Double(offset), 0), 1) }
        case .hardSwish: return x.map { $0 * min(max($0 / 6 + 0.5, 0), 1) }
        default: throw Unknown(op: function.name)
        }
    }

    private static func activated(_ x: Double, _ activation: Activation) -> Double {
        switch activation {
        case .none: x
        case .relu: max(x, 0)
        case .silu: x / (1 + exp(-x))
        case .sigmoid: 1 / (1 + exp(-x))
        case .clip(let low, let high): min(max(x, Double(low)), Double(high))
        case .hardSwish: x * min(max(x / 6 + 0.5, 0), 1)
        default: .nan
        }
    }

    private static func combined(_ a: Double, _ b: Double, _ function: BinaryFunction) -> Double {
        switch function {
        case .add: a + b
        case .sub: a - b
        case .mul: a * b
        case .div: a / b
        case .greater: a > b ? 1 : 0
        default: .nan
        }
    }
}

extension NaiveInterpreter.Numbers {
    init(_ tensor: Tensor) {
        shape = tensor.shape.dimensions
        values =
            switch tensor.dtype {
            case .float32: tensor.elements(as: Float.self).map { Double($0) }
            case .uint8: tensor.elements(as: UInt8.self).map { Double($0) }
            case .int8: tensor.elements(as: Int8.self).map { Double($0) }
            default: tensor.integers?.map { Double($0) } ?? []
            }
    }

    init(shape: [Int], _ element: ([Int]) -> Double) {
        self.shape = shape
        values = (0..<shape.reduce(1, *)).map { flat in
            var rest = flat
            var index = shape
            for axis in shape.indices.reversed() {
                index[axis] = rest % shape[axis]
                rest /= shape[axis]
            }
            return element(index)
        }
    }

    /// Numbers without a pattern that a wrong order could keep.
    static func pseudorandom(_ shape: [Int], seed: UInt64 = 1) -> Self {
        var state = seed
        return Self(shape: shape) { _ in
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return Double(state >> 40) / Double(1 << 24) * 4 - 2
        }
    }

    var floats: [Float] { values.map { Float($0) } }

    func map(_ body: (Double) -> Double) -> Self { Self(shape: shape, values: values.map(body)) }

    func transposed(_ permutation: [Int]) -> Self {
        Self(shape: permutation.map { shape[$0] }) { index in
            var source = index
            for (axis, from) in permutation.enumerated() { source[from] = index[axis] }
            return self[source]
        }
    }

    func broadcast(_ index: [Int]) -> Double {
        self[zip(index.suffix(shape.count), shape).map { $1 == 1 ? 0 : $0 }]
    }

    /// The elements that differ from `index` along `axes` only, in order.
    func row(through index: [Int], along axes: [Int]) -> [Double] {
        var result = [Double]()
        for element in Self(shape: axes.map { shape[$0] }, { _ in 0 }).values.indices {
            var rest = element
            var place = index
            for axis in axes.reversed() {
                place[axis] = rest % shape[axis]
                rest /= shape[axis]
            }
            result.append(self[place])
        }
        return result
    }

    /// An index of a reduced result as an index of this array.
    func restored(_ index: [Int], _ axes: [Int], _ keepsDimensions: Bool) -> [Int] {
        if keepsDimensions { return index }
        var index = index
        for axis in axes.sorted() { index.insert(0, at: axis) }
        return index
    }
}
