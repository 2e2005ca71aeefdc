import Execution
import Graphs
import Kernels
import Synchronization
import Tensors

/// A detector's network, planned for each size of its input that is asked for.
///
/// The graph is cut at its raw maps where these are known (`RawHead`), and runs as a whole otherwise.
final class DetectorNetwork: Sendable {
    /// The network for one size of its input.
    final class Plan: Sendable {
        let execution: ExecutionPlan
        let width: Int
        let height: Int
        /// The head of the whole graph at this size.
        let head: YOLOHead
        /// The head before the tail, where the graph is cut there.
        let rawHead: RawHead?
        /// The plan's outputs; reading them anew would make an array each time.
        let outputs: [ExecutionPlan.Port]
        let input: ExecutionPlan.Port

        init(
            _ execution: ExecutionPlan, width: Int, height: Int, head: YOLOHead, rawHead: RawHead?,
            input: ExecutionPlan.Port
        ) {
            self.execution = execution
            self.width = width
            self.height = height
            self.head = head
            self.rawHead = rawHead
            outputs = execution.outputs
            self.input = input
        }
    }

    /// The size for which the graph is written, or that was taken where it leaves it open.
    let width: Int
    let height: Int
    /// The head of the whole graph.
    let head: YOLOHead
    /// The head before the tail; nil where the whole graph runs.
    let rawHead: RawHead?
    /// Why the whole graph runs.
    let wholeReason: String?
    /// The names of the raw maps in the model, in the order of the outputs; empty where the whole graph runs.
    let mapNames: [String]

    private let imported: Graph
    private let input: InputFormat.Size
    private let maps: [ValueID]?
    private let instructionSet: InstructionSet
    /// For the size above, cut.
    private let graph: Graph
    private let plans = Mutex<[Plan]>([])

    /// The most plans that are kept; the one that was not used for the longest time goes first.
    private static let planLimit = 8

    /// Reads the head of a graph, and finds its raw maps unless `usesMaps` forbids it.
    init(
        _ imported: Graph, input: InputFormat.Size, classes: Int?, wanted: YOLOHead.Name?, usesMaps: Bool,
        instructionSet: InstructionSet
    ) throws(DetectorError) {
        self.imported = imported
        self.instructionSet = instructionSet
        self.input = input
        (width, height) = (input.width, input.height)
        do {
            try GraphSpec.check(imported, pass: "import", specialized: false)
        } catch {
            throw .unreadable(model: imported.name, reason: "\(error)")
        }
        let whole = try Self.specialized(imported, input, width: width, height: height)
        for id in whole.outputs where whole[id].dtype != .float32 {
            throw .unsupportedInput(
                model: imported.name, reason: "the output \(whole[id].name) is \(whole[id].dtype), not float32")
        }
        let head = try YOLOHead.infer(
            outputs: whole.outputs.map { whole.shape(of: $0)?.dimensions ?? [] }, width: width, height: height,
            classes: classes, wanted: wanted)
        self.head = head
        let recognition: RawHead.Recognition =
            usesMaps
            ? RawHead.recognize(whole, whole: head, width: width, height: height) : .whole(reason: "it was asked for")
        switch recognition {
        case .maps(let maps, let raw):
            (self.maps, rawHead, wholeReason) = (maps, raw, nil)
        case .whole(let reason):
            (maps, rawHead, wholeReason) = (nil, nil, reason)
        }
        mapNames = (maps ?? []).map { whole[$0].name }
        graph = try Self.cut(whole, at: maps, channelsLast: true)
    }

    /// The plan for a size of the input, made now or taken from those that were made.
    func plan(width: Int, height: Int) throws(DetectorError) -> Plan {
        let result = plans.withLock { plans in
            if let place = plans.firstIndex(where: { $0.width == width && $0.height == height }) {
                if place != plans.count - 1 { plans.append(plans.remove(at: place)) }
                return Result<Plan, DetectorError>.success(plans[plans.count - 1])
            }
            // Under the lock: workers that want the same plan wait for it.
            let made = Result { () throws(DetectorError) in try makePlan(width: width, height: height) }
            if case .success(let plan) = made {
                if plans.count == Self.planLimit { plans.removeFirst() }
                plans.append(plan)
            }
            return made
        }
        return try result.get()
    }

    /// Throws the reason why the graph cannot be planned for another size.
    func checkResizing(width: Int, height: Int) throws(DetectorError) { _ = try resized(width: width, height: height) }

    private func resized(width: Int, height: Int) throws(DetectorError) -> Graph {
        if width == self.width, height == self.height { return graph }
        if input.isOpen {
            // The tail goes first: it may hold a table of the cells of one size.
            let body = try maps.map { maps throws(DetectorError) in
                try Self.cut(imported, at: maps, channelsLast: false)
            }
            let specialized = try Self.specialized(body ?? imported, input, width: width, height: height)
            return try Self.cut(specialized, at: maps, channelsLast: true)
        }
        guard !imported.nodes.contains(where: \.op.padsBySize) else {
            throw .unsupportedInput(model: imported.name, reason: "its padding depends on the size of the input")
        }
        do {
            return try graph.resized(height: height, width: width)
        } catch {
            throw .unsupportedInput(model: imported.name, reason: "\(error)")
        }
    }

    private func makePlan(width: Int, height: Int) throws(DetectorError) -> Plan {
        let graph = try resized(width: width, height: height)
        let execution: ExecutionPlan
        do {
            // The decoder of a whole graph's outputs reads float numbers.
            let options = ExecutionOptions(
                inputLayout: .channelsLast, instructionSet: instructionSet, integerPorts: rawHead != nil)
            execution = try ExecutionPlan(graph, options: options)
        } catch {
            throw .unreadable(model: imported.name, reason: "\(error)")
        }
        let outputs = execution.outputs
        var head = head
        if rawHead == nil {
            head = try YOLOHead.infer(
                outputs: outputs.map(\.shape.dimensions), width: width, height: height, classes: head.classes,
                wanted: head.name)
        }
        guard let port = execution.inputs.first, outputs.allSatisfy({ FeatureMap.canRead($0) || rawHead == nil }) else {
            throw .unreadable(model: imported.name, reason: "its feature maps are of a type that is not known")
        }
        return Plan(execution, width: width, height: height, head: head, rawHead: rawHead, input: port)
    }

    private static func specialized(
        _ graph: Graph, _ input: InputFormat.Size, width: Int, height: Int
    ) throws(DetectorError) -> Graph {
        do {
            return try graph.specialized(
                inputShapes: [input.name: Shape([1, 3, height, width])], evaluate: evaluateConstants)
        } catch {
            throw .unreadable(model: graph.name, reason: "\(error)")
        }
    }

    private static func cut(
        _ graph: Graph, at maps: [ValueID]?, channelsLast: Bool
    ) throws(DetectorError) -> Graph {
        guard let maps else { return graph }
        do {
            return try graph.upTo(maps, channelsLast: channelsLast)
        } catch {
            throw .unreadable(model: graph.name, reason: "\(error)")
        }
    }
}

extension Operator {
    /// Whether the padding is left to the size of the image.
    fileprivate var padsBySize: Bool {
        switch self {
        case .convolution(let convolution): convolution.window.autoPadding != .explicit
        case .maxPool(let pool), .averagePool(let pool, _): pool.window.autoPadding != .explicit
        default: false
        }
    }
}
