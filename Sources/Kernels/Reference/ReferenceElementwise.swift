import Tensors

extension Reference {
    /// y = function(x) for floats.
    package static func map(_ x: TensorView, to y: TensorView, _ function: (Float) -> Float) {
        mapElements(x, y, function)
    }

    /// y = function(x) for int64.
    package static func mapInt64(_ x: TensorView, to y: TensorView, _ function: (Int64) -> Int64) {
        mapElements(x, y, function)
    }

    /// y = function(x) for int32.
    package static func mapInt32(_ x: TensorView, to y: TensorView, _ function: (Int32) -> Int32) {
        mapElements(x, y, function)
    }

    /// y = function(x) for bool.
    package static func mapBool(_ x: TensorView, to y: TensorView, _ function: (Bool) -> Bool) {
        mapElements(x, y, function)
    }

    /// z = function(x, y) for floats, broadcast to z's shape.
    package static func combine(
        _ x: TensorView, _ y: TensorView, to z: TensorView, _ function: (Float, Float) -> Float
    ) {
        combineElements(x, y, z, function)
    }

    /// z = function(x, y) for int64.
    package static func combineInt64(
        _ x: TensorView, _ y: TensorView, to z: TensorView, _ function: (Int64, Int64) -> Int64
    ) {
        combineElements(x, y, z, function)
    }

    /// z = function(x, y) for int32.
    package static func combineInt32(
        _ x: TensorView, _ y: TensorView, to z: TensorView, _ function: (Int32, Int32) -> Int32
    ) {
        combineElements(x, y, z, function)
    }

    /// z = predicate(x, y) for elements of one type; z is bool. Integers and bool are compared as Int64, floats as Float.
    package static func compare(
        _ x: TensorView, _ y: TensorView, to z: TensorView, integers: (Int64, Int64) -> Bool,
        floats: (Float, Float) -> Bool
    ) {
        switch x.dtype {
        case .float32: combineElements(x, y, z, floats)
        case .int64: combineElements(x, y, z, integers)
        case .int32: combineElements(x, y, z) { (a: Int32, b: Int32) in integers(Int64(a), Int64(b)) }
        case .uint8: combineElements(x, y, z) { (a: UInt8, b: UInt8) in integers(Int64(a), Int64(b)) }
        case .int8: combineElements(x, y, z) { (a: Int8, b: Int8) in integers(Int64(a), Int64(b)) }
        case .bool: combineElements(x, y, z) { (a: UInt8, b: UInt8) in integers(Int64(a), Int64(b)) }
        }
    }

    /// z = function(x, y) for bool.
    package static func combineBool(
        _ x: TensorView, _ y: TensorView, to z: TensorView, _ function: (Bool, Bool) -> Bool
    ) {
        combineElements(x, y, z, function)
    }

    /// z = condition ? x : y, broadcast to z's shape, for elements of any type.
    package static func select(_ condition: TensorView, _ x: TensorView, _ y: TensorView, to z: TensorView) {
        switch z.dtype.stride {
        case 8: selectElements(as: UInt64.self, condition, x, y, z)
        case 4: selectElements(as: UInt32.self, condition, x, y, z)
        default: selectElements(as: UInt8.self, condition, x, y, z)
        }
    }

    /// y = x in y's type: floats are truncated and saturated, integers wrap, bool is "not zero".
    package static func cast(_ x: TensorView, to y: TensorView) {
        func store<Source: BitwiseCopyable>(
            _ type: Source.Type, float: (Source) -> Float, integer: (Source) -> Int64, truth: (Source) -> Bool
        ) {
            switch y.dtype {
            case .float32: mapElements(x, y, float)
            case .int64: mapElements(x, y, integer)
            case .int32: mapElements(x, y) { (v: Source) in Int32(truncatingIfNeeded: integer(v)) }
            case .uint8: mapElements(x, y) { (v: Source) in UInt8(truncatingIfNeeded: integer(v)) }
            case .int8: mapElements(x, y) { (v: Source) in Int8(truncatingIfNeeded: integer(v)) }
            case .bool: mapElements(x, y, truth)
            }
        }
        func storeInteger<Source: FixedWidthInteger & BitwiseCopyable>(_ type: Source.Type) {
            store(
                type, float: { Float($0) }, integer: { Int64(truncatingIfNeeded: $0) }, truth: { $0 != 0 })
        }
        switch x.dtype {
        case .float32: store(Float.self, float: { $0 }, integer: { saturated($0) }, truth: { $0 != 0 })
        case .int64: storeInteger(Int64.self)
        case .int32: storeInteger(Int32.self)
        case .uint8: storeInteger(UInt8.self)
        case .int8: storeInteger(Int8.self)
        case .bool: storeInteger(UInt8.self)
        }
    }

    private static func saturated(_ x: Float) -> Int64 {
        if x.isNaN { return 0 }
        if x >= 0x1p63 { return .max }
        if x < -0x1p63 { return .min }
        return Int64(x)
    }

    private static func mapElements<X: BitwiseCopyable, Y: BitwiseCopyable>(
        _ x: TensorView, _ y: TensorView, _ function: (X) -> Y
    ) {
        let source = x.pointer(as: X.self)
        let target = y.pointer(as: Y.self)
        if x.isDense, y.isDense {
            for index in 0..<y.shape.count { target[index] = function(source[index]) }
            return
        }
        var from = StridedOffsets(extents: x.shape.dimensions, strides: x.strides)
        for to in StridedOffsets(extents: y.shape.dimensions, strides: y.strides) {
            guard let offset = from.next() else { return }
            target[to] = function(source[offset])
        }
    }

    private static func combineElements<X: BitwiseCopyable, Y: BitwiseCopyable, Z: BitwiseCopyable>(
        _ x: TensorView, _ y: TensorView, _ z: TensorView, _ function: (X, Y) -> Z
    ) {
        let extents = z.shape.dimensions
        let left = x.pointer(as: X.self)
        let right = y.pointer(as: Y.self)
        let target = z.pointer(as: Z.self)
        var lefts = StridedOffsets(extents: extents, strides: x.broadcastStrides(to: extents))
        var rights = StridedOffsets(extents: extents, strides: y.broadcastStrides(to: extents))
        for to in StridedOffsets(extents: extents, strides: z.strides) {
            guard let a = lefts.next(), let b = rights.next() else { return }
            target[to] = function(left[a], right[b])
        }
    }

    private static func selectElements<Element: BitwiseCopyable>(
        as type: Element.Type, _ condition: TensorView, _ x: TensorView, _ y: TensorView, _ z: TensorView
    ) {
        let extents = z.shape.dimensions
        let conditions = condition.pointer(as: Bool.self)
        let left = x.pointer(as: type)
        let right = y.pointer(as: type)
        let target = z.pointer(as: type)
        var chosen = StridedOffsets(extents: extents, strides: condition.broadcastStrides(to: extents))
        var lefts = StridedOffsets(extents: extents, strides: x.broadcastStrides(to: extents))
        var rights = StridedOffsets(extents: extents, strides: y.broadcastStrides(to: extents))
        for to in StridedOffsets(extents: extents, strides: z.strides) {
            guard let c = chosen.next(), let a = lefts.next(), let b = rights.next() else { return }
            target[to] = conditions[c] ? left[a] : right[b]
        }
    }
}
