import Graphs
import Tensors
import Testing

/// A graph written for one image size and resized is the graph written for the other.
@Suite struct ResizedTests {
    private typealias Body = (inout GraphBuilder, ValueID, _ height: Int, _ width: Int) throws -> ValueID

    /// Builds the graph for 16×16 and for other sizes, and compares.
    private func check(_ body: Body) throws {
        func graph(_ height: Int, _ width: Int) throws -> Graph {
            var builder = GraphBuilder(name: "test")
            let x = builder.input("x", [1, 4, height, width])
            builder.output(try body(&builder, x, height, width), name: "y")
            return try builder.graph.specialized()
        }
        let square = try graph(16, 16)
        for (height, width) in [(16, 16), (8, 16), (16, 12), (4, 24), (20, 24)] {
            let resized = try square.resized(height: height, width: width)
            try GraphSpec.check(resized, pass: "resized")
            try expectEqualResults(try graph(height, width), resized)
        }
    }

    private func expectRefusal(_ body: Body) throws {
        var builder = GraphBuilder(name: "test")
        let x = builder.input("x", [1, 4, 16, 16])
        builder.output(try body(&builder, x, 16, 16), name: "y")
        let graph = try builder.graph.specialized()
        #expect(throws: GraphError.self) { try graph.resized(height: 8, width: 16) }
        // And back to its own size it is itself.
        #expect(try graph.resized(height: 16, width: 16).nodes == graph.nodes)
    }

    @Test func convolutionsPoolsAndConcatenations() throws {
        try check { builder, x, _, _ in
            let a = try builder.convolution(x, 4, 6, stride: 2)
            let window = Window(strides: Size2D(1), padding: Padding2D(1))
            let b = try builder.node(.maxPool(Pool(kernel: Size2D(3), window: window)), [a])
            return try builder.node(.concat(axis: 1), [a, b])
        }
    }

    @Test func upsamplingBySizes() throws {
        try check { builder, x, height, width in
            let a = try builder.convolution(x, 4, 4, stride: 4)
            let sizes = try builder.integers([1, 4, height / 2, width / 2])
            let resize = Resize(mode: .nearest, coordinates: .asymmetric)
            return try builder.node(.resize(resize), [a, nil, sizes])
        }
    }

    @Test func slicesOfEverySecondPixel() throws {
        try check { builder, x, height, width in
            var parts = [ValueID]()
            for (top, left) in [(0, 0), (1, 0), (0, 1), (1, 1)] {
                // One end as a number, one as far as it goes.
                let ends = try builder.integers([height, 1 << 40])
                parts.append(
                    try builder.node(
                        .slice,
                        [
                            x, builder.integers([top, left]), ends, builder.integers([2, -1]),
                            builder.integers([2, 2]),
                        ]))
            }
            return try builder.node(.concat(axis: 1), parts)
        }
    }

    /// The attention of YOLO11: height and width are merged, transposed, multiplied, and parted again.
    @Test func attention() throws {
        try check { builder, x, height, width in
            let pixels = height * width / 4
            let a = try builder.convolution(x, 4, 24, stride: 2)
            let heads = try builder.node(
                .reshape(allowsZero: false), [a, builder.integers([1, 2, 12, pixels])])
            let parts = try builder.nodes(
                .split(axis: 2), [heads, builder.integers([3, 3, 6])], outputCount: 3)
            let queries = try builder.node(.transpose(permutation: [0, 1, 3, 2]), [parts[0]])
            var scores = try builder.node(.matMul, [queries, parts[1]])
            scores = try builder.node(.binary(.mul), [scores, builder.constant([Float(0.5)], [])])
            scores = try builder.node(.softmax(axis: 3), [scores])
            scores = try builder.node(.transpose(permutation: [0, 1, 3, 2]), [scores])
            let mixed = try builder.node(.matMul, [parts[2], scores])
            let shape = [1, 12, height / 2, width / 2]
            let image = try builder.node(.reshape(allowsZero: false), [mixed, builder.integers(shape)])
            let values = try builder.node(.reshape(allowsZero: false), [parts[2], builder.integers(shape)])
            let positions = try builder.convolution(values, 12, 12, groups: 12)
            return try builder.convolution(builder.node(.binary(.add), [image, positions]), 12, 8, side: 1)
        }
    }

    /// Tokens: pixels first, channels last, and several heads.
    @Test func reshapesAroundATranspose() throws {
        try check { builder, x, height, width in
            let tokens = try builder.node(
                .transpose(permutation: [0, 2, 1]),
                [builder.node(.reshape(allowsZero: false), [x, builder.integers([1, 4, -1])])])
            let heads = try builder.node(
                .reshape(allowsZero: false), [tokens, builder.integers([1, height * width, 2, 2])])
            let shuffled = try builder.node(.transpose(permutation: [0, 3, 2, 1]), [heads])
            let image = try builder.node(
                .reshape(allowsZero: false), [shuffled, builder.integers([1, 4, height, width])])
            return try builder.convolution(image, 4, 4)
        }
    }

    @Test func expansionsAndVectorsOfChannels() throws {
        try check { builder, x, height, width in
            let mean = try builder.node(.globalAveragePool(.channelsFirst), [x])
            let flat = try builder.node(.reshape(allowsZero: false), [mean, builder.integers([1, 4])])
            let row = try builder.node(.reshape(allowsZero: false), [flat, builder.integers([1, 4, 1, 1])])
            let wide = try builder.node(.binary(.mul), [x, row])
            return try builder.node(.expand, [wide, builder.integers([1, 4, height, width])])
        }
    }

    @Test func tablesOfPositionsAreRefused() throws {
        try expectRefusal { builder, x, height, width in
            try builder.node(.binary(.add), [x, builder.weights([1, 1, height, width])])
        }
    }

    @Test func layersOverAllPixelsAreRefused() throws {
        try expectRefusal { builder, x, height, width in
            let flat = try builder.node(
                .reshape(allowsZero: false), [x, builder.integers([1, 4 * height * width])])
            return try builder.node(.matMul, [flat, builder.weights([4 * height * width, 3])])
        }
    }

    @Test func partsOfTheImageAreRefused() throws {
        try expectRefusal { builder, x, height, _ in
            try builder.node(
                .slice, [x, builder.integers([0]), builder.integers([height / 2]), builder.integers([2])])
        }
        try expectRefusal { builder, x, _, _ in try builder.nodes(.split(axis: 2), [x, nil], outputCount: 2)[0] }
        try expectRefusal { builder, x, _, _ in
            try builder.node(.gather(axis: 2), [x, builder.integers([3, 5])])
        }
        try expectRefusal { builder, x, height, width in
            try builder.node(.reshape(allowsZero: false), [x, builder.integers([4, height / 2, 2, width])])
        }
    }
}
