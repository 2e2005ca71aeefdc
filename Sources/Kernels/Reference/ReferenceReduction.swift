import Tensors

extension Reference {
    package enum Reduction: Sendable { case mean, sum, max, min, product }

    /// y = reduction of x over `axes`, whose extents are 1 in, or missing from, y's shape. Float, int64 or int32.
    package static func reduce(_ x: TensorView, to y: TensorView, axes: [Int], _ reduction: Reduction) {
        switch x.dtype {
        case .float32:
            reduceElements(x, y, axes, as: Float.self, widen: { Double($0) }, reduction) { Float($0) }
        case .int64: reduceIntegers(x, y, axes, as: Int64.self, reduction)
        case .int32: reduceIntegers(x, y, axes, as: Int32.self, reduction)
        default: preconditionFailure("reduction of \(x.dtype)")
        }
    }

    /// The index of the greatest element along `axis`; the first one wins, NaN counts as the greatest. y is int64.
    package static func argMax(_ x: TensorView, to y: TensorView, axis: Int) {
        let indices = y.pointer(as: Int64.self)
        for (row, elements) in Lines(x, axis: axis).enumerated() {
            var best = 0
            for index in elements.indices where isGreater(elements[index], elements[best]) { best = index }
            indices[row] = Int64(best)
        }
    }

    /// The k greatest (or least) elements along `axis` in order, equal ones by index. `values` has x's type, `indices` is
    /// int64; both are dense with extent k along `axis`.
    package static func topK(
        _ x: TensorView, values: TensorView, indices: TensorView, axis: Int, largest: Bool
    ) {
        let k = values.shape[axis]
        let inner = values.strides[axis]
        for (row, elements) in Lines(x, axis: axis).enumerated() {
            let order = elements.indices.sorted {
                if isGreater(elements[$0], elements[$1]) { return largest }
                if isGreater(elements[$1], elements[$0]) { return !largest }
                return $0 < $1
            }
            let first = row / inner * inner * k + row % inner
            for place in 0..<k {
                let to = first + place * inner
                indices.pointer(as: Int64.self)[to] = Int64(order[place])
                switch values.dtype {
                case .int64: values.pointer(as: Int64.self)[to] = Int64(elements[order[place]])
                case .int32: values.pointer(as: Int32.self)[to] = Int32(elements[order[place]])
                default: values.pointer(as: Float.self)[to] = Float(elements[order[place]])
                }
            }
        }
    }

    /// Softmax along any axis.
    package static func softmax(_ x: TensorView, to y: TensorView, axis: Int) {
        let source = x.pointer(as: Float.self)
        let target = y.pointer(as: Float.self)
        let extent = x.shape[axis]
        let from = x.strides[axis]
        let to = y.strides[axis]
        var targets = lineStarts(y, axis: axis).makeIterator()
        for start in lineStarts(x, axis: axis) {
            guard let out = targets.next(), extent > 0 else { return }
            var greatest = -Float.infinity
            for index in 0..<extent { greatest = Swift.max(greatest, source[start + index * from]) }
            var sum = 0.0
            for index in 0..<extent { sum += Double(expFloat(source[start + index * from] - greatest)) }
            for index in 0..<extent {
                target[out + index * to] = Float(Double(expFloat(source[start + index * from] - greatest)) / sum)
            }
        }
    }

    private static func isGreater(_ a: Double, _ b: Double) -> Bool { a > b || (a.isNaN && !b.isNaN) }

    private static func lineStarts(_ x: TensorView, axis: Int) -> StridedOffsets {
        var extents = x.shape.dimensions
        extents[axis] = extents[axis] == 0 ? 0 : 1
        return StridedOffsets(extents: extents, strides: x.strides)
    }

    /// The lines of a tensor along one axis as doubles, in row-major order of the other axes.
    private struct Lines: Sequence, IteratorProtocol {
        private let x: TensorView
        private let stride: Int
        private let extent: Int
        private var starts: StridedOffsets

        init(_ x: TensorView, axis: Int) {
            self.x = x
            stride = x.strides[axis]
            extent = x.shape[axis]
            starts = lineStarts(x, axis: axis)
        }

        mutating func next() -> [Double]? {
            guard let start = starts.next() else { return nil }
            return (0..<extent).map { index in
                switch x.dtype {
                case .int64: Double(x.pointer(as: Int64.self)[start + index * stride])
                case .int32: Double(x.pointer(as: Int32.self)[start + index * stride])
                default: Double(x.pointer(as: Float.self)[start + index * stride])
                }
            }
        }
    }

    private static func reduceIntegers<Element: FixedWidthInteger & BitwiseCopyable>(
        _ x: TensorView, _ y: TensorView, _ axes: [Int], as type: Element.Type, _ reduction: Reduction
    ) {
        accumulate(
            x, y, axes, as: type,
            start: reduction == .max ? Element.min : reduction == .min ? Element.max : reduction == .product ? 1 : 0
        ) { (total: inout Element, value: Element) in
            switch reduction {
            case .max: total = Swift.max(total, value)
            case .min: total = Swift.min(total, value)
            case .product: total = total &* value
            case .sum, .mean: total = total &+ value
            }
        } finish: {
            $0
        }
    }

    private static func reduceElements(
        _ x: TensorView, _ y: TensorView, _ axes: [Int], as type: Float.Type, widen: (Float) -> Double,
        _ reduction: Reduction, narrow: @escaping (Double) -> Float
    ) {
        let count = axes.reduce(1) { $0 * x.shape[$1] }
        let start: Double =
            switch reduction {
            case .max: -.infinity
            case .min: .infinity
            case .product: 1
            case .sum, .mean: 0
            }
        accumulate(x, y, axes, as: type, start: start) { (total: inout Double, value: Float) in
            switch reduction {
            case .max: total = value.isNaN || total.isNaN ? .nan : Swift.max(total, Double(value))
            case .min: total = value.isNaN || total.isNaN ? .nan : Swift.min(total, Double(value))
            case .product: total *= Double(value)
            case .sum, .mean: total += Double(value)
            }
        } finish: {
            narrow(reduction == .mean ? $0 / Double(count) : $0)
        }
    }

    /// Folds the elements of x that share an element of y, in row-major order.
    private static func accumulate<Element: BitwiseCopyable, Total>(
        _ x: TensorView, _ y: TensorView, _ axes: [Int], as type: Element.Type, start: Total,
        _ add: (inout Total, Element) -> Void, finish: (Total) -> Element
    ) {
        let extents = x.shape.dimensions
        var strides = Array(repeating: 0, count: extents.count)
        var step = 1
        for axis in extents.indices.reversed() where !axes.contains(axis) {
            strides[axis] = step
            step *= extents[axis]
        }
        let source = x.pointer(as: type)
        var totals = Array(repeating: start, count: y.shape.count)
        var outputs = StridedOffsets(extents: extents, strides: strides)
        for from in StridedOffsets(extents: extents, strides: x.strides) {
            guard let place = outputs.next() else { break }
            add(&totals[place], source[from])
        }
        let target = y.pointer(as: type)
        for (index, total) in totals.enumerated() { target[index] = finish(total) }
    }
}
