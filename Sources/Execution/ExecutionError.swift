/// Why a graph cannot be planned or run; names the node and its operator where there is one.
package struct ExecutionError: Error, Hashable, Sendable, CustomStringConvertible {
    package enum Reason: Hashable, Sendable {
        /// No kernel for this operator with these types or parameters.
        case unsupported(String)
        /// The graph is not in the form that the planner needs, or its passes failed.
        case invalidGraph(String)
        case outOfMemory(bytes: Int)
        /// An index of a Gather lies outside of its axis.
        case indexOutOfRange
        /// An input's count, type or shape is not the plan's.
        case inputMismatch(String)
        case unknownTensor(String)
        /// `run` was called while the session was running or its tensors were borrowed.
        case busy
    }

    package var reason: Reason
    package var node: String?
    package var op: String?

    package init(_ reason: Reason, node: String? = nil, op: String? = nil) {
        self.reason = reason
        self.node = node
        self.op = op
    }

    package var description: String {
        let what =
            switch reason {
            case .unsupported(let what): "not supported: \(what)"
            case .invalidGraph(let what): what
            case .outOfMemory(let bytes): "no memory for \(bytes) bytes"
            case .indexOutOfRange: "an index lies outside of its axis"
            case .inputMismatch(let what): what
            case .unknownTensor(let name): "no tensor is named \"\(name)\""
            case .busy: "the session is in use"
            }
        let place = [op.map { "operator \($0)" }, node.map { "node \"\($0)\"" }].compactMap { $0 }
        return place.isEmpty ? what : "\(place.joined(separator: ", ")): \(what)"
    }
}
