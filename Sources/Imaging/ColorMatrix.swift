import CSaccadePixels

/// The conversion between YUV and RGB that a `ColorDescription` names (ITU-R BT.601, BT.709, BT.2020 with constant
/// coefficients; limited range is 16...235 for luma and 16...240 for chroma).
struct ColorMatrix {
    /// Shares of red and blue in luma.
    let kr: Double
    let kb: Double
    /// Levels of luma from black to white, of chroma from end to end, and the level of black.
    let lumaRange: Double
    let chromaRange: Double
    let black: Double

    init(_ color: ColorDescription) {
        switch color.matrix {
        case .bt601: (kr, kb) = (0.299, 0.114)
        case .bt709: (kr, kb) = (0.2126, 0.0722)
        case .bt2020: (kr, kb) = (0.2627, 0.0593)
        }
        (lumaRange, chromaRange, black) = color.isFullRange ? (255, 255, 0) : (219, 224, 16)
    }

    /// Red, green and blue of 0...255 as luma and chroma levels, rounded.
    func yuv(red: Double, green: Double, blue: Double) -> (y: UInt8, u: UInt8, v: UInt8) {
        let luma = kr * red + (1 - kr - kb) * green + kb * blue
        let u = (blue - luma) / (2 * (1 - kb)) / 255 * chromaRange + 128
        let v = (red - luma) / (2 * (1 - kr)) / 255 * chromaRange + 128
        func level(_ value: Double) -> UInt8 { UInt8(min(max(value.rounded(), 0), 255)) }
        return (level(luma / 255 * lumaRange + black), level(u), level(v))
    }

    /// The conversion to RGB in the fixed point of `sp_sample_row`.
    var fixedPoint: sp_matrix {
        let kg = 1 - kr - kb
        let (luma, chroma) = (255 / lumaRange, 255 / chromaRange)
        func fixed(_ value: Double) -> Int16 { Int16((value * 8192).rounded()) }
        // Y is centred on 128 in the loops: bring back (128 - black) * luma, in 1/2^19, and one half.
        return sp_matrix(
            yy: fixed(luma),
            rv: fixed(2 * (1 - kr) * chroma),
            gu: fixed(-2 * (1 - kb) * kb / kg * chroma),
            gv: fixed(-2 * (1 - kr) * kr / kg * chroma),
            bu: fixed(2 * (1 - kb) * chroma),
            offset: Int32(((128 - black) * luma * 524_288).rounded()) + (1 << 18))
    }
}
