/// One axis of a loop over two operands and a result, after axes that can be walked as one have been merged.
struct BroadcastAxis: Sendable {
    var extent: Int
    /// Elements between neighbours along the axis; 0 where the operand is broadcast.
    var left: Int
    var right: Int
    var output: Int

    /// The axes, outermost first. There is at least one; the innermost has output stride 1 and operand strides 0 or 1.
    ///
    /// Strides are in elements. The innermost axis of `output` has stride 1, those of the operands 0 or 1.
    static func merged(extents: [Int], left: [Int], right: [Int], output: [Int]) -> [BroadcastAxis] {
        var merged: [BroadcastAxis] = []
        for axis in extents.indices where extents[axis] != 1 {
            let next = BroadcastAxis(extent: extents[axis], left: left[axis], right: right[axis], output: output[axis])
            if let last = merged.last, last.left == next.left * next.extent, last.right == next.right * next.extent,
                last.output == next.output * next.extent
            {
                merged[merged.count - 1] = BroadcastAxis(
                    extent: last.extent * next.extent, left: next.left, right: next.right, output: next.output)
            } else {
                merged.append(next)
            }
        }
        if merged.last.map({ $0.output != 1 || !(0...1).contains($0.left) || !(0...1).contains($0.right) }) ?? true {
            merged.append(BroadcastAxis(extent: 1, left: 0, right: 0, output: 1))
        }
        return merged
    }
}
