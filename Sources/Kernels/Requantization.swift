import CSaccadeKernels
import Glibc
package import Tensors

/// How the s32 sums of a quantized product become its result: the Swift side of `requantize.h`.
///
///     let requantization = Requantization(activation: .silu, output: parameters, addend: nil)
///     let multiplier = requantization.multiplier(sumScale: inputScale * weightScale)
///
/// Linear results (no activation, ReLU, clip) are scaled and clamped. Any other activation is a curve of 64 straight
/// pieces over the values before it that matter: outside of them the result is the same as at their ends.
package struct Requantization: @unchecked Sendable {
    // Sendable: nothing is written after init; the curve is owned and kept alive by `memory`.
    let code: sk_requantize
    /// What sums, times their scale, are multiplied with.
    private let stepsPerUnit: Float
    /// What is added to a value before the activation, in steps of the curve.
    private let curveOffset: Double
    private let memory: Memory?

    private final class Memory: Sendable {
        let buffer: TensorBuffer
        init() throws(TensorError) { buffer = try TensorBuffer(byteCount: 2 * pieces * 2) }
    }

    /// Places below a step of the result.
    private static let fraction = Float(1 << SK_FRACTION)
    private static let pieces = Int(SK_CURVE_PIECES)

    /// - Parameters:
    ///   - output: of the u8 result; nil for a float result, which has no activation and no addend.
    ///   - addend: of a u8 tensor that is added after the activation.
    /// - Returns: nil for what has no integer form: an activation or addend of a float result, or an addend whose scale is
    ///   twice the result's or more.
    package init?(
        activation: FusedActivation, output: QuantizationParameters?, addend: QuantizationParameters?
    ) throws(TensorError) {
        guard let output else {
            guard activation == .none, addend == nil else { return nil }
            code = sk_requantize(
                kind: sk_result_f32, zero_point: 0, low: 0, high: 0, curve: nil, addend_zero_point: 0,
                addend_multiplier: 0)
            stepsPerUnit = 1
            curveOffset = 0
            memory = nil
            return
        }
        guard let scale = output.scale, let zeroPoint = output.zeroPoint else { return nil }
        var addendMultiplier: Float = 0
        var addendZeroPoint: Int32 = 0
        // What the addend can take away or give, so what the activation must reach beyond the result's range.
        var (addendLow, addendHigh): (Float, Float) = (0, 0)
        if let addend {
            guard let addendScale = addend.scale, let zero = addend.zeroPoint else { return nil }
            addendMultiplier = (addendScale / scale * 16384).rounded(.toNearestOrEven)
            guard addendMultiplier <= 32767 else { return nil }
            addendZeroPoint = zero
            addendLow = addendScale * Float(0 - zero)
            addendHigh = addendScale * Float(255 - zero)
        }
        let places = addend == nil ? 1 : Self.fraction

        func bound(_ x: Float) -> Int16 {
            Int16(max(-32768, min(32767, (x / scale * places).rounded(.toNearestOrEven))))
        }
        var low = Int16.min
        var high = Int16.max
        switch activation {
        case .none: break
        case .relu: low = 0
        case .clip(let minimum, let maximum): (low, high) = (bound(minimum), bound(maximum))
        default:
            let range = (
                scale * Float(0 - zeroPoint) - addendHigh, scale * Float(255 - zeroPoint) - addendLow
            )
            let domain = Self.domain(of: activation, result: range, step: scale)
            let memory = try Memory()
            let curve = memory.buffer.baseAddress.bindMemory(to: Int16.self, capacity: 2 * Self.pieces)
            Self.fill(curve, activation, domain, scale: scale)
            stepsPerUnit = 65536 / (domain.high - domain.low)
            curveOffset = -Double(domain.low) * Double(stepsPerUnit) - 32768
            code = sk_requantize(
                kind: sk_result_curve, zero_point: zeroPoint, low: 0, high: 0, curve: curve,
                addend_zero_point: Int16(clamping: addendZeroPoint), addend_multiplier: Int16(addendMultiplier))
            self.memory = memory
            return
        }
        code = sk_requantize(
            kind: sk_result_linear, zero_point: zeroPoint, low: low, high: high, curve: nil,
            addend_zero_point: Int16(clamping: addendZeroPoint), addend_multiplier: Int16(addendMultiplier))
        stepsPerUnit = places / scale
        curveOffset = 0
        memory = nil
    }

    /// What sums of this scale (input scale · weight scale) are multiplied with.
    package func multiplier(sumScale: Float) -> Float { sumScale * stepsPerUnit }

    /// What must be added to sums of this scale, since a curve's domain does not begin at zero.
    package func sumOffset(sumScale: Float) -> Double {
        (curveOffset / Double(multiplier(sumScale: sumScale))).rounded()
    }

    // MARK: Curves

    /// The values before the activation between whose ends the result changes. Zero is the beginning of a piece, where
    /// activations have their bend.
    private static func domain(
        of activation: FusedActivation, result: (low: Float, high: Float), step: Float
    ) -> (low: Float, high: Float) {
        let reach: Float = 16384
        // The activation, kept in the result's range: flat where the result cannot change any more.
        func value(_ x: Float) -> Float { min(max(activation(x), result.low - step), result.high + step) }
        func edge(towards sign: Float) -> Float {
            let end = value(sign * reach)
            var (inner, outer): (Float, Float) = (0, reach)
            // The largest |x| at which the value still differs from its end by an eighth of a step.
            for _ in 0..<40 {
                let middle = (inner + outer) / 2
                if abs(value(sign * middle) - end) > step / 8 { inner = middle } else { outer = middle }
            }
            return sign * outer
        }
        let low = min(edge(towards: -1), -1e-3)
        let high = max(edge(towards: 1), 1e-3)
        let below = min(max(Int((-low / (high - low) * Float(pieces)).rounded()), 1), pieces - 1)
        let piece = max(-low / Float(below), high / Float(pieces - below))
        return (-piece * Float(below), piece * Float(pieces - below))
    }

    /// Writes the rise over each piece, then the value at the beginning of each.
    private static func fill(
        _ curve: UnsafeMutablePointer<Int16>, _ activation: FusedActivation, _ domain: (low: Float, high: Float),
        scale: Float
    ) {
        let piece = (domain.high - domain.low) / Float(pieces)
        func value(_ index: Int) -> Float { activation(domain.low + Float(index) * piece) }
        func point(_ index: Int) -> Int16 {
            // Straight pieces between points of a curve lie on one side of it, by a twelfth of its second difference on
            // average. Moved by that the error has no mean, and sums of many results have none either.
            let bend = activation.isSmooth ? (value(index + 1) - 2 * value(index) + value(index - 1)) / 12 : 0
            let y = (value(index) - bend) / scale * fraction
            return Int16(max(-32768, min(32767, y.rounded(.toNearestOrEven))))
        }
        for index in 0..<pieces {
            // t = -32768 is the beginning of the domain; tables begin at t = 0.
            let place = (index + pieces / 2) % pieces
            curve[place] = Int16(clamping: Int(point(index + 1)) - Int(point(index)))
            curve[pieces + place] = point(index)
        }
    }
}

extension FusedActivation {
    /// Whether it has no corners, which straight pieces follow exactly.
    fileprivate var isSmooth: Bool {
        switch self {
        case .silu, .sigmoid, .tanh, .hardSwish: true
        default: false
        }
    }

    /// The activation of one number.
    package func callAsFunction(_ x: Float) -> Float { sk_activation_naive(code, x) }
}

extension Requantization {
    /// The byte that a sum becomes, without an addend: the oracle's arithmetic.
    package func result(sum: Int32, multiplier: Float) -> UInt8 {
        var code = code
        return sk_requantize_naive(&code, sum, multiplier, nil)
    }
}
