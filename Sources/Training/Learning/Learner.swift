package import Execution
package import Graphs
package import Tensors

/// A model that learns: its parameters, and one step of training after the other.
///
///     var builder = GraphBuilder(model)                       // any graph, built here or imported
///     let labels = builder.input("labels", dtype: .int64, [.symbolic("batch")])
///     builder.output(try builder.crossEntropy(logits: logits, labels: labels), name: "loss")
///     let learner = try Learner(builder.graph, loss: "loss", method: .adam())
///     for batch in batches { print(try learner.step(batch, rate: 0.001).loss) }
///     let trained = learner.model(of: model)
///
/// Parameters and gradients lie in memory that all plans share, and plans are made for each shape of a batch that comes,
/// so lengths and image sizes may vary. The results do not depend on the number of threads.
package final class Learner {
    package struct Options: Sendable {
        package var rules: [ParameterRule] = []
        package var clipping: GradientClipping = .none
        /// The part of a batch's statistics in the running statistics of batch normalizations.
        package var statisticsMomentum: Float = 0.1
        /// Dropouts draw from it.
        package var seed: UInt64 = 0
        package var threads = 1
        /// Whether the gradients compute activations again instead of keeping them all: slower, with less memory.
        package var recomputesActivations = false
        /// Makes the targets that depend on what the model says.
        package var assigner: (any TargetAssigner)?

        package init() {}
    }

    /// What a step or an evaluation gives: the scalar outputs of the graph, in its order.
    package struct Results: Hashable, Sendable {
        package var loss: Float
        /// The other outputs by name: accuracies, parts of the loss.
        package var metrics: [String: Float]
        /// The Euclidean norm of the gradients before clipping; 0 for an evaluation.
        package var gradientNorm: Double

        package init(loss: Float, metrics: [String: Float], gradientNorm: Double = 0) {
            self.loss = loss
            self.metrics = metrics
            self.gradientNorm = gradientNorm
        }
    }

    package let graph: Graph
    package let options: Options
    package let parameters: ParameterLayout
    /// Running statistics of batch normalizations: not learned, but changed by training.
    package let statistics: ParameterLayout
    package internal(set) var optimizer: Optimizer
    /// Steps taken so far.
    package internal(set) var stepCount = 0

    /// Instead of the optimizer's own, for schedules that cycle it.
    package var momentum: Double? {
        get { optimizer.momentum }
        set { optimizer.momentum = newValue }
    }

    let loss: ValueID
    let parameterIDs: [ValueID]
    let statisticIDs: [ValueID]
    let memory: SharedMemory
    private var plans = SessionCache(capacity: 16)
    /// One step runs at a time, whatever its shapes.
    private let arena: SessionArena

    /// - Parameters:
    ///   - graph: a model with its loss; all its outputs are scalars but those that the assigner observes.
    ///   - loss: the name of the output that is to become small.
    package init(
        _ graph: Graph, loss: String, method: OptimizerMethod, options: Options = Options()
    ) throws {
        guard let id = graph.outputs.first(where: { graph[$0].name == loss }) else {
            throw LearningError.invalidModel("the graph has no output named \"\(loss)\"")
        }
        self.graph = graph
        self.options = options
        self.loss = id
        let learned = graph.learnedConstants()
        parameterIDs = learned.filter { !options.rules.rule(for: graph[$0].name).isFrozen }
        guard !parameterIDs.isEmpty else {
            let what = learned.isEmpty ? "the model has no parameters" : "all parameters are frozen"
            throw LearningError.invalidModel(what)
        }
        let trained = Set(parameterIDs)
        statisticIDs = graph.nodes.flatMap { node -> [ValueID] in
            guard case .batchNormalization = node.op, node.input(1).map(trained.contains) ?? false else { return [] }
            return [3, 4].compactMap { node.input($0) }
        }
        parameters = ParameterLayout(graph.named(parameterIDs))
        statistics = ParameterLayout(graph.named(statisticIDs))
        guard
            Set((parameters.entries + statistics.entries).map(\.name)).count == parameterIDs.count + statisticIDs.count
        else { throw LearningError.invalidModel("two parameters of the model have one name") }
        arena = try SessionArena()
        memory = try SharedMemory(byteCount: 2 * (parameters.byteCount + statistics.byteCount))
        optimizer = try Optimizer(
            method, parameterCount: parameters.count, groups: options.rules.groups(of: parameters),
            clipping: options.clipping, threads: options.threads)
        for (id, entry) in zip(parameterIDs, parameters.entries) { graph.copy(id, to: values + entry.offset) }
        for (id, entry) in zip(statisticIDs, statistics.entries) {
            graph.copy(id, to: statisticValues + entry.offset)
        }
    }

    // MARK: Memory: parameters, statistics, gradients, new statistics

    /// The parameters, in their layout.
    package var values: UnsafeMutablePointer<Float> { memory.baseAddress.assumingMemoryBound(to: Float.self) }
    /// Elements of parameters and statistics, which lie one behind the other from `values` on.
    package var weightCount: Int { parameters.count + statistics.count }
    /// The running statistics, in their layout.
    package var statisticValues: UnsafeMutablePointer<Float> { values + parameters.count }
    /// The gradients of the last step, in the layout of the parameters.
    package var gradients: UnsafeMutablePointer<Float> { statisticValues + statistics.count }
    private var newStatistics: UnsafeMutablePointer<Float> { gradients + parameters.count }

    // MARK: Steps

    /// The loss and the gradients of a batch; the parameters stay.
    package func differentiate(_ batch: [String: Tensor]) throws -> Results {
        let session = try session(for: batch, isTraining: true)
        return try run(session, batch)
    }

    /// One step: gradients of the batch's loss, then the optimizer. A loss or gradient that is not finite is an error, and
    /// leaves everything as it was.
    package func step(_ batch: [String: Tensor], rate: Double) throws -> Results {
        var results = try differentiate(batch)
        guard results.loss.isFinite else { throw LearningError.lossNotFinite(step: stepCount, value: results.loss) }
        do {
            results.gradientNorm = try optimizer.step(parameters: values, gradients: gradients, rate: rate)
        } catch {
            throw named(error)
        }
        statisticValues.update(from: newStatistics, count: statistics.count)
        stepCount += 1
        return results
    }

    /// An optimizer's error with the name of the parameter that it is about.
    private func named(_ error: OptimizerError) -> any Error {
        guard case .gradientNotFinite(let index, _) = error else { return error }
        let entry = parameters.entries.last { $0.offset <= index }
        return LearningError.gradientNotFinite(step: stepCount, parameter: entry?.name ?? "")
    }

    /// What a step on such a batch runs.
    package func plan(for batch: [String: Tensor]) throws -> ExecutionPlan {
        try session(for: batch, isTraining: true).plan
    }

    /// The time of each operation of `plan(for:)`, in its order, without a step of the optimizer.
    package func timeOperations(of batch: [String: Tensor]) throws -> [Duration] {
        let session = try session(for: batch, isTraining: true)
        try write(batch, to: session)
        if let assigner = options.assigner {
            try session.runEarly()
            try assign(assigner, batch, session)
        }
        return try session.runTimed()
    }

    /// The outputs for a batch in inference: running statistics, no dropout.
    package func evaluate(_ batch: [String: Tensor]) throws -> Results {
        try run(session(for: batch, isTraining: false), batch)
    }

    private func write(_ batch: [String: Tensor], to session: Session) throws {
        for (index, port) in session.plan.inputs.enumerated() {
            if port.name == seedName {
                // One seed for each step of each run.
                let seed = options.seed &* 0x9E37_79B9_7F4A_7C15 &+ UInt64(stepCount)
                try session.withInput(index) { $0.storeBytes(of: seed, as: UInt64.self) }
            } else if let tensor = batch[port.name] {
                guard tensor.type == port.type else {
                    throw LearningError.invalidBatch("\"\(port.name)\" is \(port.type), not \(tensor.type)")
                }
                try session.withInput(index) { bytes in
                    bytes.copyMemory(from: UnsafeRawBufferPointer(start: tensor.baseAddress, count: tensor.byteCount))
                }
            }
        }
    }

    private func run(_ session: Session, _ batch: [String: Tensor]) throws -> Results {
        try write(batch, to: session)
        if let assigner = options.assigner {
            try session.runEarly()
            try assign(assigner, batch, session)
            try session.runLate()
        } else {
            try session.run()
        }
        var results = Results(loss: 0, metrics: [:], gradientNorm: 0)
        for (index, id) in graph.outputs.enumerated() where !isObserved(id) {
            let value = try session.withOutput(index, as: Float.self) { $0.first ?? .nan }
            if id == loss { results.loss = value } else { results.metrics[graph[id].name] = value }
        }
        return results
    }

    /// The scalar outputs beside the loss.
    var metricNames: [String] { graph.outputs.filter { $0 != loss && !isObserved($0) }.map { graph[$0].name } }

    private func isObserved(_ id: ValueID) -> Bool { options.assigner?.observed.contains(graph[id].name) ?? false }

    /// Lets the assigner read outputs of the early run and write the late inputs.
    private func assign(_ assigner: any TargetAssigner, _ batch: [String: Tensor], _ session: Session) throws {
        var outputs: [String: Int] = [:]
        for (index, id) in graph.outputs.enumerated() where isObserved(id) { outputs[graph[id].name] = index }
        let inputs = session.plan.inputs.indices.filter { assigner.assigned.contains(session.plan.inputs[$0].name) }
        let targets = try assigner.targets(for: batch) { name in
            guard let index = outputs[name] else {
                throw LearningError.invalidModel("the graph has no output named \"\(name)\"")
            }
            return try session.output(index)
        }
        for index in inputs {
            let port = session.plan.inputs[index]
            guard let tensor = targets[port.name], tensor.type == port.type else {
                throw LearningError.invalidBatch("\"\(port.name)\" was not assigned as \(port.type)")
            }
            try session.withInput(index) { bytes in
                bytes.copyMemory(from: UnsafeRawBufferPointer(start: tensor.baseAddress, count: tensor.byteCount))
            }
        }
    }

    // MARK: Plans

    private var seedName: String { "training.seed" }

    private func session(for batch: [String: Tensor], isTraining: Bool) throws -> Session {
        var shapes = try options.assigner?.shapes(for: batch) ?? [:]
        let late = options.assigner?.assigned ?? []
        for id in graph.inputs where !late.contains(graph[id].name) {
            guard let tensor = batch[graph[id].name] else {
                throw LearningError.invalidBatch("the batch has no \"\(graph[id].name)\"")
            }
            shapes[graph[id].name] = tensor.shape
        }
        return try plans.session(for: SessionCache.Key(shapes: shapes, variant: isTraining ? 1 : 0)) {
            let plan =
                isTraining ? try trainingPlan(shapes) : try evaluationPlan(shapes)
            return try Session(plan, threads: options.threads, shared: memory, arena: arena)
        }
    }

    /// Where parameters and statistics lie, by name.
    private func sharedInputs() -> [String: Int] {
        var places: [String: Int] = [:]
        let size = MemoryLayout<Float>.stride
        for entry in parameters.entries { places[entry.name] = entry.offset * size }
        for entry in statistics.entries { places[entry.name] = parameters.byteCount + entry.offset * size }
        return places
    }

    private func evaluationPlan(_ shapes: [String: Shape]) throws -> ExecutionPlan {
        let graph = self.graph.withInputs(for: parameterIDs + statisticIDs)
        return try ExecutionPlan(
            graph, inputShapes: shapes.mapValues(\.dimensions),
            options: ExecutionOptions(shared: sharedInputs(), late: options.assigner?.assigned ?? []))
    }

    private func trainingPlan(_ shapes: [String: Shape]) throws -> ExecutionPlan {
        var graph = self.graph.withInputs(for: parameterIDs + statisticIDs)
        let seed = graph.addValue(Value(name: seedName, dtype: .int64, declared: [.fixed(1)]))
        graph.inputs.append(seed)
        graph = try graph.specialized(inputShapes: shapes, evaluate: evaluateConstants)
        let trained = Set(parameterIDs)
        let updates = try graph.takeTrainingForm(seed: seed, momentum: options.statisticsMomentum) {
            !trained.contains($0)
        }
        let gradients = try graph.gradients(of: loss, withRespectTo: parameterIDs)
        if options.recomputesActivations { try graph.recomputeActivations(forGradientsOf: loss) }

        var places = sharedInputs()
        let size = MemoryLayout<Float>.stride
        let gradientBase = parameters.byteCount + statistics.byteCount
        for (entry, gradient) in zip(parameters.entries, gradients) {
            guard let gradient else { continue }
            graph.addOutput(copying: gradient, name: "gradient of \(entry.name)")
            places["gradient of \(entry.name)"] = gradientBase + entry.offset * size
        }
        let new = Dictionary(uniqueKeysWithValues: updates.map { ($0.old, $0.new) })
        for (id, entry) in zip(statisticIDs, statistics.entries) {
            guard let value = new[id] else { continue }
            graph.addOutput(copying: value, name: "next \(entry.name)")
            places["next \(entry.name)"] = gradientBase + parameters.byteCount + entry.offset * size
        }
        return try ExecutionPlan(
            graph, inputShapes: shapes.mapValues(\.dimensions),
            options: ExecutionOptions(shared: places, late: options.assigner?.assigned ?? []))
    }

    // MARK: The model

    /// A model with the parameters and statistics as they are now, found by their names: the one that was given its loss,
    /// or the graph itself.
    package func model(of model: Graph) throws -> Graph {
        var model = model
        for (entries, base) in [(parameters.entries, values), (statistics.entries, statisticValues)] {
            for entry in entries {
                guard let id = model.constants.keys.first(where: { model[$0].name == entry.name }),
                    model.shape(of: id) == entry.shape
                else { throw LearningError.invalidModel("the model has no parameter \"\(entry.name)\"") }
                let elements = UnsafeBufferPointer(start: base + entry.offset, count: entry.shape.count)
                model.setConstant(try Tensor(Array(elements), shape: entry.shape.dimensions), for: id)
            }
        }
        return model
    }
}

extension Graph {
    fileprivate func named(_ ids: [ValueID]) -> [(name: String, shape: Shape)] {
        ids.map { (self[$0].name, constants[$0]?.shape ?? .scalar) }
    }

    fileprivate func copy(_ id: ValueID, to target: UnsafeMutablePointer<Float>) {
        constants[id]?.withElements(as: Float.self) { elements in
            guard let start = elements.baseAddress else { return }
            target.update(from: start, count: elements.count)
        }
    }
}
