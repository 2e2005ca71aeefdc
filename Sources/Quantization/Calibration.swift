import Execution
import Graphs
package import Tensors

/// Where calibration inputs come from: the i-th of `count` tensors, in the order of axes that the model file has.
///
/// Images may be of several sizes; those of one size should follow each other.
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
///
/// Inputs may be images of several sizes, also where the graph is written for one: as a detector runs that follows the
/// aspect ratio of its pictures.
final class ValueProbe {
    typealias Observe = (
        _ place: Int, _ shape: Shape, _ elements: UnsafeBufferPointer<Float>
    ) throws(QuantizationError) -> Void

    private let values: [ValueID]
    private let input: ValueID
    /// The values that the session computes; the others are the input itself.
    private let places: [Int]
    /// With these as its outputs.
    private let observed: Graph?
    private let threads: Int
    /// For the size of the latest input: inputs of one size should follow each other.
    private var session: Session?

    /// - Parameter values: float32. They become the outputs, so what only the graph's own outputs need is not computed.
    init(
        _ graph: Graph, values: [ValueID], inputShapes: [String: [Int]], threads: Int
    ) throws(QuantizationError) {
        guard graph.inputs.count == 1, graph[graph.inputs[0]].dtype == .float32 else {
            throw .unsupportedInput("it has \(graph.inputs.count) inputs, or one that is not float32")
        }
        self.values = values
        self.threads = threads
        let input = graph.inputs[0]
        self.input = input
        let places = values.indices.filter { values[$0] != input }
        self.places = places
        guard !places.isEmpty else {
            observed = nil
            return
        }
        var observed = graph
        observed.outputs = places.map { values[$0] }
        observed.eliminateDeadNodes()
        do {
            var shapes: [String: Shape] = [:]
            for (name, dimensions) in inputShapes { shapes[name] = try Shape(dimensions) }
            self.observed = try observed.specialized(inputShapes: shapes, evaluate: evaluateConstants)
        } catch let error as GraphError {
            throw .invalidGraph(error)
        } catch { throw .unsupportedInput("no tensor has such a shape") }
    }

    /// Calls `observe` for each of the values.
    func run(_ tensor: Tensor, observe: Observe) throws(QuantizationError) {
        guard tensor.dtype == .float32 else { throw .unsupportedInput("a calibration input of \(tensor.dtype)") }
        for place in values.indices where values[place] == input {
            try withElements(tensor) { elements throws(QuantizationError) in
                try observe(place, tensor.shape, elements)
            }
        }
        guard let session = try session(for: tensor.shape) else { return }
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

    private func session(for shape: Shape) throws(QuantizationError) -> Session? {
        guard let observed else { return nil }
        if let session, session.plan.inputs[0].shape == shape { return session }
        guard let written = observed.shape(of: input), shape.rank == written.rank else {
            throw .unsupportedInput("a calibration input is \(shape)")
        }
        session = nil
        var graph = observed
        if shape != written {
            guard shape.rank == 4, shape[0] == written[0], shape[1] == written[1] else {
                throw .unsupportedInput("it takes \(written), and a calibration input is \(shape)")
            }
            do {
                graph = try observed.resized(height: shape[2], width: shape[3])
            } catch { throw .invalidGraph(error) }
        }
        do {
            let made = try Session(ExecutionPlan(graph), threads: threads)
            session = made
            return made
        } catch { throw .execution(error) }
    }

    private func withElements(
        _ tensor: Tensor, _ body: (UnsafeBufferPointer<Float>) throws(QuantizationError) -> Void
    ) throws(QuantizationError) {
        let start = tensor.baseAddress.assumingMemoryBound(to: Float.self)
        try body(UnsafeBufferPointer(start: start, count: tensor.shape.count))
        withExtendedLifetime(tensor) {}
    }
}
