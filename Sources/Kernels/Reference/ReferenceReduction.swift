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

    /// The index of the greatest element along `axis`; the first one wins, NaN counts as the greatest. x is float, int64
    /// or int32, y int64.
    package static func argMax(_ x: TensorView, to y: TensorView, axis: Int) {
        switch x.dtype {
        case .float32: argMaxElements(x, y, axis, isGreater: isGreater)
        case .int64: argMaxElements(x, y, axis) { (a: Int64, b: Int64) in a > b }
        case .int32: argMaxElements(x, y, axis) { (a: Int32, b: Int32) in a > b }
        default: preconditionFailure("argMax of \(x.dtype)")
        }
    }

    /// The k greatest (or least) elements along `axis` in order, equal ones by index; NaN counts as the greatest. x is
    /// float, int64 or int32; `values` has x's type, `indices` is int64; both are dense with extent k along `axis`.
    package static func topK(
        _ x: TensorView, values: TensorView, indices: TensorView, axis: Int, largest: Bool
    ) {
        switch x.dtype {
        case .float32: topKElements(x, values, indices, axis, largest, isGreater: isGreater)
        case .int64: topKElements(x, values, indices, axis, largest) { (a: Int64, b: Int64) in a > b }
        case .int32: topKElements(x, values, indices, axis, largest) { (a: Int32, b: Int32) in a > b }
        default: preconditionFailure("topK of \(x.dtype)")
        }
    }

    private static func argMaxElements<Element: BitwiseCopyable>(
        _ x: TensorView, _ y: TensorView, _ axis: Int, isGreater: (Element, Element) -> Bool
    ) {
        let indices = y.pointer(as: Int64.self)
        for (row, elements) in Lines<Element>(x, axis: axis).enumerated() {
            var best = 0
            for index in elements.indices where isGreater(elements[index], elements[best]) { best = index }
            indices[row] = Int64(best)
        }
    }

    private static func topKElements<Element: BitwiseCopyable>(
        _ x: TensorView, _ values: TensorView, _ indices: TensorView, _ axis: Int, _ largest: Bool,
        isGreater: (Element, Element) -> Bool
    ) {
        let k = values.shape[axis]
        let inner = values.strides[axis]
        for (row, elements) in Lines<Element>(x, axis: axis).enumerated() {
            let order = elements.indices.sorted {
                if isGreater(elements[$0], elements[$1]) { return largest }
                if isGreater(elements[$1], elements[$0]) { return !largest }
                return $0 < $1
            }
            let first = row / inner * inner * k + row % inner
            for place in 0..<k {
                let to = first + place * inner
                indices.pointer(as: Int64.self)[to] = Int64(order[place])
                values.pointer(as: Element.self)[to] = elements[order[place]]
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

    private static func isGreater(_ a: Float, _ b: Float) -> Bool { a > b || (a.isNaN && !b.isNaN) }

    private static func lineStarts(_ x: TensorView, axis: Int) -> StridedOffsets {
        var extents = x.shape.dimensions
        extents[axis] = extents[axis] == 0 ? 0 : 1
        return StridedOffsets(extents: extents, strides: x.strides)
    }

    /// The lines of a tensor along one axis, in row-major order of the other axes.
    private struct Lines<Element: BitwiseCopyable>: Sequence, IteratorProtocol {
        private let elements: UnsafeMutablePointer<Element>
        private let stride: Int
        private let extent: Int
        private var starts: StridedOffsets

        init(_ x: TensorView, axis: Int) {
            elements = x.pointer(as: Element.self)
            stride = x.strides[axis]
            extent = x.shape[axis]
            starts = lineStarts(x, axis: axis)
        }

        mutating func next() -> [Element]? {
            guard let start = starts.next() else { return nil }
            return (0..<extent).map { elements[start + $0 * stride] }
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
