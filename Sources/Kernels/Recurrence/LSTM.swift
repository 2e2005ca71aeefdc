import CSaccadeKernels

/// A layer of long short-term memory (Hochreiter and Schmidhuber, 1997) with the semantics and layouts of ONNX's LSTM
/// (opset 14): default activations, gates in the order i o f c, no peepholes, no clipping. The cell's formulas are in
/// `recurrent_f32.h`. The result does not depend on `threads`.
package struct LSTMKernel: RecurrentKernel {
    private let layer: RecurrentLayer
    /// h·Rᵀ for one gate, and dG·R.
    private let stepProduct: StepProduct
    private let stepGradient: StepProduct
    private let weightGradient: MatrixProduct
    private let recurrenceGradient: MatrixProduct
    private let gradientProductScratchCount: Int

    package init(_ shape: RecurrentShape, instructionSet: InstructionSet) {
        let hidden = shape.hidden
        layer = RecurrentLayer(shape, gateCount: 4, hasCells: true, instructionSet: instructionSet)
        stepProduct = StepProduct(
            rows: shape.batch, columns: hidden, depth: hidden, b: .columns(of: hidden), instructionSet: instructionSet)
        stepGradient = StepProduct(
            rows: shape.batch, columns: hidden, depth: 4 * hidden, b: .rows(of: hidden),
            instructionSet: instructionSet)
        weightGradient = RecurrentLayer.weightGradient(
            shape, sections: 4, length: shape.input, rowStride: shape.input, instructionSet: instructionSet)
        recurrenceGradient = RecurrentLayer.weightGradient(
            shape, sections: 4, length: hidden, rowStride: hidden, instructionSet: instructionSet)
        gradientProductScratchCount = layer.gradientProductScratchCount(weightGradient, recurrenceGradient)
    }

    /// What `run` leaves for `runGradient` when it is given a reserve: activated gates and states of every step.
    package var reserveByteCount: Int { layer.reserveCount * MemoryLayout<Float>.stride }

    private var packedCount: Int { 4 * stepProduct.packedCount }
    package var scratchByteCount: Int {
        (packedCount + layer.productScratchCount + layer.scratchKeptCount) * MemoryLayout<Float>.stride
    }

    package var gradientScratchByteCount: Int {
        (stepGradient.packedCount + gradientProductScratchCount + layer.gradientKeptCount) * MemoryLayout<Float>.stride
    }

    /// Scratch has `scratchByteCount` bytes and is 64-byte aligned.
    package func run(
        _ operands: RecurrentOperands, to results: RecurrentResults, scratch: UnsafeMutableRawPointer, threads: Int
    ) {
        let packed = scratch.assumingMemoryBound(to: Float.self)
        let productScratch = packed + packedCount
        for direction in 0..<layer.shape.direction.count {
            let pass = layer.pass(
                direction, reserve: results.reserve?.assumingMemoryBound(to: Float.self),
                scratch: productScratch + layer.productScratchCount)
            guard let cells = pass.cells else { return }
            layer.copyState(operands.initialHidden, direction: direction, to: pass.hidden + pass.start)
            layer.copyState(operands.initialCell, direction: direction, to: cells + pass.start)
            layer.multiplyInput(
                operands, direction: direction, to: pass.gates, scratch: productScratch, threads: threads)
            let r = operands.r + direction * layer.recurrenceCount
            for gate in 0..<4 {
                stepProduct.pack(
                    r + gate * layer.shape.hidden * layer.shape.hidden, into: packed + gate * stepProduct.packedCount,
                    threads: threads)
            }
            layer.walk(pass.steps, threads: threads) { number, rows, units in
                step(pass.step(number), pass, packed, operands, results, direction, rows, units)
            }
            layer.writeState(pass.hidden + pass.end, direction: direction, to: results.lastHidden)
            layer.writeState(cells + pass.end, direction: direction, to: results.lastCell)
        }
    }

    private func step(
        _ step: Int, _ pass: RecurrentLayer.Pass, _ packed: UnsafePointer<Float>, _ operands: RecurrentOperands,
        _ results: RecurrentResults, _ direction: Int, _ rows: Range<Int>, _ units: Range<Int>
    ) {
        let hidden = layer.shape.hidden
        let gates = pass.gates + step * pass.stepGates
        for gate in 0..<4 {
            stepProduct.run(
                pass.hidden + pass.before(step), stride: hidden, packed: packed + gate * stepProduct.packedCount,
                to: gates + gate * hidden, stride: 4 * hidden, adds: true, rows: rows, columns: units)
        }
        var forward = layer.forward(step, pass, operands, results, direction: direction, rows: rows)
        layer.kernel.pointee.lstm(&forward, units.lowerBound, units.upperBound)
    }

    /// The gradients of the operands that `run` was given with this `reserve`. Scratch has `gradientScratchByteCount`
    /// bytes and is 64-byte aligned.
    package func runGradient(
        _ operands: RecurrentOperands, reserve: UnsafeRawPointer, gradients: RecurrentResultGradients,
        to results: RecurrentOperandGradients, scratch: UnsafeMutableRawPointer, threads: Int
    ) {
        let shape = layer.shape
        let packed = scratch.assumingMemoryBound(to: Float.self)
        let productScratch = packed + stepGradient.packedCount
        let dgates = productScratch + gradientProductScratchCount
        let dhidden = dgates + shape.gates
        let dcells = dhidden + shape.state
        let biases = dcells + shape.state
        let state = RecurrentLayer.Gradients(
            gates: dgates, hidden: dhidden, cells: dcells, biases: results.bias == nil ? nil : biases)
        for direction in 0..<shape.direction.count {
            // The reserve is read alone.
            let pass = layer.pass(
                direction, reserve: UnsafeMutableRawPointer(mutating: reserve).assumingMemoryBound(to: Float.self),
                scratch: dgates)
            layer.copyState(gradients.lastHidden, direction: direction, to: dhidden)
            layer.copyState(gradients.lastCell, direction: direction, to: dcells)
            biases.update(repeating: 0, count: layer.partCount * layer.biasCount)
            stepGradient.pack(operands.r + direction * layer.recurrenceCount, into: packed, threads: threads)
            // One more than there are steps: the last product gives the gradient of the initial state.
            layer.walk(pass.steps + 1, threads: threads) { number, rows, units in
                stepBack(pass.steps - number, pass, packed, operands, gradients, state, direction, rows, units)
            }
            if let dbias = results.bias { layer.sumBiases(biases, to: dbias + direction * layer.biasCount) }
            layer.writeState(dhidden, direction: direction, to: results.initialHidden)
            layer.writeState(dcells, direction: direction, to: results.initialCell)
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
                RecurrentLayer.multiply(
                    recurrenceGradient, dgates, pass.allBefore, to: dr + direction * layer.recurrenceCount,
                    scratch: productScratch, threads: threads)
            }
        }
    }

    /// What step `number` gives the state before it, and the gradients of the gates of the step that made that state.
    private func stepBack(
        _ number: Int, _ pass: RecurrentLayer.Pass, _ packed: UnsafePointer<Float>, _ operands: RecurrentOperands,
        _ gradients: RecurrentResultGradients, _ state: RecurrentLayer.Gradients, _ direction: Int, _ rows: Range<Int>,
        _ units: Range<Int>
    ) {
        let hidden = layer.shape.hidden
        if number < pass.steps {
            stepGradient.run(
                state.gates + pass.step(number) * pass.stepGates, stride: 4 * hidden, packed: packed, to: state.hidden,
                stride: hidden, adds: true, rows: rows, columns: units)
        }
        guard number > 0 else { return }
        for part in layer.parts(rows) {
            var backward = layer.backward(
                pass.step(number - 1), pass, operands, gradients, state, direction: direction, part: part)
            layer.kernel.pointee.lstm_gradient(&backward, units.lowerBound, units.upperBound)
        }
    }
}
