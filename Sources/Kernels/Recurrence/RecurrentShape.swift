/// Which way a recurrent layer reads its sequences.
package enum RecurrentDirection: String, Hashable, Sendable, CaseIterable {
    case forward, reverse, bidirectional

    /// D in ONNX's shapes: one set of weights for each way.
    package var count: Int { self == .bidirectional ? 2 : 1 }

    /// Whether the `index`-th set of weights reads from the end.
    func isReversed(_ index: Int) -> Bool { self == .reverse || index == 1 }
}

/// The extents of a recurrent layer with ONNX's layouts (layout = 0): X [steps, batch, input], W [D, G·hidden, input],
/// R [D, G·hidden, hidden], B [D, 2·G·hidden], Y [steps, D, batch, hidden], states [D, batch, hidden], for D directions and
/// G gates.
package struct RecurrentShape: Hashable, Sendable {
    package var steps: Int
    package var batch: Int
    package var input: Int
    package var hidden: Int
    package var direction: RecurrentDirection

    package init(steps: Int, batch: Int, input: Int, hidden: Int, direction: RecurrentDirection = .forward) {
        self.steps = steps
        self.batch = batch
        self.input = input
        self.hidden = hidden
        self.direction = direction
    }

    /// Rows of X over all steps.
    var rows: Int { steps * batch }
    /// Elements of one direction's state.
    var state: Int { batch * hidden }
    /// Elements of the gates of one step, and of all: four sections of `hidden` for each sequence.
    var stepGates: Int { state * 4 }
    var gates: Int { rows * 4 * hidden }
}

/// What a recurrent layer reads, dense.
///
/// Sequence b has `lengths[b]` steps of the batch's: past its end its state is held and Y is 0, and the reverse direction
/// starts at its own last step. What X holds there does not matter, but has to be finite where gradients are asked for.
package struct RecurrentOperands {
    package var x: UnsafePointer<Float>
    package var w: UnsafePointer<Float>
    package var r: UnsafePointer<Float>
    package var bias: UnsafePointer<Float>?
    package var lengths: UnsafePointer<Int32>?
    package var initialHidden: UnsafePointer<Float>?
    /// The LSTM's alone.
    package var initialCell: UnsafePointer<Float>?

    package init(
        x: UnsafePointer<Float>, w: UnsafePointer<Float>, r: UnsafePointer<Float>, bias: UnsafePointer<Float>? = nil,
        lengths: UnsafePointer<Int32>? = nil, initialHidden: UnsafePointer<Float>? = nil,
        initialCell: UnsafePointer<Float>? = nil
    ) {
        self.x = x
        self.w = w
        self.r = r
        self.bias = bias
        self.lengths = lengths
        self.initialHidden = initialHidden
        self.initialCell = initialCell
    }
}

/// Where a recurrent layer's results go, those that are wanted. With a `reserve` it leaves there what its gradient needs.
package struct RecurrentResults {
    package var y: UnsafeMutablePointer<Float>?
    package var lastHidden: UnsafeMutablePointer<Float>?
    /// The LSTM's alone.
    package var lastCell: UnsafeMutablePointer<Float>?
    package var reserve: UnsafeMutableRawPointer?

    package init(
        y: UnsafeMutablePointer<Float>? = nil, lastHidden: UnsafeMutablePointer<Float>? = nil,
        lastCell: UnsafeMutablePointer<Float>? = nil, reserve: UnsafeMutableRawPointer? = nil
    ) {
        self.y = y
        self.lastHidden = lastHidden
        self.lastCell = lastCell
        self.reserve = reserve
    }
}

/// The gradients of a recurrent layer's results; nil is 0.
package struct RecurrentResultGradients {
    package var y: UnsafePointer<Float>?
    package var lastHidden: UnsafePointer<Float>?
    package var lastCell: UnsafePointer<Float>?

    package init(
        y: UnsafePointer<Float>? = nil, lastHidden: UnsafePointer<Float>? = nil,
        lastCell: UnsafePointer<Float>? = nil
    ) {
        self.y = y
        self.lastHidden = lastHidden
        self.lastCell = lastCell
    }
}

/// Where the gradients of a recurrent layer's operands go, those that are wanted; each has the operand's shape.
package struct RecurrentOperandGradients {
    package var x: UnsafeMutablePointer<Float>?
    package var w: UnsafeMutablePointer<Float>?
    package var r: UnsafeMutablePointer<Float>?
    package var bias: UnsafeMutablePointer<Float>?
    package var initialHidden: UnsafeMutablePointer<Float>?
    package var initialCell: UnsafeMutablePointer<Float>?

    package init(
        x: UnsafeMutablePointer<Float>? = nil, w: UnsafeMutablePointer<Float>? = nil,
        r: UnsafeMutablePointer<Float>? = nil, bias: UnsafeMutablePointer<Float>? = nil,
        initialHidden: UnsafeMutablePointer<Float>? = nil, initialCell: UnsafeMutablePointer<Float>? = nil
    ) {
        self.x = x
        self.w = w
        self.r = r
        self.bias = bias
        self.initialHidden = initialHidden
        self.initialCell = initialCell
    }
}

/// A layer with a state from step to step: what LSTM and GRU have in common for those who run them.
package protocol RecurrentKernel: Sendable {
    /// Bytes that `run` leaves for `runGradient`.
    var reserveByteCount: Int { get }
    var scratchByteCount: Int { get }
    var gradientScratchByteCount: Int { get }

    func run(
        _ operands: RecurrentOperands, to results: RecurrentResults, scratch: UnsafeMutableRawPointer, threads: Int)

    /// The gradients of the operands that `run` was given with this `reserve`.
    func runGradient(
        _ operands: RecurrentOperands, reserve: UnsafeRawPointer, gradients: RecurrentResultGradients,
        to results: RecurrentOperandGradients, scratch: UnsafeMutableRawPointer, threads: Int)
}
