package import Tensors

/// What `Graph.optimized` does beyond what is always right.
package struct GraphOptions: Hashable, Sendable {
    /// Images in N×H×W×C inside the graph.
    package var channelsLast: Bool
    /// Graph inputs of four axes become N×H×W×C.
    package var channelsLastInput: Bool
    /// Quantized parts compute with integers; otherwise their roundings are carried out on float numbers.
    package var integers: Bool
    /// Inputs that are only quantized and outputs that are only dequantized become bytes.
    package var integerPorts: Bool

    package init(
        channelsLast: Bool = true, channelsLastInput: Bool = false, integers: Bool = true, integerPorts: Bool = false
    ) {
        self.channelsLast = channelsLast
        self.channelsLastInput = channelsLastInput
        self.integers = integers
        self.integerPorts = integerPorts
    }
}

extension Graph {
    /// The graph made ready for the executor: specialized for its input shapes, folded, fused and in channels-last
    /// order. `GraphSpec` is checked before and after, and where it does not hold, after every pass, to name the one.
    ///
    /// - Parameters:
    ///   - inputShapes: as written (N×C×H×W), by input name; see `specialized`.
    ///   - evaluate: folds what `ShapeArithmetic` does not.
    package func optimized(
        inputShapes: [String: Shape] = [:], options: GraphOptions = GraphOptions(), evaluate: Evaluator? = nil
    ) throws(GraphError) -> Graph {
        try GraphSpec.check(self, pass: "import", specialized: false)
        let graph = try passed(inputShapes, options, evaluate, checksEveryPass: false)
        do {
            try GraphSpec.check(graph, pass: "optimized")
            return graph
        } catch {
            _ = try passed(inputShapes, options, evaluate, checksEveryPass: true)
            throw error
        }
    }

    private func passed(
        _ inputShapes: [String: Shape], _ options: GraphOptions, _ evaluate: Evaluator?, checksEveryPass: Bool
    ) throws(GraphError) -> Graph {
        var graph = try specialized(inputShapes: inputShapes, evaluate: evaluate)
        if checksEveryPass { try GraphSpec.check(graph, pass: "specialized") }
        func run(_ pass: String, _ body: (inout Graph) throws(GraphError) -> Void) throws(GraphError) {
            try body(&graph)
            if checksEveryPass { try GraphSpec.check(graph, pass: pass) }
        }
        try run("eliminateIdentities") { graph throws(GraphError) in try graph.eliminateIdentities() }
        try run("eliminateDeadNodes") { graph in graph.eliminateDeadNodes() }
        try run("fuseConvBatchNorm") { graph throws(GraphError) in try graph.fuseConvBatchNorm() }
        try run("fuseActivation") { graph in graph.fuseActivation() }
        if options.channelsLast || options.channelsLastInput {
            try run("channelsLast") { graph throws(GraphError) in
                try graph.channelsLast(inputs: options.channelsLastInput)
            }
            try run("foldConstants") { graph throws(GraphError) in try graph.foldConstants(evaluate: evaluate) }
            try run("eliminateIdentities") { graph throws(GraphError) in try graph.eliminateIdentities() }
        }
        try run("eliminateDeadNodes") { graph in graph.eliminateDeadNodes() }
        if options.integers {
            try run("absorbQuantization") { graph throws(GraphError) in
                try graph.absorbQuantization(portsStayFloat: !options.integerPorts)
            }
        }
        return graph
    }
}
