/// How luma and chroma become red, green and blue.
package struct ColorDescription: Hashable, Sendable {
    package enum Matrix: String, Hashable, Sendable {
        case bt601, bt709, bt2020
    }

    package var matrix: Matrix
    /// Whether luma runs from 0 to 255 (as in JPEG) and not from 16 to 235.
    package var isFullRange: Bool

    package init(matrix: Matrix, isFullRange: Bool) {
        self.matrix = matrix
        self.isFullRange = isFullRange
    }
}

/// One plane of a picture: rows of bytes, `stride` bytes apart.
package struct Plane {
    package let baseAddress: UnsafeMutablePointer<UInt8>
    package let stride: Int
    package let width: Int
    package let height: Int

    package init(baseAddress: UnsafeMutablePointer<UInt8>, stride: Int, width: Int, height: Int) {
        self.baseAddress = baseAddress
        self.stride = stride
        self.width = width
        self.height = height
    }

    /// The first byte of a row; the row is one of 0..<height.
    package func row(_ index: Int) -> UnsafeMutablePointer<UInt8> {
        assert(index >= 0 && index < height)
        return baseAddress + index &* stride
    }
}

/// A picture in 8-bit planar YUV 4:2:0: a full-size luma plane and two chroma planes of half the width and height
/// (rounded up).
///
/// It is the one pixel format of the video wing: decoders deliver it, the letterbox reads it, annotators draw on it and
/// encoders take it. The memory belongs to `owner` (a decoder's frame, say, which the decoder may still refer to), so a
/// picture that is to be drawn on is made exclusive first; that copies it when the memory is shared.
package struct Image: ~Copyable, @unchecked Sendable {
    // Sendable: an image has one owner at a time, and shared memory is only read until `makeExclusive`.
    /// Sides are at most this long, so that no size computed from them can overflow.
    package static let longestSide = 1 << 16

    package let width: Int
    package let height: Int
    package let color: ColorDescription
    package let y: Plane
    package let u: Plane
    package let v: Plane
    /// Whether nobody else reads or writes the planes.
    package let isExclusive: Bool
    /// What keeps the planes valid.
    package let owner: AnyObject

    /// A picture over planes that stay valid for as long as `owner` lives.
    package init(
        width: Int, height: Int, color: ColorDescription, y: Plane, u: Plane, v: Plane, isExclusive: Bool,
        owner: AnyObject
    ) {
        self.width = width
        self.height = height
        self.color = color
        self.y = y
        self.u = u
        self.v = v
        self.isExclusive = isExclusive
        self.owner = owner
    }
}
