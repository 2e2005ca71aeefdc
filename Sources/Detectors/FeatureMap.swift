package import Tensors

/// A feature map as a run left it, valid as long as the bytes it lies over: cells of `channels` values each, row by row; floats, or bytes that stand for
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

    /// A map of the given 1×H×W×C over the bytes of an output. Nil unless the type is float32, or uint8 with one scale.
    package init?(
        _ bytes: UnsafeRawBufferPointer, dtype: DType, shape: Shape, quantization: QuantizationParameters? = nil
    ) {
        guard let start = bytes.baseAddress, shape.rank == 4, shape[0] == 1, bytes.count == shape.count * dtype.stride
        else { return nil }
        switch dtype {
        case .float32: elements = .floats(start.assumingMemoryBound(to: Float.self))
        case .uint8:
            guard let scale = quantization?.scale, let zeroPoint = quantization?.zeroPoint else { return nil }
            elements = .bytes(start.assumingMemoryBound(to: UInt8.self), scale: scale, zeroPoint: zeroPoint)
        default: return nil
        }
        (height, width, channels) = (shape[1], shape[2], shape[3])
    }

    @inline(__always)
    func value(_ cell: Int, _ channel: Int) -> Float {
        let place = cell &* channels &+ channel
        switch elements {
        case .floats(let values): return values[place]
        case .bytes(let values, let scale, let zeroPoint): return scale * Float(Int32(values[place]) &- zeroPoint)
        }
    }

    /// Calls `body` with each cell of which one of the channels reaches the threshold, in order. NaN reaches nothing.
    ///
    /// It looks at every value of the map, so it compares whole vectors of them, and bytes as bytes.
    @inline(__always)
    func forEachCell(
        reaching threshold: Float, in range: Range<Int>, _ body: (Int) -> Void
    ) {
        switch elements {
        case .floats(let values):
            for cell in 0..<cells
            where Self.reaches(values + (cell &* channels &+ range.lowerBound), range.count, threshold) {
                body(cell)
            }
        case .bytes(let values, let scale, let zeroPoint):
            guard let least = Self.leastByte(threshold, scale: scale, zeroPoint: zeroPoint) else { return }
            for cell in 0..<cells
            where Self.reaches(values + (cell &* channels &+ range.lowerBound), range.count, least) {
                body(cell)
            }
        }
    }

    /// The least byte that stands for the threshold or more; nil when none does.
    static func leastByte(_ threshold: Float, scale: Float, zeroPoint: Int32) -> UInt8? {
        let place = (Double(threshold) / Double(scale) + Double(zeroPoint)).rounded(.up)
        return place > 255 ? nil : UInt8(max(place, 0))
    }

    @inline(__always)
    private static func reaches<Element: Comparable>(
        _ values: UnsafePointer<Element>, _ count: Int, _ threshold: Element
    ) -> Bool {
        var hits: UInt8 = 0
        for index in 0..<count { hits |= values[index] >= threshold ? 1 : 0 }
        return hits != 0
    }
}
