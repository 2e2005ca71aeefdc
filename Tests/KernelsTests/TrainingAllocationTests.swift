import CAllocationCounter
import Kernels
import Tensors
import Testing

/// Kernels that a training step runs take nothing from the heap.
@Suite struct TrainingAllocationTests {
    private func allocations(_ body: () -> Void) -> Int {
        // What is made once, and the team's threads.
        body()
        allocation_counter_begin(0)
        body()
        return allocation_counter_end()
    }

    @Test(arguments: [1, 2]) func indexingAndDropout(threads: Int) {
        let x = Array(repeating: Float(1), count: 1 << 17)
        let indices = (0..<512).map { Int64($0 % 7) }
        var y = x
        let gather = GatherKernel(outer: 1, extent: 512, inner: 256, count: 512, elementSize: 4, indexType: .int64)
        let scatter = ScatterAddKernel(
            outer: 1, extent: 512, inner: 256, count: 512, indexType: .int64, instructionSet: .best)
        let dropout = DropoutKernel(probability: 0.5, instructionSet: .best)
        let count = allocations {
            _ = gather.run(input: x, indices: indices, output: &y, threads: threads)
            _ = scatter.run(gradient: x, indices: indices, output: &y, threads: threads)
            dropout.run(count: x.count, input: x, output: &y, seed: 1, stream: 2, threads: threads)
        }
        #expect(count == 0)
    }

    @Test(arguments: [1, 2]) func images(threads: Int) throws {
        let input = try Shape([2, 16, 16, 32])
        let output = try Shape([2, 8, 8, 32])
        let window = WindowExtent(kernel: 2, stride: 2)
        let x = Array(repeating: Float(1), count: input.count)
        var dx = x
        let greatest = MaxPoolingKernel(
            input: input, inputPixelStride: 32, output: output, outputPixelStride: 32, rows: window, columns: window,
            instructionSet: .best)
        let mean = AveragePoolingKernel(
            input: input, inputPixelStride: 32, output: output, outputPixelStride: 32, rows: window, columns: window,
            countsPadding: true, instructionSet: .best)
        let border = TakeGradientKernel(
            input: output, sources: [[0, 1], [0] + Array(0..<8) + [7], [1] + Array(0..<8) + [6], Array(0..<32)],
            instructionSet: .best)
        let count = allocations {
            greatest.runGradient(input: x, gradient: x, to: &dx, threads: threads)
            mean.run(input: x, output: &dx, threads: threads)
            mean.runGradient(gradient: x, to: &dx, threads: threads)
            border.run(gradient: x, to: &dx, threads: threads)
        }
        #expect(count == 0)
    }

    @Test(arguments: [1, 2]) func recurrence(threads: Int) {
        let shape = RecurrentShape(steps: 3, batch: 8, input: 40, hidden: 130, direction: .bidirectional)
        let floats = UnsafeMutablePointer<Float>.allocate(capacity: 1 << 19)
        defer { floats.deallocate() }
        floats.initialize(repeating: 0, count: 1 << 19)
        let lstm = LSTMKernel(shape, instructionSet: .best)
        let bytes = [lstm.scratchByteCount, lstm.gradientScratchByteCount, lstm.reserveByteCount]
        let memory = bytes.map { UnsafeMutableRawPointer.allocate(byteCount: $0, alignment: 64) }
        let result = UnsafeMutablePointer<Float>.allocate(capacity: 1 << 19)
        defer {
            for place in memory { place.deallocate() }
            result.deallocate()
        }
        for cell in RecurrentCase.Cell.allCases {
            let gru = GRUKernel(shape, linearBeforeReset: cell == .gru, instructionSet: .best)
            let operands = RecurrentOperands(x: floats, w: floats, r: floats, bias: floats)
            let gradients = RecurrentResultGradients(y: floats)
            let count = allocations {
                let results = RecurrentResults(y: result, reserve: memory[2])
                let operandGradients = RecurrentOperandGradients(w: result)
                if cell == .lstm {
                    lstm.run(operands, to: results, scratch: memory[0], threads: threads)
                    lstm.runGradient(
                        operands, reserve: memory[2], gradients: gradients, to: operandGradients, scratch: memory[1],
                        threads: threads)
                } else if gru.scratchByteCount <= bytes[0], gru.gradientScratchByteCount <= bytes[1] {
                    gru.run(operands, to: results, scratch: memory[0], threads: threads)
                    gru.runGradient(
                        operands, reserve: memory[2], gradients: gradients, to: operandGradients, scratch: memory[1],
                        threads: threads)
                } else {
                    Issue.record("a GRU needs more than an LSTM")
                }
            }
            #expect(count == 0, "\(cell)")
        }
    }
}
