import CSaccadeKernels

/// A layer of long short-term memory (Hochreiter and Schmidhuber, 1997) with the semantics and layouts of ONNX's LSTM
/// (opset 14): default activations, gates in the order i o f c, no peepholes, no clipping. The cell's formulas are in
/// `recurrent_f32.h`. The result does not depend on `threads`.
package struct LSTMKernel: Sendable {
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
            for number in 0..<pass.steps {
                step(pass.step(number), pass, cells, packed, operands, results, direction, threads)
            }
            layer.writeState(pass.hidden + pass.end, direction: direction, to: results.lastHidden)
            layer.writeState(cells + pass.end, direction: direction, to: results.lastCell)
        }
    }

    private func step(
        _ step: Int, _ pass: RecurrentLayer.Pass, _ cells: UnsafeMutablePointer<Float>, _ packed: UnsafePointer<Float>,
        _ operands: RecurrentOperands, _ results: RecurrentResults, _ direction: Int, _ threads: Int
    ) {
        let hidden = layer.shape.hidden
        let before = pass.before(step)
        let after = pass.after(step)
        let gates = pass.gates + step * pass.stepGates
        parallelFor(layer.blockCount, threads: layer.stepThreads(threads)) { block in
            let units = layer.units(block)
            for gate in 0..<4 {
                stepProduct.run(
                    pass.hidden + before, stride: hidden, packed: packed + gate * stepProduct.packedCount,
                    to: gates + gate * hidden, stride: 4 * hidden, adds: true, columns: units)
            }
            var forward = sk_recurrent_forward(
                s: layer.step(step, operands, direction: direction, resetsProduct: false), gates: gates,
                h_before: pass.hidden + before, h_after: pass.hidden + after, c_before: cells + before,
                c_after: cells + after,
                y: results.y.map { $0 + layer.resultOffset(step: step, direction: direction) })
            layer.kernel.pointee.lstm(&forward, units.lowerBound, units.upperBound)
        }
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
        let dcell = dhidden + shape.state
        for direction in 0..<shape.direction.count {
            // The reserve is read alone.
            let pass = layer.pass(
                direction, reserve: UnsafeMutableRawPointer(mutating: reserve).assumingMemoryBound(to: Float.self),
                scratch: dgates)
            guard let cells = pass.cells else { return }
            layer.copyState(gradients.lastHidden, direction: direction, to: dhidden)
            layer.copyState(gradients.lastCell, direction: direction, to: dcell)
            let dbias = results.bias.map { $0 + direction * layer.biasCount }
            dbias?.update(repeating: 0, count: layer.biasCount)
            stepGradient.pack(operands.r + direction * layer.recurrenceCount, into: packed, threads: threads)
            stepsBack(pass, cells, packed, operands, gradients, dgates, dhidden, dcell, dbias, direction, threads)
            layer.writeState(dhidden, direction: direction, to: results.initialHidden)
            layer.writeState(dcell, direction: direction, to: results.initialCell)
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

    /// From the last step to the first: dG of every step, and the gradients of the state before the first one.
    private func stepsBack(
        _ pass: RecurrentLayer.Pass, _ cells: UnsafePointer<Float>, _ packed: UnsafePointer<Float>,
        _ operands: RecurrentOperands, _ gradients: RecurrentResultGradients, _ dgates: UnsafeMutablePointer<Float>,
        _ dhidden: UnsafeMutablePointer<Float>, _ dcell: UnsafeMutablePointer<Float>,
        _ dbias: UnsafeMutablePointer<Float>?, _ direction: Int, _ threads: Int
    ) {
        let hidden = layer.shape.hidden
        // Threads meet between a step's gates and the product that takes them all.
        for number in (-1..<pass.steps).reversed() {
            parallelFor(layer.blockCount, threads: layer.stepThreads(threads)) { block in
                let units = layer.units(block)
                if number + 1 < pass.steps {
                    stepGradient.run(
                        dgates + pass.step(number + 1) * pass.stepGates, stride: 4 * hidden, packed: packed,
                        to: dhidden, stride: hidden, adds: true, columns: units)
                }
                guard number >= 0 else { return }
                let step = pass.step(number)
                var gradient = sk_recurrent_gradient(
                    s: layer.step(step, operands, direction: direction, resetsProduct: false),
                    gates: pass.gates + step * pass.stepGates, h_before: pass.hidden + pass.before(step),
                    c_before: cells + pass.before(step), c_after: cells + pass.after(step),
                    dy: gradients.y.map { $0 + layer.resultOffset(step: step, direction: direction) }, dh: dhidden,
                    dc: dcell, dgates: dgates + step * pass.stepGates, dbias: dbias)
                layer.kernel.pointee.lstm_gradient(&gradient, units.lowerBound, units.upperBound)
            }
        }
    }
}
