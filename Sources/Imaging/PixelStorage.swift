/// The memory of a picture that we allocate ourselves: three planes in one block, each row aligned to 64 bytes, with
/// room behind each row and behind the last plane so that vector code may read past the end.
final class PixelStorage: @unchecked Sendable {
    // Sendable: the memory is written by the one image that refers to it; nothing else here changes.
    let width: Int
    let height: Int
    private let bytes: UnsafeMutableRawPointer

    /// Memory for a picture of 1...65536 pixels a side. Its contents are undefined.
    init(width: Int, height: Int) {
        precondition(
            (1...Image.longestSide).contains(width) && (1...Image.longestSide).contains(height),
            "an image has 1 to \(Image.longestSide) pixels a side")
        self.width = width
        self.height = height
        let layout = Self.layout(width: width, height: height)
        bytes = UnsafeMutableRawPointer.allocate(byteCount: layout.byteCount, alignment: 64)
    }

    deinit { bytes.deallocate() }

    var planes: (y: Plane, u: Plane, v: Plane) {
        let layout = Self.layout(width: width, height: height)
        let start = bytes.assumingMemoryBound(to: UInt8.self)
        let (chromaWidth, chromaHeight) = ((width + 1) / 2, (height + 1) / 2)
        return (
            Plane(baseAddress: start, stride: layout.lumaStride, width: width, height: height),
            Plane(
                baseAddress: start + layout.u, stride: layout.chromaStride, width: chromaWidth, height: chromaHeight),
            Plane(
                baseAddress: start + layout.v, stride: layout.chromaStride, width: chromaWidth, height: chromaHeight)
        )
    }

    private static func layout(
        width: Int, height: Int
    ) -> (lumaStride: Int, chromaStride: Int, u: Int, v: Int, byteCount: Int) {
        let lumaStride = (width + 63) & ~63
        let chromaStride = ((width + 1) / 2 + 63) & ~63
        let u = lumaStride * height
        let v = u + chromaStride * ((height + 1) / 2)
        return (lumaStride, chromaStride, u, v, v + chromaStride * ((height + 1) / 2) + 64)
    }
}

extension Image {
    /// A picture over memory of our own; its contents are what the memory held.
    init(storage: PixelStorage, color: ColorDescription) {
        let planes = storage.planes
        self.init(
            width: storage.width, height: storage.height, color: color, y: planes.y, u: planes.u, v: planes.v,
            isExclusive: true, owner: storage)
    }

    /// A picture of its own memory, filled with one colour. Sides are 1...65536 pixels.
    package init(width: Int, height: Int, color: ColorDescription, fill: Color = .black) {
        self.init(storage: PixelStorage(width: width, height: height), color: color)
        self.fill(fill)
    }
}
