/// Where bilinear resampling reads along one axis: sample d of the target lies at (d + 0.5) * step - 0.5 of the source,
/// that is, both are aligned at their outer edges, and places beyond the edge take the edge (as OpenCV's
/// INTER_LINEAR). There is no low-pass filter: the detectors are trained and scored without one.
struct ResampleTable {
    /// The left of the two neighbours, in 0..<sourceCount.
    var index: [Int32]
    /// The weight of the right neighbour, 0...`one`.
    var weight: [Int32]

    /// A table of `count` places, padded to a multiple of 16.
    init(count: Int, step: Double, sourceCount: Int, one: Int32) {
        let padded = (count + 15) & ~15
        index = [Int32](repeating: 0, count: padded)
        weight = [Int32](repeating: 0, count: padded)
        for place in 0..<count {
            let position = min(max((Double(place) + 0.5) * step - 0.5, 0), Double(sourceCount - 1))
            let left = position.rounded(.down)
            index[place] = Int32(left)
            weight[place] = Int32(((position - left) * Double(one)).rounded())
        }
    }

    /// Both weights of a place in one word, as `sp_sample_row` takes them: left in the lower half, right in the upper.
    func packedWeights(one: Int32) -> [Int32] {
        weight.map { ($0 << 16) | (one - $0) }
    }
}
