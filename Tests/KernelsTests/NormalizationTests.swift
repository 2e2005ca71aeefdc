import CSaccadeKernels
import Foundation
import Kernels
import Testing

/// What a normalization and its gradient give.
private struct Normalized: Equatable {
    var y: [Float], mean: [Float], inverseDeviation: [Float]
    var dx: [Float], dscale: [Float], dbias: [Float]

    init(elements: Int, statistics: Int, channels: Int) {
        y = Array(repeating: 77, count: elements)
        dx = y
        mean = Array(repeating: 77, count: statistics)
        inverseDeviation = mean
        dscale = Array(repeating: 77, count: channels)
        dbias = dscale
    }

    /// The greatest difference of each result, in its own units.
    func differences(from other: Normalized) -> [Float] {
        [
            (y, other.y), (mean, other.mean), (inverseDeviation, other.inverseDeviation), (dx, other.dx),
            (dscale, other.dscale), (dbias, other.dbias),
        ].map { a, b in
            let size = b.reduce(Float(1)) { max($0, abs($1)) }
            return zip(a, b).reduce(0) { max($0, abs($1.0 - $1.1)) } / size
        }
    }
}

@Suite struct NormalizationTests {
    static let supported = InstructionSet.allCases.filter(\.isSupported)
    private let epsilon: Float = 1e-5

    private struct Sample {
        var x: [Float], dy: [Float], scale: [Float], bias: [Float]

        init(_ elements: Int, _ channels: Int, mean: Float, seed: UInt64) {
            var numbers = Numbers(seed: seed)
            x = numbers.floats(elements).map { $0 * 1.7 + mean }
            dy = numbers.floats(elements)
            scale = numbers.floats(channels).map { $0 + 1.5 }
            bias = numbers.floats(channels)
        }
    }

    private func naive(
        _ sample: Sample, images: Int, pixels: Int, channels: Int, groups: Int, statistics: Normalized
    ) -> Normalized {
        var result = Normalized(elements: sample.x.count, statistics: images * groups, channels: channels)
        sk_normalize_naive(
            sample.x, sample.scale, sample.bias, epsilon, &result.y, &result.mean, &result.inverseDeviation, images,
            pixels, channels, groups)
        // The gradient goes by the statistics that the kernel found, rounded to floats as they are.
        sk_normalize_gradient_naive(
            sample.dy, sample.x, sample.scale, statistics.mean, statistics.inverseDeviation, &result.dx,
            &result.dscale, &result.dbias, images, pixels, channels, groups)
        return result
    }

    private func group(
        _ sample: Sample, images: Int, pixels: Int, channels: Int, groups: Int, _ instructionSet: InstructionSet,
        threads: Int
    ) -> Normalized {
        let kernel = GroupNormalizationKernel(
            images: images, pixels: pixels, channels: channels, groups: groups, epsilon: epsilon,
            instructionSet: instructionSet)
        let scratch = GuardedMemory(Array(repeating: Double.nan, count: kernel.scratchByteCount / 8))
        let x = GuardedMemory(sample.x)
        let dy = GuardedMemory(sample.dy)
        var result = Normalized(elements: sample.x.count, statistics: images * groups, channels: channels)
        kernel.run(
            input: x.start, scale: sample.scale, bias: sample.bias, output: &result.y, mean: &result.mean,
            inverseDeviation: &result.inverseDeviation, scratch: UnsafeMutableRawPointer(scratch.start),
            threads: threads)
        kernel.runGradient(
            outputGradient: dy.start, input: x.start, scale: sample.scale, mean: result.mean,
            inverseDeviation: result.inverseDeviation, inputGradient: &result.dx, scaleGradient: &result.dscale,
            biasGradient: &result.dbias, scratch: UnsafeMutableRawPointer(scratch.start), threads: threads)
        return result
    }

    /// Within the rounding of the results, whatever the mean; and equal bits whatever the threads.
    private func check(
        _ sample: Sample, images: Int, pixels: Int, channels: Int, groups: Int, _ instructionSet: InstructionSet,
        _ run: (Int) -> Normalized
    ) {
        let one = run(1)
        let expected = naive(
            sample, images: images, pixels: pixels, channels: channels, groups: groups, statistics: one)
        let differences = one.differences(from: expected)
        #expect(
            differences.allSatisfy { $0 <= 2e-6 },
            "\(images) × \(pixels) × \(channels) in \(groups): \(differences)")
        for threads in 2...3 { #expect(run(threads) == one, "\(threads) threads") }
    }

    @Test(arguments: supported) func groups(_ instructionSet: InstructionSet) {
        let shapes = [
            (1, 5, 1, 1), (2, 7, 3, 3), (3, 4, 6, 2), (2, 9, 16, 4), (2, 5, 17, 17), (1, 3, 33, 3), (2, 3, 48, 16),
            (70, 3, 4, 2), (2, 600, 130, 2), (1, 4000, 70, 70), (1, 9, 5000, 10),
        ]
        for (images, pixels, channels, groups) in shapes {
            for mean: Float in [0, 1000] {
                let sample = Sample(images * pixels * channels, channels, mean: mean, seed: 71)
                check(
                    sample, images: images, pixels: pixels, channels: channels, groups: groups, instructionSet
                ) {
                    group(
                        sample, images: images, pixels: pixels, channels: channels, groups: groups, instructionSet,
                        threads: $0)
                }
            }
        }
    }

