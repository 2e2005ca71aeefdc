package import Execution
import Tensors

/// A feature map as a run left it, valid as long as the bytes that it lies over: cells of `channels` values each, row by
/// row; floats, or bytes that stand for
/// scale · (byte − zeroPoint).
package struct FeatureMap {
    package enum Elements {
        case floats(UnsafePointer<Float>)
        case bytes(UnsafePointer<UInt8>, scale: Float, zeroPoint: Int32)
    }

    package let elements: Elements
    package let width: Int
    package let height: Int
    package let channels: Int

    var cells: Int { width * height }

    /// The map of an output of 1×H×W×C, over its bytes. Nil unless `canRead` says so.
    package init?(_ bytes: UnsafeRawBufferPointer, port: ExecutionPlan.Port) {
        let shape = port.shape
        guard Self.canRead(port), let start = bytes.baseAddress, bytes.count == shape.count * port.dtype.stride else {
            return nil
        }
        if let scale = port.quantization?.scale, let zeroPoint = port.quantization?.zeroPoint {
            elements = .bytes(start.assumingMemoryBound(to: UInt8.self), scale: scale, zeroPoint: zeroPoint)
        } else {
            elements = .floats(start.assumingMemoryBound(to: Float.self))
        }
        (height, width, channels) = (shape[1], shape[2], shape[3])
    }

    /// Whether an output is a map of floats, or of bytes with one scale.
    package static func canRead(_ port: ExecutionPlan.Port) -> Bool {
        guard port.shape.rank == 4, port.shape[0] == 1, port.shape[2] > 0 else { return false }
        switch port.dtype {
        case .float32: return port.quantization == nil
        case .uint8: return port.quantization?.scale != nil && port.quantization?.zeroPoint != nil
        default: return false
        }
    }

    package init(_ elements: Elements, height: Int, width: Int, channels: Int) {
        self.elements = elements
        self.height = height
        self.width = width
        self.channels = channels
    }

    @inline(__always)
    func value(_ cell: Int, _ channel: Int) -> Float {
        let place = cell &* channels &+ channel
        switch elements {
        case .floats(let values): return values[place]
        case .bytes(let values, let scale, let zeroPoint): return scale * Float(Int32(values[place]) &- zeroPoint)
        }
    }

    /// Calls `body` with each cell of which a channel reaches the threshold, in order. NaN reaches nothing.
    ///
    /// It looks at every value of the map, so it compares many of them at once, and bytes as bytes.
    @inline(__always)
    func forEachCell(reaching threshold: Float, _ body: (Int) -> Void) {
        let count = cells &* channels
        var place = 0
        switch elements {
        case .floats(let values):
            while true {
                place = Self.firstFloat(values, place, count, threshold)
                guard place < count else { return }
                let cell = place / channels
                body(cell)
                place = (cell &+ 1) &* channels
            }
        case .bytes(let values, let scale, let zeroPoint):
            guard let least = Self.leastByte(threshold, scale: scale, zeroPoint: zeroPoint) else { return }
            while true {
                place = Self.firstByte(values, place, count, least)
                guard place < count else { return }
                let cell = place / channels
                body(cell)
                place = (cell &+ 1) &* channels
            }
        }
    }

    /// Calls `body` with each cell of which one channel reaches the threshold, in order.
    @inline(__always)
    func forEachCell(reaching threshold: Float, channel: Int, _ body: (Int) -> Void) {
        for cell in 0..<cells where value(cell, channel) >= threshold { body(cell) }
    }

    /// The least byte that stands for the threshold or more; nil when none does.
    static func leastByte(_ threshold: Float, scale: Float, zeroPoint: Int32) -> UInt8? {
        let place = (Double(threshold) / Double(scale) + Double(zeroPoint)).rounded(.up)
        return place > 255 ? nil : UInt8(max(place, 0))
    }

    // The first place from `begin` on that reaches the threshold; `count` where none does. Whole blocks are compared
    // without a branch; only a block with a hit is looked through.

    private static func firstFloat(
        _ values: UnsafePointer<Float>, _ begin: Int, _ count: Int, _ threshold: Float
    ) -> Int {
        var place = begin
        let least = SIMD16<Float>(repeating: threshold)
        while count &- place >= 64 {
            let block = UnsafeRawPointer(values + place)
            let a = block.loadUnaligned(as: SIMD16<Float>.self) .>= least
            let b = (block + 64).loadUnaligned(as: SIMD16<Float>.self) .>= least
            let c = (block + 128).loadUnaligned(as: SIMD16<Float>.self) .>= least
            let d = (block + 192).loadUnaligned(as: SIMD16<Float>.self) .>= least
            if any((a .| b) .| (c .| d)) { break }
            place &+= 64
        }
        while place < count, !(values[place] >= threshold) { place &+= 1 }
        return place
    }

    private static func firstByte(
        _ values: UnsafePointer<UInt8>, _ begin: Int, _ count: Int, _ threshold: UInt8
    ) -> Int {
        var place = begin
        let below = Int16(threshold) &- 1
        while count &- place >= 256 {
            // Negative where one of the differences is.
            var hits: Int16 = 0
            for index in 0..<256 { hits |= below &- Int16(values[place &+ index]) }
            if hits < 0 { break }
            place &+= 256
        }
        while place < count, values[place] < threshold { place &+= 1 }
        return place
    }
}
