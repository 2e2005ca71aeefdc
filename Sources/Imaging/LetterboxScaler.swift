import CSaccadePixels
import Synchronization

/// The order of the three bytes of an interleaved pixel.
package enum ChannelOrder: String, Hashable, Sendable {
    case rgb, bgr
}

/// Writes pictures of one geometry onto the canvas of a network, straight from the YUV planes: bilinear scaling of luma
/// and chroma, conversion to RGB and the gray border in one pass.
///
///     let scaler = LetterboxScaler(letterbox)
///     scaler.write(image, into: bytes, order: .rgb)                   // canvasHeight x canvasWidth x 3 bytes, NHWC
///     scaler.write(image, into: floats, order: .rgb, scale: 1 / 255)  // the same as numbers of 0 to 1
///
/// Two source rows are blended into one (8-bit weights), which is then read at the places of the row's table (14-bit
/// weights). Everything is integer arithmetic: the result is the same on every processor and for every split of the
/// rows. Chroma counts as sited in the middle of its 2 x 2 pixels. Tables are built once; in the steady state nothing
/// is allocated.
package final class LetterboxScaler: Sendable {
    package let letterbox: Letterbox
    package let instructionSet: PixelInstructionSet

    private static let one: Int32 = 1 << 14
    private let lumaIndex: [Int32]
    private let lumaWeights: [Int32]
    private let chromaIndex: [Int32]
    private let chromaWeights: [Int32]
    private let lumaRows: ResampleTable
    private let chromaRows: ResampleTable
    private let spare = Mutex<[BlendedRows]>([])

    package init(_ letterbox: Letterbox, instructionSet: PixelInstructionSet = .best) {
        self.letterbox = letterbox
        self.instructionSet = min(instructionSet, .best)
        let stepX = Double(letterbox.sourceWidth) / Double(letterbox.width)
        let stepY = Double(letterbox.sourceHeight) / Double(letterbox.height)
        let lumaColumns = ResampleTable(
            count: letterbox.width, step: stepX, sourceCount: letterbox.sourceWidth, one: Self.one)
        let chromaColumns = ResampleTable(
            count: letterbox.width, step: stepX / 2, sourceCount: (letterbox.sourceWidth + 1) / 2, one: Self.one)
        lumaIndex = lumaColumns.index
        lumaWeights = lumaColumns.packedWeights(one: Self.one)
        chromaIndex = chromaColumns.index
        chromaWeights = chromaColumns.packedWeights(one: Self.one)
        lumaRows = ResampleTable(
            count: letterbox.height, step: stepY, sourceCount: letterbox.sourceHeight, one: 256)
        chromaRows = ResampleTable(
            count: letterbox.height, step: stepY / 2, sourceCount: (letterbox.sourceHeight + 1) / 2, one: 256)
    }

    /// Writes the whole canvas as levels of 0 to 255.
    ///
    /// `canvas` is the whole canvas of canvasHeight x canvasWidth x 3 bytes, and `image` has the source's size.
    package func write(
        _ image: borrowing Image, into canvas: UnsafeMutableBufferPointer<UInt8>, order: ChannelOrder
    ) {
        write(image, into: canvas, order: order, rows: 0..<letterbox.canvasHeight)
    }

    /// Writes some rows of the canvas; several threads may write different rows of it at once.
    package func write(
        _ image: borrowing Image, into canvas: UnsafeMutableBufferPointer<UInt8>, order: ChannelOrder,
        rows: Range<Int>
    ) {
        let pitch = letterbox.canvasWidth * 3
        precondition(canvas.count == pitch * letterbox.canvasHeight, "another canvas size")
        guard let start = canvas.baseAddress else { return }
        withRows(of: image) { blended, matrix in
            for row in rows.clamped(to: 0..<letterbox.canvasHeight) {
                write(image, row: row, of: blended, &matrix, order, into: start + row * pitch)
            }
        }
    }

    /// Writes the whole canvas as levels times `scale`.
    package func write(
        _ image: borrowing Image, into canvas: UnsafeMutableBufferPointer<Float>, order: ChannelOrder, scale: Float
    ) {
        let pitch = letterbox.canvasWidth * 3
        precondition(canvas.count == pitch * letterbox.canvasHeight, "another canvas size")
        guard let start = canvas.baseAddress else { return }
        withRows(of: image) { blended, matrix in
            for row in 0..<letterbox.canvasHeight {
                write(image, row: row, of: blended, &matrix, order, into: blended.levels)
                sp_scale_levels(instructionSet.rawValue, blended.levels, pitch, scale, start + row * pitch)
            }
        }
    }

    private func withRows(of image: borrowing Image, _ body: (BlendedRows, inout sp_matrix) -> Void) {
        precondition(
            image.width == letterbox.sourceWidth && image.height == letterbox.sourceHeight, "another source size")
        var matrix = ColorMatrix(image.color).fixedPoint
        let blended =
            spare.withLock { $0.popLast() }
            ?? BlendedRows(width: letterbox.sourceWidth, canvasWidth: letterbox.canvasWidth)
        body(blended, &matrix)
        spare.withLock { $0.append(blended) }
    }

    /// Writes one row of the canvas.
    private func write(
        _ image: borrowing Image, row: Int, of blended: BlendedRows, _ matrix: inout sp_matrix, _ order: ChannelOrder,
        into out: UnsafeMutablePointer<UInt8>
    ) {
        let box = letterbox
        let place = row - box.top
        guard place >= 0, place < box.height else {
            out.update(repeating: Letterbox.fill, count: box.canvasWidth * 3)
            return
        }
        out.update(repeating: Letterbox.fill, count: box.left * 3)
        let right = box.left + box.width
        (out + right * 3).update(repeating: Letterbox.fill, count: (box.canvasWidth - right) * 3)
        blend(image.y, at: place, of: lumaRows, into: blended.y)
        blend(image.u, at: place, of: chromaRows, into: blended.u)
        blend(image.v, at: place, of: chromaRows, into: blended.v)
        sp_sample_row(
            instructionSet.rawValue, blended.y, blended.u, blended.v, lumaIndex, lumaWeights, chromaIndex,
            chromaWeights, box.width, &matrix, order == .bgr ? 1 : 0, out + box.left * 3)
    }

    private func blend(_ plane: Plane, at place: Int, of table: ResampleTable, into row: UnsafeMutablePointer<Int16>) {
        let upper = Int(table.index[place])
        let lower = min(upper + 1, plane.height - 1)
        sp_blend_rows(
            instructionSet.rawValue, plane.row(upper), plane.row(lower), plane.width, table.weight[place], row)
    }
}

/// Room for one vertically blended row of each plane, and for one row of the canvas.
private final class BlendedRows: @unchecked Sendable {
    // Sendable: only the thread that took it out of the spare ones writes it.
    let y: UnsafeMutablePointer<Int16>
    let u: UnsafeMutablePointer<Int16>
    let v: UnsafeMutablePointer<Int16>
    let levels: UnsafeMutablePointer<UInt8>

    init(width: Int, canvasWidth: Int) {
        y = .allocate(capacity: width + 1)
        u = .allocate(capacity: width / 2 + 2)
        v = .allocate(capacity: width / 2 + 2)
        levels = .allocate(capacity: canvasWidth * 3)
    }

    deinit {
        y.deallocate()
        u.deallocate()
        v.deallocate()
        levels.deallocate()
    }
}
