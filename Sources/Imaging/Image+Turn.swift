import CSaccadePixels

/// The eight ways to lay a picture on its frame: rotations clockwise, and reflections.
package enum Turn: String, Hashable, Sendable, CaseIterable {
    case identity
    case rotate90
    case rotate180
    case rotate270
    /// Left and right are exchanged.
    case flipHorizontal
    /// Top and bottom are exchanged.
    case flipVertical
    /// Columns become rows: a reflection at the diagonal from the top left corner.
    case transpose
    /// A reflection at the diagonal from the top right corner.
    case transverse

    /// Whether width and height are exchanged.
    package var exchangesSides: Bool {
        switch self {
        case .rotate90, .rotate270, .transpose, .transverse: true
        case .identity, .rotate180, .flipHorizontal, .flipVertical: false
        }
    }

    /// What happens before width and height are exchanged.
    fileprivate var flips: (x: Bool, y: Bool) {
        switch self {
        case .identity, .transpose: (false, false)
        case .rotate90, .flipVertical: (false, true)
        case .rotate270, .flipHorizontal: (true, false)
        case .rotate180, .transverse: (true, true)
        }
    }
}

extension Image {
    /// A copy, turned.
    package borrowing func turned(_ turn: Turn, from pool: ImagePool) -> Image {
        let image = pool.image(
            width: turn.exchangesSides ? height : width, height: turn.exchangesSides ? width : height, color: color)
        y.turn(turn, into: image.y)
        u.turn(turn, into: image.u)
        v.turn(turn, into: image.v)
        return image
    }
}

extension Plane {
    fileprivate func turn(_ turn: Turn, into target: Plane) {
        sp_turn_plane(
            baseAddress, stride, width, height, turn.flips.x ? 1 : 0, turn.flips.y ? 1 : 0,
            turn.exchangesSides ? 1 : 0, target.baseAddress, target.stride)
    }
}
