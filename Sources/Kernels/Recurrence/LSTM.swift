import CSaccadeKernels

/// A layer of long short-term memory (Hochreiter and Schmidhuber, 1997) with the semantics and layouts of ONNX's LSTM
/// (opset 14): default activations, gates in the order i o f c, no peepholes, no clipping. The cell's formulas are in
/// `recurrent_f32.h`. The result does not depend on `threads`.
package struct LSTMKernel: Sendable {
    private let layer: RecurrentLayer

    package init(_ shape: RecurrentShape, instructionSet: InstructionSet) {
        layer = RecurrentLayer(
            kernel: sk_recurrent_f32_choose(instructionSet.code), shape: shape, gateCount: 4, hasCells: true)
    }

    /// What `run` leaves for `runGradient` when it is given a reserve: activated gates and states of every step.
    package var reserveByteCount: Int { layer.reserveCount * MemoryLayout<Float>.stride }
    package var scratchByteCount: Int { layer.scratchCount * MemoryLayout<Float>.stride }
    package var gradientScratchByteCount: Int { layer.gradientScratchCount * MemoryLayout<Float>.stride }

    package func run(
        _ operands: RecurrentOperands, to results: RecurrentResults, scratch: UnsafeMutableRawPointer, threads: Int
    ) {
        for direction in 0..<layer.shape.direction.count {
            let pass = layer.pass(
                direction, reserve: results.reserve?.assumingMemoryBound(to: Float.self),
                scratch: scratch.assumingMemoryBound(to: Float.self))
            guard let cells = pass.cells else { return }
            layer.copyState(operands.initialHidden, direction: direction, to: pass.hidden + pass.start)
            layer.copyState(operands.initialCell, direction: direction, to: cells + pass.start)
            layer.multiplyInput(
                operands.x, operands.w + direction * layer.weightCount, to: pass.gates, threads: threads)
            for number in 0..<pass.steps {
                step(pass.step(number), pass, cells, operands, results, direction, threads)
            }
            layer.writeState(pass.hidden + pass.end, direction: direction, to: results.lastHidden)
            layer.writeState(cells + pass.end, direction: direction, to: results.lastCell)
        }
    }

    private func step(
        _ step: Int, _ pass: RecurrentLayer.Pass, _ cells: UnsafeMutablePointer<Float>, _ operands: RecurrentOperands,
        _ results: RecurrentResults, _ direction: Int, _ threads: Int
    ) {
        let hidden = layer.shape.hidden
        let before = pass.before(step)
        let after = pass.after(step)
        let gates = pass.gates + step * pass.stepGates
        let r = operands.r + direction * layer.recurrenceCount
        let product = layer.stepProduct(aStride: hidden)
        parallelFor(layer.blockCount, threads: layer.stepThreads(threads)) { block in
            let units = layer.units(block)
            for gate in 0..<4 {
                let first = gate * hidden + units.lowerBound
                product.run(
                    pass.hidden + before, r + first * hidden, to: gates + first, adds: true, columns: units.count)
            }
            var forward = sk_recurrent_forward(
                s: layer.step(step, operands, direction: direction, resetsProduct: false), gates: gates,
                h_before: pass.hidden + before, h_after: pass.hidden + after, c_before: cells + before,
                c_after: cells + after,
                y: results.y.map { $0 + layer.resultOffset(step: step, direction: direction) })
            layer.kernel.pointee.lstm(&forward, units.lowerBound, units.upperBound)
        }
    }

    /// The gradients of the operands that `run` was given with this `reserve`.
    package func runGradient(
        _ operands: RecurrentOperands, reserve: UnsafeRawPointer, gradients: RecurrentResultGradients,
        to results: RecurrentOperandGradients, scratch: UnsafeMutableRawPointer, threads: Int
    ) {
        let shape = layer.shape
        let dgates = scratch.assumingMemoryBound(to: Float.self)
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
            stepsBack(pass, cells, operands, gradients, dgates, dhidden, dcell, dbias, direction, threads)
            layer.writeState(dhidden, direction: direction, to: results.initialHidden)
            layer.writeState(dcell, direction: direction, to: results.initialCell)
            if let dx = results.x {
                layer.multiplyInputGradient(
                    dgates, operands.w + direction * layer.weightCount, to: dx, direction: direction, threads: threads)
            }
            if let dw = results.w {
                layer.multiplyWeightGradient(
                    dgates, sections: 4, by: operands.x, rowStride: shape.input, rowLength: shape.input,
                    to: dw + direction * layer.weightCount, threads: threads)
            }
            if let dr = results.r {
                layer.multiplyWeightGradient(
                    dgates, sections: 4, by: pass.allBefore, rowStride: shape.hidden, rowLength: shape.hidden,
                    to: dr + direction * layer.recurrenceCount, threads: threads)
            }
        }
    }

    /// From the last step to the first: dG of every step, and the gradients of the state before the first one.
    private func stepsBack(
        _ pass: RecurrentLayer.Pass, _ cells: UnsafePointer<Float>, _ operands: RecurrentOperands,
        _ gradients: RecurrentResultGradients, _ dgates: UnsafeMutablePointer<Float>,
        _ dhidden: UnsafeMutablePointer<Float>, _ dcell: UnsafeMutablePointer<Float>,
        _ dbias: UnsafeMutablePointer<Float>?, _ direction: Int, _ threads: Int
    ) {
        let product = layer.stepGradientProduct(gates: 4, cStride: layer.shape.hidden)
        let r = operands.r + direction * layer.recurrenceCount
        // Threads meet between a step's gates and the product that takes them all.
        for number in (-1..<pass.steps).reversed() {
            parallelFor(layer.blockCount, threads: layer.stepThreads(threads)) { block in
                let units = layer.units(block)
                if number + 1 < pass.steps {
                    product.run(
                        dgates + pass.step(number + 1) * pass.stepGates, r + units.lowerBound,
                        to: dhidden + units.lowerBound, adds: true, columns: units.count)
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
