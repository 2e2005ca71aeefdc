import Execution
import Graphs
package import Tensors

/// Where calibration inputs come from: the i-th of `count` tensors, in the order of axes that the model file has.
package struct CalibrationSource {
    package let count: Int
    package let input: (Int) throws -> Tensor

    package init(count: Int, input: @escaping (Int) throws -> Tensor) {
        self.count = count
        self.input = input
    }

    /// At most `limit` of the inputs, evenly.
    func prefix(_ limit: Int) -> CalibrationSource {
        guard limit < count, limit > 0 else { return self }
        let (count, input) = (count, input)
        return CalibrationSource(count: limit) { try input($0 * count / limit) }
    }

    func callAsFunction(_ index: Int) throws(QuantizationError) -> Tensor {
        do {
            return try input(index)
        } catch { throw .caller(error) }
    }
}

/// Runs a graph and shows values of it, in their written order of axes.
final class ValueProbe {
    typealias Observe = (
        _ place: Int, _ shape: Shape, _ elements: UnsafeBufferPointer<Float>
    ) throws(QuantizationError) -> Void

    private let values: [ValueID]
    private let input: ValueID
    /// The values that the session computes; the others are the input itself.
    private let places: [Int]
    private let session: Session?

    /// - Parameter values: float32. They become the outputs, so what only the graph's own outputs need is not computed.
    init(
        _ graph: Graph, values: [ValueID], inputShapes: [String: [Int]], threads: Int
    ) throws(QuantizationError) {
        guard graph.inputs.count == 1, graph[graph.inputs[0]].dtype == .float32 else {
            throw .unsupportedInput("it has \(graph.inputs.count) inputs, or one that is not float32")
        }
        self.values = values
        let input = graph.inputs[0]
        self.input = input
        places = values.indices.filter { values[$0] != input }
        guard !places.isEmpty else {
            session = nil
            return
        }
        var observed = graph
        observed.outputs = places.map { values[$0] }
        observed.eliminateDeadNodes()
        do {
            session = try Session(ExecutionPlan(observed, inputShapes: inputShapes), threads: threads)
        } catch { throw .execution(error) }
    }

    /// Calls `observe` for each of the values.
    func run(_ tensor: Tensor, observe: Observe) throws(QuantizationError) {
        guard tensor.dtype == .float32 else { throw .unsupportedInput("a calibration input of \(tensor.dtype)") }
        for place in values.indices where values[place] == input {
            try withElements(tensor) { elements throws(QuantizationError) in
                try observe(place, tensor.shape, elements)
            }
        }
        guard let session else { return }
        let port = session.plan.inputs[0]
        guard tensor.type == port.type else {
            throw .unsupportedInput("it takes \(port.type), and a calibration input is \(tensor.type)")
        }
        do {
            try session.withInput(0) { bytes in
                bytes.copyMemory(from: UnsafeRawBufferPointer(start: tensor.baseAddress, count: tensor.byteCount))
            }
            try session.run()
        } catch { throw .execution(error) }
        for (index, place) in places.enumerated() {
            let shape = session.plan.outputs[index].shape
            var failure: QuantizationError?
            do {
                try session.withOutput(index, as: Float.self) { elements in
                    do throws(QuantizationError) { try observe(place, shape, elements) } catch { failure = error }
                }
            } catch { throw .execution(error) }
            if let failure { throw failure }
        }
    }

    private func withElements(
        _ tensor: Tensor, _ body: (UnsafeBufferPointer<Float>) throws(QuantizationError) -> Void
    ) throws(QuantizationError) {
        let start = tensor.baseAddress.assumingMemoryBound(to: Float.self)
        try body(UnsafeBufferPointer(start: start, count: tensor.shape.count))
        withExtendedLifetime(tensor) {}
    }
}
