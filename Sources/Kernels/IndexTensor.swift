import Tensors

/// Elements of an int32 or int64 tensor that number places along an axis; negative ones count from the axis' end.
struct IndexTensor: Sendable {
    /// Where an index of -extent ..< extent lies in 0 ..< extent.
    @inline(__always)
    static func place<Index: FixedWidthInteger>(_ index: Index, extent: Int) -> Int {
        let place = Int(truncatingIfNeeded: index)
        return place < 0 ? place &+ extent : place
    }

    private let type: DType
    private let extent: Int

    /// Stops the program when `type` is neither int32 nor int64: that is the caller's mistake, not the data's.
    init(type: DType, extent: Int) {
        precondition(type == .int32 || type == .int64, "indices of type \(type)")
        self.type = type
        self.extent = extent
    }

    /// Whether every one of `count` indices lies inside of the axis.
    func allLieInside(_ indices: UnsafeRawPointer, count: Int) -> Bool {
        func check<Index: FixedWidthInteger>(_ indices: UnsafePointer<Index>) -> Bool {
            var outside = false
            for index in UnsafeBufferPointer(start: indices, count: count) {
                let index = Int(truncatingIfNeeded: index)
                outside = outside || index < -extent || index >= extent
            }
            return !outside
        }
        return type == .int32
            ? check(indices.assumingMemoryBound(to: Int32.self)) : check(indices.assumingMemoryBound(to: Int64.self))
    }

    /// Calls `body` with the places that `count` indices name, in order; all must lie inside of the axis.
    @inline(__always)
    func forEach(_ indices: UnsafeRawPointer, range: Range<Int>, _ body: (_ number: Int, _ place: Int) -> Void) {
        if type == .int32 {
            let indices = indices.assumingMemoryBound(to: Int32.self)
            for number in range { body(number, Self.place(indices[number], extent: extent)) }
        } else {
            let indices = indices.assumingMemoryBound(to: Int64.self)
            for number in range { body(number, Self.place(indices[number], extent: extent)) }
        }
    }
}
