import CSaccadeKernels

/// A layer of gated recurrent units (Cho et al., 2014) with the semantics and layouts of ONNX's GRU (opset 14): default
/// activations, gates in the order z r h, no clipping. The cell's formulas are in `recurrent_f32.h`. The result does not
/// depend on `threads`.
package struct GRUKernel: RecurrentKernel {
    private let layer: RecurrentLayer
    private let resetsProduct: Bool
    /// h·Rᵀ for one gate; dG·R for update and reset gate, and for the content.
    private let stepProduct: StepProduct
    private let gateGradient: StepProduct
    private let contentGradient: StepProduct
    private let weightGradient: MatrixProduct
    private let gateRecurrenceGradient: MatrixProduct
    private let contentRecurrenceGradient: MatrixProduct
    private let gradientProductScratchCount: Int

    /// `linearBeforeReset`: the reset gate multiplies the product with R, as in PyTorch, and not the state before it.
    package init(_ shape: RecurrentShape, linearBeforeReset: Bool, instructionSet: InstructionSet) {
        let hidden = shape.hidden
        layer = RecurrentLayer(shape, gateCount: 3, hasCells: false, instructionSet: instructionSet)
        resetsProduct = linearBeforeReset
        stepProduct = StepProduct(
            rows: shape.batch, columns: hidden, depth: hidden, b: .columns(of: hidden), instructionSet: instructionSet)
        gateGradient = StepProduct(
            rows: shape.batch, columns: hidden, depth: 2 * hidden, b: .rows(of: hidden),
            instructionSet: instructionSet)
        contentGradient = StepProduct(
            rows: shape.batch, columns: hidden, depth: hidden, b: .rows(of: hidden), instructionSet: instructionSet)
        weightGradient = RecurrentLayer.weightGradient(
            shape, sections: 3, length: shape.input, rowStride: shape.input, instructionSet: instructionSet)
        gateRecurrenceGradient = RecurrentLayer.weightGradient(
            shape, sections: 2, length: hidden, rowStride: hidden, instructionSet: instructionSet)
        contentRecurrenceGradient = RecurrentLayer.weightGradient(
            shape, sections: 1, length: hidden, rowStride: linearBeforeReset ? hidden : 4 * hidden,
            instructionSet: instructionSet)
        gradientProductScratchCount = layer.gradientProductScratchCount(
            weightGradient, gateRecurrenceGradient, contentRecurrenceGradient)
    }

    /// What `run` leaves for `runGradient` when it is given a reserve: activated gates and states of every step.
    package var reserveByteCount: Int { layer.reserveCount * MemoryLayout<Float>.stride }

    private var packedCount: Int { 3 * stepProduct.packedCount }
    package var scratchByteCount: Int {
        (packedCount + layer.productScratchCount + layer.scratchKeptCount) * MemoryLayout<Float>.stride
    }

    private var gradientPackedCount: Int { gateGradient.packedCount + contentGradient.packedCount }
    package var gradientScratchByteCount: Int {
        (gradientPackedCount + gradientProductScratchCount + layer.gradientKeptCount) * MemoryLayout<Float>.stride
    }

    /// Scratch has `scratchByteCount` bytes and is 64-byte aligned. The cells of operands and results are not touched.
    package func run(
        _ operands: RecurrentOperands, to results: RecurrentResults, scratch: UnsafeMutableRawPointer, threads: Int
    ) {
        let packed = scratch.assumingMemoryBound(to: Float.self)
        let productScratch = packed + packedCount
        let hidden = layer.shape.hidden
        for direction in 0..<layer.shape.direction.count {
            let pass = layer.pass(
                direction, reserve: results.reserve?.assumingMemoryBound(to: Float.self),
                scratch: productScratch + layer.productScratchCount)
            layer.copyState(operands.initialHidden, direction: direction, to: pass.hidden + pass.start)
            layer.multiplyInput(
                operands, direction: direction, to: pass.gates, scratch: productScratch, threads: threads)
            let r = operands.r + direction * layer.recurrenceCount
            for gate in 0..<3 {
                stepProduct.pack(
                    r + gate * hidden * hidden, into: packed + gate * stepProduct.packedCount, threads: threads)
            }
            // With two products a step, each has a number of its own.
            let phases = resetsProduct ? 1 : 2
            layer.walk(pass.steps * phases, threads: threads) { number, rows, units in
                let (number, phase) = number.quotientAndRemainder(dividingBy: phases)
                step(pass.step(number), phase, pass, packed, operands, results, direction, rows, units)
            }
            layer.writeState(pass.hidden + pass.end, direction: direction, to: results.lastHidden)
        }
    }

    private func step(
        _ step: Int, _ phase: Int, _ pass: RecurrentLayer.Pass, _ packed: UnsafePointer<Float>,
        _ operands: RecurrentOperands, _ results: RecurrentResults, _ direction: Int, _ rows: Range<Int>,
        _ units: Range<Int>
    ) {
        let hidden = layer.shape.hidden
        let gates = pass.gates + step * pass.stepGates
        func multiply(_ a: UnsafePointer<Float>, stride: Int, gate: Int, to section: Int, adds: Bool) {
            stepProduct.run(
                a, stride: stride, packed: packed + gate * stepProduct.packedCount, to: gates + section * hidden,
                stride: 4 * hidden, adds: adds, rows: rows, columns: units)
        }
        var forward = layer.forward(
            step, pass, operands, results, direction: direction, rows: rows, resetsProduct: resetsProduct)
        if phase == 0 {
            let before = pass.hidden + pass.before(step)
            for gate in 0..<2 { multiply(before, stride: hidden, gate: gate, to: gate, adds: true) }
            if resetsProduct {
                // By itself, since r has yet to multiply it.
                multiply(before, stride: hidden, gate: 2, to: 3, adds: false)
                layer.kernel.pointee.gru(&forward, units.lowerBound, units.upperBound)
            } else {
                layer.kernel.pointee.gru_reset(&forward, units.lowerBound, units.upperBound)
            }
        } else {
            multiply(gates + 3 * hidden, stride: 4 * hidden, gate: 2, to: 2, adds: true)
            layer.kernel.pointee.gru(&forward, units.lowerBound, units.upperBound)
        }
    }

    /// The gradients of the operands that `run` was given with this `reserve`. Scratch has `gradientScratchByteCount`
    /// bytes and is 64-byte aligned.
    package func runGradient(
        _ operands: RecurrentOperands, reserve: UnsafeRawPointer, gradients: RecurrentResultGradients,
        to results: RecurrentOperandGradients, scratch: UnsafeMutableRawPointer, threads: Int
    ) {
        let shape = layer.shape
        let hidden = shape.hidden
        let packed = scratch.assumingMemoryBound(to: Float.self)
        let productScratch = packed + gradientPackedCount
        let dgates = productScratch + gradientProductScratchCount
        let dhidden = dgates + shape.gates
        let biases = dhidden + shape.state
        let state = RecurrentLayer.Gradients(
            gates: dgates, hidden: dhidden, cells: nil, biases: results.bias == nil ? nil : biases)
        for direction in 0..<shape.direction.count {
            // The reserve is read alone.
            let pass = layer.pass(
                direction, reserve: UnsafeMutableRawPointer(mutating: reserve).assumingMemoryBound(to: Float.self),
                scratch: dgates)
            layer.copyState(gradients.lastHidden, direction: direction, to: dhidden)
            biases.update(repeating: 0, count: layer.partCount * layer.biasCount)
            let r = operands.r + direction * layer.recurrenceCount
            gateGradient.pack(r, into: packed, threads: threads)
            contentGradient.pack(
                r + 2 * hidden * hidden, into: packed + gateGradient.packedCount, threads: threads)
            // One more than there are steps: the last product gives the gradient of the initial state.
            let phases = resetsProduct ? 1 : 2
            layer.walk((pass.steps + 1) * phases, threads: threads) { number, rows, units in
                let (number, phase) = number.quotientAndRemainder(dividingBy: phases)
                stepBack(pass.steps - number, phase, pass, packed, operands, gradients, state, direction, rows, units)
            }
            if let dbias = results.bias { layer.sumBiases(biases, to: dbias + direction * layer.biasCount) }
            layer.writeState(dhidden, direction: direction, to: results.initialHidden)
            if let dx = results.x {
                layer.multiplyInputGradient(
                    dgates, operands, direction: direction, to: dx, scratch: productScratch, threads: threads)
            }
            if let dw = results.w {
                RecurrentLayer.multiply(
                    weightGradient, dgates, operands.x, to: dw + direction * layer.weightCount, scratch: productScratch,
                    threads: threads)
            }
            if let dr = results.r {
                let dr = dr + direction * layer.recurrenceCount
                RecurrentLayer.multiply(
                    gateRecurrenceGradient, dgates, pass.allBefore, to: dr, scratch: productScratch, threads: threads)
                // The content's product was taken of the state, or of what the reset gate had left of it.
                RecurrentLayer.multiply(
                    contentRecurrenceGradient, dgates + (resetsProduct ? 3 : 2) * hidden,
                    resetsProduct ? pass.allBefore : pass.gates + 3 * hidden, to: dr + 2 * hidden * hidden,
                    scratch: productScratch, threads: threads)
            }
        }
    }

    /// What step `number` gives the state before it, and the gradients of the gates of the step that made that state; in
    /// the second phase its reset gate's.
    private func stepBack(
        _ number: Int, _ phase: Int, _ pass: RecurrentLayer.Pass, _ packed: UnsafePointer<Float>,
        _ operands: RecurrentOperands, _ gradients: RecurrentResultGradients, _ state: RecurrentLayer.Gradients,
        _ direction: Int, _ rows: Range<Int>, _ units: Range<Int>
    ) {
        let hidden = layer.shape.hidden
        let packedContent = packed + gateGradient.packedCount
        if phase == 0, number < pass.steps {
            let gates = state.gates + pass.step(number) * pass.stepGates
            gateGradient.run(
                gates, stride: 4 * hidden, packed: packed, to: state.hidden, stride: hidden, adds: true, rows: rows,
                columns: units)
            if resetsProduct {
                contentGradient.run(
                    gates + 3 * hidden, stride: 4 * hidden, packed: packedContent, to: state.hidden, stride: hidden,
                    adds: true, rows: rows, columns: units)
            }
        }
        guard number > 0 else { return }
        let step = pass.step(number - 1)
        if phase == 1 {
            let gates = state.gates + step * pass.stepGates
            contentGradient.run(
                gates + 2 * hidden, stride: 4 * hidden, packed: packedContent, to: gates + 3 * hidden,
                stride: 4 * hidden, adds: false, rows: rows, columns: units)
        }
        for part in layer.parts(rows) {
            var backward = layer.backward(
                step, pass, operands, gradients, state, direction: direction, part: part, resetsProduct: resetsProduct)
            if phase == 0 {
                layer.kernel.pointee.gru_gradient(&backward, units.lowerBound, units.upperBound)
            } else {
                layer.kernel.pointee.gru_reset_gradient(&backward, units.lowerBound, units.upperBound)
            }
        }
    }
}
