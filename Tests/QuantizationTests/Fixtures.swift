import Execution
import Foundation
import Graphs
import Quantization
import Tensors
import Testing

/// A repeatable stream of numbers (SplitMix64).
struct Numbers {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }

    /// In [low, high).
    mutating func float(_ low: Float = -1, _ high: Float = 1) -> Float {
        low + (high - low) * Float(next() >> 40) / Float(1 << 24)
    }

    mutating func floats(_ count: Int, _ low: Float = -1, _ high: Float = 1) -> [Float] {
        (0..<count).map { _ in float(low, high) }
    }

    /// Near normal, with mean 0 and deviation 1.
    mutating func normals(_ count: Int) -> [Float] {
        (0..<count).map { _ in (0..<12).reduce(Float(-6)) { sum, _ in sum + float(0, 1) } }
    }
}

extension GraphBuilder {
    mutating func convolution(
        _ x: ValueID, _ inputs: Int, _ outputs: Int, side: Int = 3, stride: Int = 1, groups: Int = 1, bias: Float = 0.2,
        name: String
    ) throws -> ValueID {
        var numbers = Numbers(seed: UInt64(graph.nodes.count + 3))
        let range = 1.5 / Float(inputs / groups * side * side).squareRoot()
        let weights = numbers.floats(outputs * inputs / groups * side * side, -range, range)
        return try node(
            .convolution(
                Convolution(
                    window: Window(strides: Size2D(stride), padding: Padding2D(side / 2)), groups: groups)),
            [
                x, try constant(weights, [outputs, inputs / groups, side, side], name: "\(name).weights"),
                try constant(numbers.floats(outputs, -bias, bias), [outputs], name: "\(name).bias"),
            ], name: name)
    }

    mutating func silu(_ x: ValueID, name: String) throws -> ValueID {
        try node(.binary(.mul), [x, try node(.unary(.sigmoid), [x], name: "\(name).gate")], name: name)
    }
}

extension Graph {
    var operators: [String] { nodes.map(\.op.name) }

    func count(_ op: String) -> Int { operators.filter { $0 == op }.count }
}

/// Images of numbers from 0 up to 1, each a multiple of 1 ÷ 255.
func pixels(_ shape: [Int], count: Int = 4, seed: UInt64 = 5) -> CalibrationSource {
    CalibrationSource(count: count) { index in
        var numbers = Numbers(seed: seed + UInt64(index))
        let elements = (0..<shape.reduce(1, *)).map { _ in Float(numbers.next() % 256) / 255 }
        return try Tensor(elements, shape: shape)
    }
}

func outputs(_ graph: Graph, _ input: Tensor) throws -> [[Float]] {
    try Session(ExecutionPlan(graph)).run([input]).map { $0.elements(as: Float.self) }
}

/// Signal ÷ noise in decibels.
func decibels(_ exact: [Float], _ other: [Float]) -> Double {
    let signal = exact.reduce(0.0) { $0 + Double($1) * Double($1) }
    let noise = zip(exact, other).reduce(0.0) { $0 + Double($1.0 - $1.1) * Double($1.0 - $1.1) }
    return 10 * log10(signal / noise)
}

extension Histogram {
    init(_ elements: [Float]) {
        self.init()
        let isFinite = elements.withUnsafeBufferPointer { add($0) }
        #expect(isFinite)
    }
}
