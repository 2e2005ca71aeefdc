import Graphs
import Kernels
import Tensors

/// Recurrent layers and the loss of unaligned sequences.
extension Lowering {
    mutating func lstm(_ recurrence: Recurrence) throws(ExecutionError) -> StepBody {
        let layer = LSTMKernel(try recurrentShape(recurrence), instructionSet: instructionSet)
        return try forward(layer, "lstm", states: 2)
    }

    mutating func gru(_ recurrence: Recurrence, linearBeforeReset: Bool) throws(ExecutionError) -> StepBody {
        let layer = GRUKernel(
            try recurrentShape(recurrence), linearBeforeReset: linearBeforeReset, instructionSet: instructionSet)
        return try forward(layer, "gru", states: 1)
    }

    mutating func lstmGradient(_ recurrence: Recurrence) throws(ExecutionError) -> StepBody {
        let layer = LSTMKernel(try recurrentShape(recurrence), instructionSet: instructionSet)
        return try backward(layer, "lstm", states: 2)
    }

    mutating func gruGradient(
        _ recurrence: Recurrence, linearBeforeReset: Bool
    ) throws(ExecutionError) -> StepBody {
        let layer = GRUKernel(
            try recurrentShape(recurrence), linearBeforeReset: linearBeforeReset, instructionSet: instructionSet)
        return try backward(layer, "gru", states: 1)
    }

    private mutating func forward(
        _ layer: some RecurrentKernel, _ name: String, states: Int
    ) throws(ExecutionError) -> StepBody {
        kernel = "\(name)_\(instructionSet.rawValue)"
        try checkDense()
        scratchByteCount = layer.scratchByteCount
        let layout = RecurrentLayout(self, states: states)
        return { context in
            guard layout.lengthsFit(context) else { return false }
            layer.run(
                layout.operands(context), to: layout.results(context), scratch: context.scratch,
                threads: context.threads)
            return true
        }
    }

    private mutating func backward(
        _ layer: some RecurrentKernel, _ name: String, states: Int
    ) throws(ExecutionError) -> StepBody {
        kernel = "\(name)_gradient_\(instructionSet.rawValue)"
        try checkDense()
        scratchByteCount = layer.gradientScratchByteCount
        let layout = RecurrentLayout(self, states: states)
        return { context in
            layer.runGradient(
                layout.operands(context), reserve: context.input(layout.reserve),
                gradients: layout.resultGradients(context), to: layout.operandGradients(context),
                scratch: context.scratch, threads: context.threads)
            return true
        }
    }

    private mutating func recurrentShape(_ recurrence: Recurrence) throws(ExecutionError) -> RecurrentShape {
        let x = try input(0).shape
        let direction: RecurrentDirection =
            switch recurrence.direction {
            case .forward: .forward
            case .reverse: .reverse
            case .bidirectional: .bidirectional
            }
        let gates = try input(1).shape[1]
        multiplyAdds = direction.count * x[0] * x[1] * gates * (x[2] + recurrence.hiddenSize)
        if case .gradient = op { multiplyAdds *= 2 }
        return RecurrentShape(
            steps: x[0], batch: x[1], input: x[2], hidden: recurrence.hiddenSize, direction: direction)
    }

    private func checkDense() throws(ExecutionError) {
        guard inputs.allSatisfy({ $0?.isDense ?? true }), outputs.allSatisfy(\.isDense) else {
            throw unsupported("rows with gaps")
        }
    }

    func ctcLoss(blank: Int) throws(ExecutionError) -> StepBody {
        let views = (try input(0), try input(1), try input(2), try input(3))
        let (losses, gradient) = (outputs[0], outputs[1])
        return { context in
            Reference.ctcLoss(
                views.0.view(at: context.input(0)), labels: views.1.view(at: context.input(1)),
                lengths: views.2.view(at: context.input(2)), labelLengths: views.3.view(at: context.input(3)),
                blank: blank, losses: losses.view(at: context.output(0)),
                gradient: gradient.view(at: context.output(1)),
                threads: context.threads)
        }
    }
}

/// Which inputs and outputs of a recurrent layer, or of its gradient, are there.
private struct RecurrentLayout: Sendable {
    /// 2: h and c, 1: h.
    private let states: Int
    private let present: [Bool]
    private let outputCount: Int
    private let steps: Int
    private let batch: Int

    init(_ lowering: Lowering, states: Int) {
        self.states = states
        present = lowering.inputs.map { $0 != nil }
        outputCount = lowering.outputs.count
        steps = lowering.inputs.first??.shape[0] ?? 0
        batch = lowering.inputs.first??.shape[1] ?? 0
    }

    /// The gradient's inputs behind those of the layer: y, the state for the gradient, dy, dh, dc.
    var reserve: Int { 6 + states }

    private func floats(_ context: StepContext, _ index: Int) -> UnsafePointer<Float>? {
        index < present.count && present[index] ? UnsafePointer(context.floats(input: index)) : nil
    }

    private func lengths(_ context: StepContext) -> UnsafePointer<Int32>? {
        present.count > 4 && present[4] ? UnsafePointer(context.input(4).assumingMemoryBound(to: Int32.self)) : nil
    }

    func lengthsFit(_ context: StepContext) -> Bool {
        guard let lengths = lengths(context) else { return true }
        return UnsafeBufferPointer(start: lengths, count: batch).allSatisfy { (0...Int32(steps)).contains($0) }
    }

    func operands(_ context: StepContext) -> RecurrentOperands {
        RecurrentOperands(
            x: UnsafePointer(context.floats(input: 0)), w: UnsafePointer(context.floats(input: 1)),
            r: UnsafePointer(context.floats(input: 2)), bias: floats(context, 3), lengths: lengths(context),
            initialHidden: floats(context, 5), initialCell: states == 2 ? floats(context, 6) : nil)
    }

    func results(_ context: StepContext) -> RecurrentResults {
        func output(_ index: Int) -> UnsafeMutablePointer<Float>? {
            index < outputCount ? context.floats(output: index) : nil
        }
        return RecurrentResults(
            y: output(0), lastHidden: output(1), lastCell: states == 2 ? output(2) : nil, reserve: output(1 + states))
    }

    func resultGradients(_ context: StepContext) -> RecurrentResultGradients {
        RecurrentResultGradients(
            y: floats(context, reserve + 1), lastHidden: floats(context, reserve + 2),
            lastCell: states == 2 ? floats(context, reserve + 3) : nil)
    }

    func operandGradients(_ context: StepContext) -> RecurrentOperandGradients {
        RecurrentOperandGradients(
            x: context.floats(output: 0), w: context.floats(output: 1), r: context.floats(output: 2),
            bias: context.floats(output: 3), initialHidden: context.floats(output: 4),
            initialCell: states == 2 ? context.floats(output: 5) : nil)
    }
}
