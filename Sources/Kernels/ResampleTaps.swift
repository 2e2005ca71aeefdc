import CSaccadeKernels

/// The taps of every output index along one axis, one list after the other: a sparse matrix by rows.
struct ResampleTaps: Sendable {
    private let starts: [UInt32]
    private let indices: [UInt32]
    private let weights: [Float]
    let outputs: Int

    /// Lists of (input index, weight); those of weight 0 are left out, so that what they would read does not matter.
    private init(_ lists: [[(index: Int, weight: Float)]]) {
        var starts: [UInt32] = [0]
        var indices: [UInt32] = []
        var weights: [Float] = []
        for list in lists {
            for tap in list where tap.weight != 0 {
                indices.append(UInt32(tap.index))
                weights.append(tap.weight)
            }
            starts.append(UInt32(indices.count))
        }
        // One more that nothing reads: no list is without an address.
        indices.append(0)
        weights.append(0)
        self.starts = starts
        self.indices = indices
        self.weights = weights
        outputs = lists.count
    }

    /// Stops the program when a tap lies outside of the input.
    init(_ taps: [ResampleTap], inputs: Int) {
        precondition(taps.allSatisfy { (0..<inputs).contains($0.first) && (0..<inputs).contains($0.second) })
        self.init(taps.map { [(index: $0.first, weight: 1 - $0.weight), (index: $0.second, weight: $0.weight)] })
    }

    /// The transposed matrix of `taps`: each input's taps are the outputs that read it, in order.
    init(transposing taps: [ResampleTap], inputs: Int) {
        precondition(taps.allSatisfy { (0..<inputs).contains($0.first) && (0..<inputs).contains($0.second) })
        var lists: [[(index: Int, weight: Float)]] = Array(repeating: [], count: inputs)
        for (output, tap) in taps.enumerated() {
            lists[tap.first].append((index: output, weight: 1 - tap.weight))
            lists[tap.second].append((index: output, weight: tap.weight))
        }
        self.init(lists)
    }

    func withAxis<Result>(_ body: (sk_resample_axis) -> Result) -> Result? {
        starts.withUnsafeBufferPointer { starts in
            indices.withUnsafeBufferPointer { indices in
                weights.withUnsafeBufferPointer { weights in
                    guard let starts = starts.baseAddress, let indices = indices.baseAddress,
                        let weights = weights.baseAddress
                    else { return nil }
                    return body(sk_resample_axis(starts: starts, indices: indices, weights: weights))
                }
            }
        }
    }
}