    @Test(arguments: supported) func batch(_ instructionSet: InstructionSet) {
        for channels in [1, 4, 15, 16, 17, 31, 32, 33, 40] {
            let pixels = channels == 40 ? 5001 : 37
            let sample = Sample(pixels * channels, channels, mean: 2, seed: 72)
            let kernel = BatchNormalizationKernel(
                pixels: pixels, channels: channels, epsilon: epsilon, instructionSet: instructionSet)
            check(sample, images: 1, pixels: pixels, channels: channels, groups: channels, instructionSet) { threads in
                var result = Normalized(elements: pixels * channels, statistics: channels, channels: channels)
                var scratch = Array(repeating: Double.nan, count: kernel.scratchByteCount / 8)
                kernel.run(
                    input: sample.x, scale: sample.scale, bias: sample.bias, output: &result.y, mean: &result.mean,
                    inverseDeviation: &result.inverseDeviation, scratch: &scratch, threads: threads)
                kernel.runGradient(
                    outputGradient: sample.dy, input: sample.x, scale: sample.scale, mean: result.mean,
                    inverseDeviation: result.inverseDeviation, inputGradient: &result.dx,
                    scaleGradient: &result.dscale, biasGradient: &result.dbias, scratch: &scratch, threads: threads)
                return result
            }
        }
    }

    @Test(arguments: supported) func layers(_ instructionSet: InstructionSet) {
        for (rows, length) in lengthsAroundVectors.filter({ $0 > 0 }).map({ (5, $0) }) + [(3001, 70), (40, 4099)] {
            for mean: Float in [0, 1000] {
                let sample = Sample(rows * length, length, mean: mean, seed: 73)
                check(
                    sample, images: rows, pixels: 1, channels: length, groups: 1, instructionSet
                ) { layer(sample, rows: rows, length: length, instructionSet, threads: $0) }
            }
        }
    }

    private func layer(
        _ sample: Sample, rows: Int, length: Int, _ instructionSet: InstructionSet, threads: Int
    ) -> Normalized {
        let kernel = LayerNormalizationKernel(
            rows: rows, length: length, epsilon: epsilon, instructionSet: instructionSet)
        let scratch = GuardedMemory(Array(repeating: Double.nan, count: kernel.scratchByteCount / 8))
        let x = GuardedMemory(sample.x)
        let dy = GuardedMemory(sample.dy)
        var result = Normalized(elements: rows * length, statistics: rows, channels: length)
        kernel.run(
            input: x.start, scale: sample.scale, bias: sample.bias, output: &result.y, mean: &result.mean,
            inverseDeviation: &result.inverseDeviation, threads: threads)
        kernel.runGradient(
            outputGradient: dy.start, input: x.start, scale: sample.scale, mean: result.mean,
            inverseDeviation: result.inverseDeviation, inputGradient: &result.dx, scaleGradient: &result.dscale,
            biasGradient: &result.dbias, scratch: UnsafeMutableRawPointer(scratch.start), threads: threads)
        return result
    }

    /// Missing scales are 1, missing biases 0; results may lie over what they are made of.
    @Test(arguments: supported) func defaultsAndPlaces(_ instructionSet: InstructionSet) {
        let (rows, length) = (6, 21)
        var sample = Sample(rows * length, length, mean: 1, seed: 74)
        sample.scale = Array(repeating: 1, count: length)
        sample.bias = Array(repeating: 0, count: length)
        let expected = layer(sample, rows: rows, length: length, instructionSet, threads: 1)
        let kernel = LayerNormalizationKernel(
            rows: rows, length: length, epsilon: epsilon, instructionSet: instructionSet)
        var y = sample.x
        var (mean, inverse) = (expected.mean, expected.inverseDeviation)
        y.withUnsafeMutableBufferPointer { y in
            guard let y = y.baseAddress else { return }
            kernel.run(
                input: y, scale: nil, bias: nil, output: y, mean: &mean, inverseDeviation: &inverse, threads: 1)
        }
        #expect(y == expected.y && mean == expected.mean)
        var dx = sample.dy
        var scratch = Array(repeating: Double.nan, count: kernel.scratchByteCount / 8)
        dx.withUnsafeMutableBufferPointer { dx in
            guard let dx = dx.baseAddress else { return }
            kernel.runGradient(
                outputGradient: dx, input: sample.x, scale: nil, mean: mean, inverseDeviation: inverse,
                inputGradient: dx, scaleGradient: nil, biasGradient: nil, scratch: &scratch, threads: 1)
        }
        #expect(dx == expected.dx)

        let batch = BatchNormalizationKernel(
            pixels: rows, channels: length, epsilon: epsilon, instructionSet: instructionSet)
        let full = group(
            sample, images: 1, pixels: rows, channels: length, groups: length, instructionSet, threads: 1)
        (mean, inverse) = (full.mean, full.inverseDeviation)
        dx = sample.dy
        scratch = Array(repeating: Double.nan, count: batch.scratchByteCount / 8)
        var dbias = full.dbias
        dx.withUnsafeMutableBufferPointer { dx in
            guard let dx = dx.baseAddress else { return }
            batch.runGradient(
                outputGradient: dx, input: sample.x, scale: nil, mean: mean, inverseDeviation: inverse,
                inputGradient: dx, scaleGradient: nil, biasGradient: &dbias, scratch: &scratch, threads: 1)
        }
        #expect(dx == full.dx && dbias == full.dbias)
    }

    /// A channel without deviation gives the bias, whatever its level.
    @Test(arguments: supported) func constants(_ instructionSet: InstructionSet) {
        var sample = Sample(64 * 20, 20, mean: 0, seed: 75)
        for index in sample.x.indices { sample.x[index] = 3.1e4 + Float(index % 20) / 3 }
        let result = group(sample, images: 1, pixels: 64, channels: 20, groups: 20, instructionSet, threads: 1)
        for (index, y) in result.y.enumerated() { #expect(abs(y - sample.bias[index % 20]) < 1e-3) }
    }
}
