package import Graphs
package import Tensors

/// Builds a model layer by layer: a graph whose weights are constants, so that it runs, is exported and is trained as it
/// is.
///
///     var net = ModelBuilder(name: "digits", seed: 7)
///     let x = net.input("images", [.symbolic("batch"), .fixed(1), .fixed(28), .fixed(28)])
///     var h = try net.convolution(x, from: 1, to: 16, kernel: 3, stride: 2, name: "stem")
///     h = try net.activation(.silu, net.batchNormalization(h, channels: 16))
///     h = try net.globalAverage(h)
///     net.output(try net.linear(h, from: 16, to: 10), name: "logits")
///     let graph = net.graph
///
/// Shapes are not known while a model is built: a layer is told its channels, and takes any batch, length and image size.
/// Initial weights depend on the seed and the parameter's name alone. Batch normalizations and dropouts stand in the
/// graph as inference has them; `Graph.takeTrainingForm` makes their other form.
package struct ModelBuilder {
    /// For what has no layer here.
    package var nodes: GraphBuilder
    package let seed: UInt64
    /// What the model file says about itself.
    package var metadata: [String: String] = [:]
    private var path = ""
    private var usedNames: Set<String> = []

    package init(name: String, seed: UInt64 = 0) {
        nodes = GraphBuilder(name: name)
        self.seed = seed
    }

    package var graph: Graph {
        var graph = nodes.graph
        graph.metadata = metadata
        return graph
    }

    /// The number of learned elements so far.
    package var parameterCount: Int { nodes.graph.parameterCount }

    package mutating func input(
        _ name: String, dtype: DType = .float32, _ declared: [Dimension]
    ) -> ValueID {
        nodes.input(name, dtype: dtype, declared)
    }

    package mutating func output(_ id: ValueID, name: String) { nodes.output(id, name: name) }

    // MARK: Names

    /// What `body` builds has names that begin with `name` and a dot. A name that is taken gets a number.
    package mutating func scope<Result, Failure: Error>(
        _ name: String, _ body: (inout ModelBuilder) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        let outer = path
        path = unused(name) + "."
        defer { path = outer }
        return try body(&self)
    }

    private mutating func unused(_ name: String) -> String {
        let full = path + name
        var candidate = full
        var number = 1
        while !usedNames.insert(candidate).inserted {
            number += 1
            candidate = "\(full)\(number)"
        }
        return candidate
    }

    // MARK: Nodes and parameters of the current scope

    /// A node whose result is named by the scope, without its dot.
    mutating func result(_ op: Operator, _ inputs: [ValueID?]) throws(GraphError) -> ValueID {
        try nodes.node(op, inputs, name: path.isEmpty ? nil : String(path.dropLast()))
    }

    package mutating func parameter(
        _ name: String, _ extents: [Int], _ initializer: Initializer, fan: Fan = Fan(1)
    ) throws(GraphError) -> ValueID {
        let name = unused(name)
        return nodes.parameter(try tensor(name, extents, initializer, fan), name: name)
    }

    /// A constant that is not learned by gradients, such as a running mean.
    package mutating func statistic(
        _ name: String, _ extents: [Int], _ initializer: Initializer
    ) throws(GraphError) -> ValueID {
        let name = unused(name)
        return nodes.constant(try tensor(name, extents, initializer, Fan(1)), name: name)
    }

    private func tensor(
        _ name: String, _ extents: [Int], _ initializer: Initializer, _ fan: Fan
    ) throws(GraphError) -> Tensor {
        guard extents.allSatisfy({ $0 > 0 }) else {
            throw GraphError(.invalidAttribute("a parameter of \(extents)"), value: name)
        }
        var numbers = Philox(seed: seed, stream: name.stableHash)
        do {
            return try Tensor(dtype: .float32, shape: Shape(extents)) { bytes in
                initializer.fill(bytes.bindMemory(to: Float.self), fan: fan, &numbers)
            }
        } catch { throw GraphError(.tooLarge, value: name) }
    }
}

extension Graph {
    /// The number of elements of `parameters`.
    package var parameterCount: Int { parameters.reduce(0) { $0 + (constants[$1]?.shape.count ?? 0) } }
}

extension String {
    /// The same in every run: FNV-1a with 64 bits (Fowler, Noll, Vo 1991).
    var stableHash: UInt64 {
        utf8.reduce(0xCBF2_9CE4_8422_2325) { ($0 ^ UInt64($1)) &* 0x100_0000_01B3 }
    }
}
