import CSaccadeKernels

/// Group normalization, channels last (Wu and He 2018): each of `groups` equal parts of an image's channels is brought
/// to mean 0 and deviation 1 over its pixels and channels, y = (x - mean) · inverseDeviation · scale + bias with
/// inverseDeviation = 1 / √(variance + ε). As many groups as channels make instance normalization.
///
/// x, y: images × pixels × channels; scale, bias: channels; mean, inverseDeviation: images × groups. Sums are doubles:
/// a mean that is 1000 times the deviation costs y no digit.
package struct GroupNormalizationKernel: @unchecked Sendable {
    // Sendable: the kernels are constants of the C module.
    private let kernel: UnsafePointer<sk_normalize_f32_kernel>
    private let reduction: UnsafePointer<sk_reduce_f32_kernel>
    private let images: Int
    private let pixels: Int
    private let channels: Int
    private let groups: Int
    private let epsilon: Double
    /// An image's pixels are summed in chunks, which depend on the shape alone.
    private let chunk: Int
    private let chunks: Int

    /// - Parameter groups: a divisor of `channels`.
    package init(
        images: Int, pixels: Int, channels: Int, groups: Int, epsilon: Float, instructionSet: InstructionSet
    ) {
        precondition(groups > 0 && channels % groups == 0, "\(channels) channels in \(groups) groups")
        kernel = sk_normalize_f32_choose(instructionSet.code)
        reduction = sk_reduce_f32_choose(instructionSet.code)
        (self.images, self.pixels, self.channels, self.groups) = (images, pixels, channels, groups)
        self.epsilon = Double(epsilon)
        let most = images >= 64 ? 1 : min(64, pixels * channels / 32768, pixels / 64)
        chunk = max(1, (pixels + max(most, 1) - 1) / max(most, 1))
        chunks = pixels == 0 ? 0 : (pixels - 1) / chunk + 1
    }

    /// Bytes of scratch that a run needs, either way.
    package var scratchByteCount: Int {
        images * channels * (2 * (chunks + 1) * MemoryLayout<Double>.stride + 4 * MemoryLayout<Float>.stride)
    }

    /// Normalizes, and returns the statistics in `mean` and `inverseDeviation`.
    ///
    /// - Parameters:
    ///   - scale: 1 where it is nil; so `bias` is 0.
    ///   - output: may be `input`.
    ///   - scratch: `scratchByteCount` bytes, aligned as doubles are.
    package func run(
        input: UnsafePointer<Float>, scale: UnsafePointer<Float>?, bias: UnsafePointer<Float>?,
        output: UnsafeMutablePointer<Float>, mean: UnsafeMutablePointer<Float>,
        inverseDeviation: UnsafeMutablePointer<Float>, scratch: UnsafeMutableRawPointer, threads: Int
    ) {
        guard images * pixels * channels > 0 else { return }
        let (totals, coefficients) = sum(input, input, scratch, threads)
        let size = channels / groups
        parallelFor(images, threads: threads) { image in
            let sums = totals + image * 2 * channels
            let centers = coefficients + image * 4 * channels
            for group in 0..<groups {
                var (sum, squares) = (0.0, 0.0)
                for channel in group * size..<(group + 1) * size {
                    sum += sums[channel]
                    squares += sums[channels + channel]
                }
                let middle = sum / Double(pixels * size)
                let variance = squares / Double(pixels * size) - middle * middle
                // NaN stays NaN.
                let inverse = 1 / ((variance < 0 ? 0 : variance) + epsilon).squareRoot()
                mean[image * groups + group] = Float(middle)
                inverseDeviation[image * groups + group] = Float(inverse)
                for channel in group * size..<(group + 1) * size {
                    let factor = inverse * Double(scale?[channel] ?? 1)
                    centers[channel] = Float(middle)
                    centers[channels + channel] = Float(factor)
                    // What the mean loses as a float would show where it is large beside the deviation.
                    let rest = middle - Double(Float(middle))
                    centers[2 * channels + channel] = Float(Double(bias?[channel] ?? 0) - rest * factor)
                }
            }
        }
        forChunks(threads) { image, first, count in
            let centers = coefficients + image * 4 * channels
            kernel.pointee.columns(
                input + first, centers, centers + channels, centers + 2 * channels, output + first, count, channels)
        }
    }

    /// The gradient. With g = dy · scale, z = (x - mean) · inverseDeviation and ⟨⟩ the mean over a group:
    /// dx = inverseDeviation · (g - ⟨g⟩ - z · ⟨g·z⟩), dscale = Σ dy·z, dbias = Σ dy over images and pixels.
    ///
    /// - Parameters:
    ///   - inputGradient: may be `outputGradient` or `input`.
    ///   - scratch: `scratchByteCount` bytes, aligned as doubles are.
    package func runGradient(
        outputGradient: UnsafePointer<Float>, input: UnsafePointer<Float>, scale: UnsafePointer<Float>?,
        mean: UnsafePointer<Float>, inverseDeviation: UnsafePointer<Float>,
        inputGradient: UnsafeMutablePointer<Float>, scaleGradient: UnsafeMutablePointer<Float>?,
        biasGradient: UnsafeMutablePointer<Float>?, scratch: UnsafeMutableRawPointer, threads: Int
    ) {
        guard images * pixels * channels > 0 else {
            scaleGradient?.update(repeating: 0, count: channels)
            biasGradient?.update(repeating: 0, count: channels)
            return
        }
        let (totals, coefficients) = sum(outputGradient, input, scratch, threads)
        let size = channels / groups
        parallelFor(images, threads: threads) { image in
            let sums = totals + image * 2 * channels
            let centers = coefficients + image * 4 * channels
            for group in 0..<groups {
                let middle = Double(mean[image * groups + group])
                let inverse = Double(inverseDeviation[image * groups + group])
                var (level, tilt) = (0.0, 0.0)
                for channel in group * size..<(group + 1) * size {
                    // Σ dy·x becomes Σ dy·z.
                    sums[channels + channel] = (sums[channels + channel] - middle * sums[channel]) * inverse
                    level += sums[channel] * Double(scale?[channel] ?? 1)
                    tilt += sums[channels + channel] * Double(scale?[channel] ?? 1)
                }
                level /= Double(pixels * size)
                tilt /= Double(pixels * size)
                for channel in group * size..<(group + 1) * size {
                    centers[channel] = Float(middle)
                    centers[channels + channel] = Float(inverse * Double(scale?[channel] ?? 1))
                    centers[2 * channels + channel] = Float(inverse * inverse * tilt)
                    centers[3 * channels + channel] = Float(inverse * level)
                }
            }
        }
        for channel in 0..<channels {
            var (sum, product) = (0.0, 0.0)
            for image in 0..<images {
                sum += totals[image * 2 * channels + channel]
                product += totals[(image * 2 + 1) * channels + channel]
            }
            scaleGradient?[channel] = Float(product)
            biasGradient?[channel] = Float(sum)
        }
        forChunks(threads) { image, first, count in
            let centers = coefficients + image * 4 * channels
            kernel.pointee.columns_gradient(
                outputGradient + first, input + first, centers, centers + channels, centers + 2 * channels,
                centers + 3 * channels, inputGradient + first, count, channels)
        }
    }

    /// Σ x and Σ x·y of every image's channels, 2 × channels for each image; and the scratch for the coefficients.
    private func sum(
        _ x: UnsafePointer<Float>, _ y: UnsafePointer<Float>, _ scratch: UnsafeMutableRawPointer, _ threads: Int
    ) -> (totals: UnsafeMutablePointer<Double>, coefficients: UnsafeMutablePointer<Float>) {
        let width = 2 * channels
        let totals = scratch.assumingMemoryBound(to: Double.self)
        let parts = totals + images * width
        forChunks(threads) { image, first, count in
            let chunkIndex = (first / channels - image * pixels) / chunk
            let part = parts + (image * chunks + chunkIndex) * width
            part.update(repeating: 0, count: width)
            kernel.pointee.column_moments(x + first, y + first, part, count, channels)
        }
        parallelFor(images, threads: threads) {
            reduction.pointee.join(
                sk_reduction_sum, parts + $0 * chunks * width, width, totals + $0 * width, width, chunks)
        }
        let end = UnsafeMutableRawPointer(parts + images * chunks * width)
        return (totals, end.assumingMemoryBound(to: Float.self))
    }

    /// Calls `body` with the image, the offset of the first element, and the pixels of each chunk.
    private func forChunks(_ threads: Int, _ body: (Int, Int, Int) -> Void) {
        parallelRanges(
            images * chunks, unit: 1, minimum: (1 << 14) / (chunk * channels), threads: threads
        ) {
            for task in $0 {
                let (image, index) = task.quotientAndRemainder(dividingBy: chunks)
                body(image, (image * pixels + index * chunk) * channels, min(chunk, pixels - index * chunk))
            }
        }
    }
}
