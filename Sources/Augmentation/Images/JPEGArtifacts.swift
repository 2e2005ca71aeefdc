import Foundation

/// What a baseline JPEG file of a quality loses: the picture goes to YCbCr with 4:2:0 chroma and 8 x 8 cosine
/// coefficients, which are rounded to multiples of the quantization tables, and back (ITU-T T.81; the colours are
/// JFIF's, full-range BT.601). Entropy coding loses nothing and is left out.
///
/// Tables are Annex K's, scaled with quality as the Independent JPEG Group does: 50 leaves them, 100 makes them ones.
package struct JPEGArtifacts: Sendable {
    private let luma: [SIMD8<Float>]
    private let chroma: [SIMD8<Float>]

    /// T.81 table K.1, rows of rising vertical frequency.
    static let lumaTable: [Float] = [
        16, 11, 10, 16, 24, 40, 51, 61,
        12, 12, 14, 19, 26, 58, 60, 55,
        14, 13, 16, 24, 40, 57, 69, 56,
        14, 17, 22, 29, 51, 87, 80, 62,
        18, 22, 37, 56, 68, 109, 103, 77,
        24, 35, 55, 64, 81, 104, 113, 92,
        49, 64, 78, 87, 103, 121, 120, 101,
        72, 92, 95, 98, 112, 100, 103, 99,
    ]
    /// T.81 table K.2.
    static let chromaTable: [Float] = [
        17, 18, 24, 47, 99, 99, 99, 99,
        18, 21, 26, 66, 99, 99, 99, 99,
        24, 26, 56, 99, 99, 99, 99, 99,
        47, 66, 99, 99, 99, 99, 99, 99,
        99, 99, 99, 99, 99, 99, 99, 99,
        99, 99, 99, 99, 99, 99, 99, 99,
        99, 99, 99, 99, 99, 99, 99, 99,
        99, 99, 99, 99, 99, 99, 99, 99,
    ]

    /// A quality of 1 to 100.
    package init(quality: Int) {
        let quality = Float(min(max(quality, 1), 100))
        let percent = quality < 50 ? (5000 / quality).rounded(.down) : 200 - 2 * quality
        func rows(_ table: [Float]) -> [SIMD8<Float>] {
            let scaled = table.map { min(max((($0 * percent + 50) / 100).rounded(.down), 1), 255) }
            return (0..<8).map { SIMD8(scaled[$0 * 8..<$0 * 8 + 8]) }
        }
        (luma, chroma) = (rows(Self.lumaTable), rows(Self.chromaTable))
    }

    package func apply(to image: inout RGBImage) {
        guard !image.isEmpty else { return }
        let (width, height) = (image.width, image.height)
        var y = SamplePlane(width: width, height: height)
        var cb = SamplePlane(width: (width + 1) / 2, height: (height + 1) / 2)
        var cr = cb
        split(image, &y, &cb, &cr)
        y.quantize(luma)
        cb.quantize(chroma)
        cr.quantize(chroma)
        join(y, cb, cr, &image)
    }

    /// RGB to luma and, averaged over 2 x 2 pixels, chroma; all are centred on 0.
    private func split(_ image: RGBImage, _ y: inout SamplePlane, _ cb: inout SamplePlane, _ cr: inout SamplePlane) {
        let (width, height) = (image.width, image.height)
        image.pixels.withUnsafeBufferPointer { pixels in
            for row in 0..<cb.height {
                for line in [2 * row, min(2 * row + 1, height - 1)] {
                    for column in 0..<width {
                        let place = (line &* width &+ column) &* 3
                        let (r, g, b) = (Float(pixels[place]), Float(pixels[place &+ 1]), Float(pixels[place &+ 2]))
                        let luma = 0.299 * r + 0.587 * g + 0.114 * b
                        y[column, line] = luma - 128
                        // Chroma in quarters; a column at an odd end counts twice, as the line does.
                        let share: Float = column == width &- 1 && width % 2 == 1 ? 0.5 : 0.25
                        cb[column >> 1, row] += share * (b - luma) / 1.772
                        cr[column >> 1, row] += share * (r - luma) / 1.402
                    }
                }
            }
        }
        y.extendEdges()
        cb.extendEdges()
        cr.extendEdges()
    }

    /// Back to RGB; chroma is interpolated between its samples with weights 3 : 1 along each axis, as decoders do.
    private func join(_ y: SamplePlane, _ cb: SamplePlane, _ cr: SamplePlane, _ image: inout RGBImage) {
        let (width, height) = (image.width, image.height)
        image.pixels.withUnsafeMutableBufferPointer { pixels in
            for line in 0..<height {
                let near = line >> 1
                let far = min(max(line & 1 == 0 ? near &- 1 : near &+ 1, 0), cb.height &- 1)
                for column in 0..<width {
                    let (own, side) = (column >> 1, column & 1 == 0 ? column >> 1 &- 1 : column >> 1 &+ 1)
                    let next = min(max(side, 0), cb.width &- 1)
                    let u = cb.between(own, next, near, far)
                    let v = cr.between(own, next, near, far)
                    let luma = min(max(y[column, line] + 128, 0), 255)
                    let place = (line &* width &+ column) &* 3
                    pixels[place] = Self.level(luma + 1.402 * v)
                    pixels[place &+ 1] = Self.level(luma - 0.344136 * u - 0.714136 * v)
                    pixels[place &+ 2] = Self.level(luma + 1.772 * u)
                }
            }
        }
    }

    @inline(__always)
    private static func level(_ value: Float) -> UInt8 { UInt8(min(max(value, 0), 255) + 0.5) }
}

