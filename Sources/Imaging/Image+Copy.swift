extension Image {
    /// Makes the planes this picture's own, so that it can be drawn on. It copies them when they are shared.
    package mutating func makeExclusive(from pool: ImagePool) {
        if !isExclusive { self = copy(from: pool) }
    }

    /// A copy in memory of its own.
    package borrowing func copy(from pool: ImagePool) -> Image {
        let image = pool.image(width: width, height: height, color: color)
        y.copy(to: image.y)
        u.copy(to: image.u)
        v.copy(to: image.v)
        return image
    }

    /// A copy of the part from (x, y) of the given size; `nil` when no pixel of it lies inside the picture.
    ///
    /// The part is clipped to the picture, and its left and top edge move to the next even pixel to the left and above,
    /// so that chroma samples stay whole.
    package borrowing func cropped(x: Int, y: Int, width: Int, height: Int, from pool: ImagePool) -> Image? {
        guard width > 0, height > 0 else { return nil }
        // From a negative place the sum cannot overflow; from inside the picture its own size is enough.
        let right = min(max(x < 0 ? x + width : min(x, self.width) + min(width, self.width), 0), self.width)
        let bottom = min(max(y < 0 ? y + height : min(y, self.height) + min(height, self.height), 0), self.height)
        guard max(x, 0) < right, max(y, 0) < bottom else { return nil }
        let (left, top) = (max(x, 0) & ~1, max(y, 0) & ~1)
        let image = pool.image(width: right - left, height: bottom - top, color: color)
        self.y.part(x: left, y: top).copy(to: image.y)
        u.part(x: left / 2, y: top / 2).copy(to: image.u)
        v.part(x: left / 2, y: top / 2).copy(to: image.v)
        return image
    }
}

extension Plane {
    /// The plane from a pixel inside it to its right and lower edge.
    func part(x: Int, y: Int) -> Plane {
        Plane(baseAddress: row(y) + x, stride: stride, width: width - x, height: height - y)
    }

    /// Copies the upper left part that fits `target`, which is not larger than this plane.
    func copy(to target: Plane) {
        assert(target.width <= width && target.height <= height)
        for y in 0..<target.height { target.row(y).update(from: row(y), count: target.width) }
    }
}
