package import Tensors

/// Why a graph was refused, and where: the pass that found it, the node and the value.
package struct GraphError: Error, Hashable, CustomStringConvertible {
    package enum Reason: Hashable, Sendable {
        // The specification
        /// Made by more than one of inputs, constants and nodes.
        case madeTwice
        /// Used before, or without, being made.
        case notMade
        /// An identifier outside the graph's values.
        case unknownValue
        case wrongInputCount(Int, expected: ClosedRange<Int>)
        case wrongOutputCount(Int, expected: ClosedRange<Int>)
        case missingInput(Int)
        case wrongDType(DType, expected: [DType])
        case disagreement(recorded: String, inferred: String)
        case noName
        case repeatedName
        case noOutputs
        case notNormalized(String)
        // Shape inference
        case unboundDimension(String)
        case unknownInput
        case wrongRank(Int, expected: ClosedRange<Int>)
        case axisOutOfRange(Int, rank: Int)
        case invalidAttribute(String)
        case incompatibleShapes(String)
        /// A parameter that must be a constant is computed from the graph's inputs.
        case notConstant(Int)
        /// A size that does not fit: more than `Shape.maximumCount` elements, or past the range of Int.
        case tooLarge
        case evaluationFailed(String)
        /// Something depends on the size of the image that the file was made for.
        case notResizable(String)
        /// A gradient is asked for through something that has none.
        case notDifferentiable(String)
    }

    package var reason: Reason
    package var pass: String?
    package var node: String?
    package var value: String?

    package init(_ reason: Reason, pass: String? = nil, node: String? = nil, value: String? = nil) {
        self.reason = reason
        self.pass = pass
        self.node = node
        self.value = value
    }

    package var description: String {
        var text = message
        if let value { text += ", value \"\(value)\"" }
        if let node { text += ", node \"\(node)\"" }
        if let pass { text += " (after \(pass))" }
        return text
    }

    private var message: String {
        switch reason {
        case .madeTwice: "a value is made twice"
        case .notMade: "a value is used before it is made"
        case .unknownValue: "a value is not part of the graph"
        case .wrongInputCount(let count, let expected): "\(count) inputs where \(text(expected)) are expected"
        case .wrongOutputCount(let count, let expected): "\(count) outputs where \(text(expected)) are expected"
        case .missingInput(let index): "input \(index) is missing"
        case .wrongDType(let dtype, let expected):
            "type \(dtype.rawValue) where \(expected.map(\.rawValue).joined(separator: " or ")) is expected"
        case .disagreement(let recorded, let inferred): "recorded as \(recorded) but inferred as \(inferred)"
        case .noName: "a name is empty"
        case .repeatedName: "two inputs or two outputs have one name"
        case .noOutputs: "the graph has no outputs"
        case .notNormalized(let what): "not in normal form: \(what)"
        case .unboundDimension(let name): "no extent is known for the dimension \"\(name)\""
        case .unknownInput: "the graph has no input of this name"
        case .wrongRank(let rank, let expected): "\(rank) axes where \(text(expected)) are expected"
        case .axisOutOfRange(let axis, let rank): "axis \(axis) of a tensor with \(rank) axes"
        case .invalidAttribute(let what): what
        case .incompatibleShapes(let what): what
        case .notConstant(let index): "input \(index) must be a constant"
        case .tooLarge: "a size is too large"
        case .evaluationFailed(let what): "constant folding failed: \(what)"
        case .notDifferentiable(let what): "there is no gradient of \(what)"
        case .notResizable(let what): "fixed to the size that it was made for: \(what)"
        }
    }

    private func text(_ range: ClosedRange<Int>) -> String {
        if range.lowerBound == range.upperBound { return "\(range.lowerBound)" }
        return range.upperBound == .max ? "at least \(range.lowerBound)" : "\(range.lowerBound) to \(range.upperBound)"
    }
}
