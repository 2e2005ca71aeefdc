import Foundation
import Testing
import Training

/// A training that is cut in two and resumed from a file goes on bit for bit.
@Suite struct OptimizerStateTests {
    static let methods: [OptimizerMethod] = [
        .sgd(), .sgd(momentum: 0.9, nesterov: true), .rmsProp(momentum: 0.5, isCentred: true), .rmsProp(), .adam(),
        .adamW(),
    ]

    private final class Run {
        var weights: [Float]
        var optimizer: Optimizer
        var average: WeightAverage

        init(_ method: OptimizerMethod, start: [Float]) throws {
            weights = start
            optimizer = try Optimizer(method, parameterCount: start.count)
            average = try WeightAverage(of: start, count: start.count)
        }

        func train(_ steps: Range<Int>) throws {
            for step in steps {
                var numbers = Numbers(seed: UInt64(step))
                let gradients = zip(numbers.floats(weights.count), weights).map { $0 + $1 }
                try optimizer.step(parameters: &weights, gradients: gradients, rate: 0.01)
                average.update(from: weights)
            }
        }
    }

    @Test(arguments: methods) func resumingIsExact(_ method: OptimizerMethod) throws {
        let folder = try TemporaryFolder()
        let path = folder.path + "/state.safetensors"
        var numbers = Numbers(seed: 77)
        let start = numbers.floats(1003)
        let whole = try Run(method, start: start)
        try whole.train(0..<20)
        let first = try Run(method, start: start)
        try first.train(0..<7)
        let (metadata, averaged) = (first.optimizer.metadata, first.average.metadata)
        let states = first.optimizer.stateTensors + first.average.stateTensors
        try first.weights.withUnsafeBufferPointer { weights in
            try CheckpointFile.write(
                path, tensors: states + [CheckpointTensor("weights", weights)],
                metadata: metadata.merging(averaged) { $1 })
        }
        let file = try CheckpointFile(path)
        let second = try Run(method, start: numbers.floats(1003))
        try second.weights.withUnsafeMutableBufferPointer { try file.copy("weights", into: $0) }
        try second.optimizer.restore(from: file)
        try second.average.restore(from: file)
        #expect(second.optimizer.stepCount == 7 && second.average.updateCount == 7)
        try second.train(7..<20)
        #expect(bitsAreEqual(second.weights, whole.weights))
        for index in 0..<1003 { #expect(second.average.values[index] == whole.average.values[index]) }
        _ = first.optimizer.stepCount
    }

    @Test func anotherOptimizersStateIsRefused() throws {
        let folder = try TemporaryFolder()
        let path = folder.path + "/state.safetensors"
        var adam = try Optimizer(.adam(), parameterCount: 10)
        try CheckpointFile.write(path, tensors: adam.stateTensors, metadata: adam.metadata)
        let file = try CheckpointFile(path)
        var sgd = try Optimizer(.sgd(momentum: 0.9), parameterCount: 10)
        var larger = try Optimizer(.adam(), parameterCount: 11)
        let errors = [
            #expect(throws: TrainingFileError.self) { try sgd.restore(from: file) },
            #expect(throws: TrainingFileError.self) { try larger.restore(from: file) },
        ]
        for error in errors { #expect(error?.kind == .mismatch) }
        try adam.restore(from: file)
    }
}
