import CSaccadeKernels

/// A layer of gated recurrent units (Cho et al., 2014) with the semantics and layouts of ONNX's GRU (opset 14): default
/// activations, gates in the order z r h, no clipping. The cell's formulas are in `recurrent_f32.h`. The result does not
/// depend on `threads`.
package struct GRUKernel: Sendable {
    private let layer: RecurrentLayer
    private let resetsProduct: Bool

    /// `linearBeforeReset`: the reset gate multiplies the product with R, as in PyTorch, and not the state before it.
    package init(_ shape: RecurrentShape, linearBeforeReset: Bool, instructionSet: InstructionSet) {
        layer = RecurrentLayer(
            kernel: sk_recurrent_f32_choose(instructionSet.code), shape: shape, gateCount: 3, hasCells: false)
        resetsProduct = linearBeforeReset
    }

    /// What `run` leaves for `runGradient` when it is given a reserve: activated gates and states of every step.
    package var reserveByteCount: Int { layer.reserveCount * MemoryLayout<Float>.stride }
    package var scratchByteCount: Int { layer.scratchCount * MemoryLayout<Float>.stride }
    package var gradientScratchByteCount: Int { layer.gradientScratchCount * MemoryLayout<Float>.stride }

    /// The cells of operands and results are not touched.
    package func run(
        _ operands: RecurrentOperands, to results: RecurrentResults, scratch: UnsafeMutableRawPointer, threads: Int
    ) {
        for direction in 0..<layer.shape.direction.count {
            let pass = layer.pass(
                direction, reserve: results.reserve?.assumingMemoryBound(to: Float.self),
                scratch: scratch.assumingMemoryBound(to: Float.self))
            layer.copyState(operands.initialHidden, direction: direction, to: pass.hidden + pass.start)
            layer.multiplyInput(
                operands.x, operands.w + direction * layer.weightCount, to: pass.gates, threads: threads)
            for number in 0..<pass.steps {
                step(pass.step(number), pass, operands, results, direction, threads: layer.stepThreads(threads))
            }
            layer.writeState(pass.hidden + pass.end, direction: direction, to: results.lastHidden)
        }
    }

    private func step(
        _ step: Int, _ pass: RecurrentLayer.Pass, _ operands: RecurrentOperands, _ results: RecurrentResults,
        _ direction: Int, threads: Int
    ) {
        let hidden = layer.shape.hidden
        let gates = pass.gates + step * pass.stepGates
        let forward = sk_recurrent_forward(
            s: layer.step(step, operands, direction: direction, resetsProduct: resetsProduct), gates: gates,
            h_before: pass.hidden + pass.before(step), h_after: pass.hidden + pass.after(step), c_before: nil,
            c_after: nil, y: results.y.map { $0 + layer.resultOffset(step: step, direction: direction) })
        let r = operands.r + direction * layer.recurrenceCount
        let product = layer.stepProduct(aStride: hidden)
        parallelFor(layer.blockCount, threads: threads) { block in
            let units = layer.units(block)
            for gate in 0..<(resetsProduct ? 3 : 2) {
                let first = gate * hidden + units.lowerBound
                // The product with R of the state's content goes to the fourth section, by itself.
                product.run(
                    forward.h_before, r + first * hidden, to: gates + (gate == 2 ? first + hidden : first),
                    adds: gate < 2, columns: units.count)
            }
            var forward = forward
            if resetsProduct {
                layer.kernel.pointee.gru(&forward, units.lowerBound, units.upperBound)
            } else {
                layer.kernel.pointee.gru_reset(&forward, units.lowerBound, units.upperBound)
            }
        }
        guard !resetsProduct else { return }
        let touched = layer.stepProduct(aStride: 4 * hidden)
        parallelFor(layer.blockCount, threads: threads) { block in
            let units = layer.units(block)
            let first = 2 * hidden + units.lowerBound
            touched.run(gates + 3 * hidden, r + first * hidden, to: gates + first, adds: true, columns: units.count)
            var forward = forward
            layer.kernel.pointee.gru(&forward, units.lowerBound, units.upperBound)
        }
    }

    /// The gradients of the operands that `run` was given with this `reserve`.
    package func runGradient(
        _ operands: RecurrentOperands, reserve: UnsafeRawPointer, gradients: RecurrentResultGradients,
        to results: RecurrentOperandGradients, scratch: UnsafeMutableRawPointer, threads: Int
    ) {
        let shape = layer.shape
        let hidden = shape.hidden
        let dgates = scratch.assumingMemoryBound(to: Float.self)
        let dhidden = dgates + shape.gates
        for direction in 0..<shape.direction.count {
            // The reserve is read alone.
            let pass = layer.pass(
                direction, reserve: UnsafeMutableRawPointer(mutating: reserve).assumingMemoryBound(to: Float.self),
                scratch: dgates)
            layer.copyState(gradients.lastHidden, direction: direction, to: dhidden)
            let dbias = results.bias.map { $0 + direction * layer.biasCount }
            dbias?.update(repeating: 0, count: layer.biasCount)
            stepsBack(
                pass, operands, gradients, dgates, dhidden, dbias, direction, threads: layer.stepThreads(threads))
            layer.writeState(dhidden, direction: direction, to: results.initialHidden)
            if let dx = results.x {
                layer.multiplyInputGradient(
                    dgates, operands.w + direction * layer.weightCount, to: dx, direction: direction, threads: threads)
            }
            if let dw = results.w {
                layer.multiplyWeightGradient(
                    dgates, sections: 3, by: operands.x, rowStride: shape.input, rowLength: shape.input,
                    to: dw + direction * layer.weightCount, threads: threads)
            }
            if let dr = results.r {
                let dr = dr + direction * layer.recurrenceCount
                layer.multiplyWeightGradient(
                    dgates, sections: 2, by: pass.allBefore, rowStride: hidden, rowLength: hidden, to: dr,
                    threads: threads)
                // The content's product was taken of the state, or of what the reset gate had left of it.
                layer.multiplyWeightGradient(
                    dgates + (resetsProduct ? 3 : 2) * hidden, sections: 1,
                    by: resetsProduct ? pass.allBefore : pass.gates + 3 * hidden,
                    rowStride: resetsProduct ? hidden : 4 * hidden, rowLength: hidden,
                    to: dr + 2 * hidden * hidden, threads: threads)
            }
        }
    }

    /// From the last step to the first: dG of every step, and the gradient of the state before the first one.
    private func stepsBack(
        _ pass: RecurrentLayer.Pass, _ operands: RecurrentOperands, _ gradients: RecurrentResultGradients,
        _ dgates: UnsafeMutablePointer<Float>, _ dhidden: UnsafeMutablePointer<Float>,
        _ dbias: UnsafeMutablePointer<Float>?, _ direction: Int, threads: Int
    ) {
        let hidden = layer.shape.hidden
        let r = operands.r + direction * layer.recurrenceCount
        let contentRows = r + 2 * hidden * hidden
        let gateProduct = layer.stepGradientProduct(gates: 2, cStride: hidden)
        let contentProduct = layer.stepGradientProduct(gates: 1, cStride: hidden)
        let touchedProduct = layer.stepGradientProduct(gates: 1, cStride: 4 * hidden)
        // Threads meet between a step's gates and the product that takes them all.
        for number in (-1..<pass.steps).reversed() {
            parallelFor(layer.blockCount, threads: threads) { block in
                let units = layer.units(block)
                if number + 1 < pass.steps {
                    let later = dgates + pass.step(number + 1) * pass.stepGates
                    let to = dhidden + units.lowerBound
                    gateProduct.run(later, r + units.lowerBound, to: to, adds: true, columns: units.count)
                    if resetsProduct {
                        contentProduct.run(
                            later + 3 * hidden, contentRows + units.lowerBound, to: to, adds: true,
                            columns: units.count)
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
                touchedProduct.run(
                    gradient.dgates + 2 * hidden, contentRows + units.lowerBound,
                    to: gradient.dgates + 3 * hidden + units.lowerBound, adds: false, columns: units.count)
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
