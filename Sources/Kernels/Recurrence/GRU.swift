import CSaccadeKernels

/// A layer of gated recurrent units (Cho et al., 2014) with the semantics and layouts of ONNX's GRU (opset 14): default
/// activations, gates in the order z r h, no clipping. The cell's formulas are in `recurrent_f32.h`. The result does not
/// depend on `threads`.
package struct GRUKernel: Sendable {
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
            for number in 0..<pass.steps {
                step(pass.step(number), pass, packed, operands, results, direction, threads: layer.stepThreads(threads))
            }
            layer.writeState(pass.hidden + pass.end, direction: direction, to: results.lastHidden)
        }
    }

    private func step(
        _ step: Int, _ pass: RecurrentLayer.Pass, _ packed: UnsafePointer<Float>, _ operands: RecurrentOperands,
        _ results: RecurrentResults, _ direction: Int, threads: Int
    ) {
        let hidden = layer.shape.hidden
        let gates = pass.gates + step * pass.stepGates
        let forward = sk_recurrent_forward(
            s: layer.step(step, operands, direction: direction, resetsProduct: resetsProduct), gates: gates,
            h_before: pass.hidden + pass.before(step), h_after: pass.hidden + pass.after(step), c_before: nil,
            c_after: nil, y: results.y.map { $0 + layer.resultOffset(step: step, direction: direction) })
        let content = packed + 2 * stepProduct.packedCount
        parallelFor(layer.blockCount, threads: threads) { block in
            let units = layer.units(block)
            for gate in 0..<2 {
                stepProduct.run(
                    forward.h_before, stride: hidden, packed: packed + gate * stepProduct.packedCount,
                    to: gates + gate * hidden, stride: 4 * hidden, adds: true, columns: units)
            }
            var forward = forward
            if resetsProduct {
                // By itself, since r has yet to multiply it.
                stepProduct.run(
                    forward.h_before, stride: hidden, packed: content, to: gates + 3 * hidden, stride: 4 * hidden,
                    adds: false, columns: units)
                layer.kernel.pointee.gru(&forward, units.lowerBound, units.upperBound)
            } else {
                layer.kernel.pointee.gru_reset(&forward, units.lowerBound, units.upperBound)
            }
        }
        guard !resetsProduct else { return }
        parallelFor(layer.blockCount, threads: threads) { block in
            let units = layer.units(block)
            stepProduct.run(
                gates + 3 * hidden, stride: 4 * hidden, packed: content, to: gates + 2 * hidden, stride: 4 * hidden,
                adds: true, columns: units)
            var forward = forward
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
        for direction in 0..<shape.direction.count {
            // The reserve is read alone.
            let pass = layer.pass(
                direction, reserve: UnsafeMutableRawPointer(mutating: reserve).assumingMemoryBound(to: Float.self),
                scratch: dgates)
            layer.copyState(gradients.lastHidden, direction: direction, to: dhidden)
            let dbias = results.bias.map { $0 + direction * layer.biasCount }
            dbias?.update(repeating: 0, count: layer.biasCount)
            let r = operands.r + direction * layer.recurrenceCount
            gateGradient.pack(r, into: packed, threads: threads)
            contentGradient.pack(
                r + 2 * hidden * hidden, into: packed + gateGradient.packedCount, threads: threads)
            stepsBack(
                pass, packed, operands, gradients, dgates, dhidden, dbias, direction,
                threads: layer.stepThreads(threads))
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

    /// From the last step to the first: dG of every step, and the gradient of the state before the first one.
    private func stepsBack(
        _ pass: RecurrentLayer.Pass, _ packed: UnsafePointer<Float>, _ operands: RecurrentOperands,
        _ gradients: RecurrentResultGradients, _ dgates: UnsafeMutablePointer<Float>,
        _ dhidden: UnsafeMutablePointer<Float>, _ dbias: UnsafeMutablePointer<Float>?, _ direction: Int, threads: Int
    ) {
        let hidden = layer.shape.hidden
        let packedContent = packed + gateGradient.packedCount
        // Threads meet between a step's gates and the product that takes them all.
        for number in (-1..<pass.steps).reversed() {
            parallelFor(layer.blockCount, threads: threads) { block in
                let units = layer.units(block)
                if number + 1 < pass.steps {
                    let later = dgates + pass.step(number + 1) * pass.stepGates
                    gateGradient.run(
                        later, stride: 4 * hidden, packed: packed, to: dhidden, stride: hidden, adds: true,
                        columns: units)
                    if resetsProduct {
                        contentGradient.run(
                            later + 3 * hidden, stride: 4 * hidden, packed: packedContent, to: dhidden, stride: hidden,
                            adds: true, columns: units)
                    }
                }
                guard number >= 0 else { return }
                var gradient = gradient(pass.step(number), pass, operands, gradients, dgates, dhidden, dbias, direction)
                layer.kernel.pointee.gru_gradient(&gradient, units.lowerBound, units.upperBound)
            }
            guard !resetsProduct, number >= 0 else { continue }
            parallelFor(layer.blockCount, threads: threads) { block in
                let units = layer.units(block)
                var gradient = gradient(pass.step(number), pass, operands, gradients, dgates, dhidden, dbias, direction)
                contentGradient.run(
                    gradient.dgates + 2 * hidden, stride: 4 * hidden, packed: packedContent,
                    to: gradient.dgates + 3 * hidden, stride: 4 * hidden, adds: false, columns: units)
                layer.kernel.pointee.gru_reset_gradient(&gradient, units.lowerBound, units.upperBound)
            }
        }
    }

    private func gradient(
        _ step: Int, _ pass: RecurrentLayer.Pass, _ operands: RecurrentOperands, _ gradients: RecurrentResultGradients,
        _ dgates: UnsafeMutablePointer<Float>, _ dhidden: UnsafeMutablePointer<Float>,
        _ dbias: UnsafeMutablePointer<Float>?, _ direction: Int
    ) -> sk_recurrent_gradient {
        sk_recurrent_gradient(
            s: layer.step(step, operands, direction: direction, resetsProduct: resetsProduct),
            gates: pass.gates + step * pass.stepGates, h_before: pass.hidden + pass.before(step), c_before: nil,
            c_after: nil, dy: gradients.y.map { $0 + layer.resultOffset(step: step, direction: direction) },
            dh: dhidden, dc: nil, dgates: dgates + step * pass.stepGates, dbias: dbias)
    }
}