/// A plane of numbers, padded on the right and below to whole blocks of 8 x 8.
private struct SamplePlane {
    let width: Int
    let height: Int
    private let pitch: Int
    private let lines: Int
    private var samples: [Float]

    init(width: Int, height: Int) {
        self.width = width
        self.height = height
        pitch = (width + 7) & ~7
        lines = (height + 7) & ~7
        samples = [Float](repeating: 0, count: pitch * lines)
    }

    subscript(column: Int, line: Int) -> Float {
        @inline(__always) get { samples[line &* pitch &+ column] }
        @inline(__always) set { samples[line &* pitch &+ column] = newValue }
    }

    @inline(__always)
    func between(_ own: Int, _ next: Int, _ near: Int, _ far: Int) -> Float {
        (9 * self[own, near] + 3 * (self[next, near] + self[own, far]) + self[next, far]) * 0.0625
    }

    mutating func extendEdges() {
        for line in 0..<height { for column in width..<pitch { self[column, line] = self[width - 1, line] } }
        for line in height..<lines { for column in 0..<pitch { self[column, line] = self[column, height - 1] } }
    }

    /// Transforms each block, rounds its coefficients to multiples of the steps, and transforms it back.
    mutating func quantize(_ steps: [SIMD8<Float>]) {
        let (pitch, lines) = (pitch, lines)
        let reciprocals = steps.map { 1 / $0 }
        samples.withUnsafeMutableBytes { bytes in
            for top in stride(from: 0, to: lines, by: 8) {
                for left in stride(from: 0, to: pitch, by: 8) {
                    var block = CosineBlock()
                    for row in 0..<8 {
                        block[row] = bytes.loadUnaligned(
                            fromByteOffset: ((top &+ row) &* pitch &+ left) &* 4, as: SIMD8<Float>.self)
                    }
                    block.transform()
                    for row in 0..<8 { block[row] = Self.rounded(block[row] * reciprocals[row]) * steps[row] }
                    block.transformBack()
                    for row in 0..<8 {
                        bytes.storeBytes(
                            of: block[row], toByteOffset: ((top &+ row) &* pitch &+ left) &* 4,
                            as: SIMD8<Float>.self)
                    }
                }
            }
        }
    }

    /// To the nearest whole number, for numbers below 2^22: adding 1.5 * 2^23 leaves no room for a fraction.
    @inline(__always)
    private static func rounded(_ x: SIMD8<Float>) -> SIMD8<Float> { (x + 12_582_912) - 12_582_912 }
}

/// A block of 8 x 8 numbers and its cosine transform, DCT-II with orthonormal basis (T.81 A.3.3).
struct CosineBlock {
    private var rows = InlineArray<8, SIMD8<Float>>(repeating: SIMD8())

    /// basis[u][x] = c(u) / 2 * cos((2 x + 1) u pi / 16), and the same by columns.
    private static let basis: [SIMD8<Float>] = (0..<8).map { u in
        SIMD8((0..<8).map { Float(coefficient(u, $0)) })
    }
    private static let columns: [SIMD8<Float>] = (0..<8).map { x in
        SIMD8((0..<8).map { Float(coefficient($0, x)) })
    }

    private static func coefficient(_ u: Int, _ x: Int) -> Double {
        (u == 0 ? 0.5.squareRoot() : 1) / 2 * cos(Double((2 * x + 1) * u) * .pi / 16)
    }

    subscript(row: Int) -> SIMD8<Float> {
        @inline(__always) get { rows[row] }
        @inline(__always) set { rows[row] = newValue }
    }

    /// B X Bt.
    @inline(__always)
    mutating func transform() { multiply(left: Self.basis, right: Self.columns) }

    /// Bt X B.
    @inline(__always)
    mutating func transformBack() { multiply(left: Self.columns, right: Self.basis) }

    /// left X right, both given by rows.
    @inline(__always)
    private mutating func multiply(left: [SIMD8<Float>], right: [SIMD8<Float>]) {
        var half = InlineArray<8, SIMD8<Float>>(repeating: SIMD8())
        left.withUnsafeBufferPointer { left in
            for u in 0..<8 {
                var sum = rows[0] * left[u][0]
                for x in 1..<8 { sum += rows[x] * left[u][x] }
                half[u] = sum
            }
        }
        right.withUnsafeBufferPointer { right in
            for u in 0..<8 {
                var sum = right[0] * half[u][0]
                for y in 1..<8 { sum += right[y] * half[u][y] }
                rows[u] = sum
            }
        }
    }
}
