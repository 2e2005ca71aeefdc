package import Tensors

/// How many numbers go into, and how many results come of, an element of a layer.
package struct Fan: Hashable, Sendable {
    package var inputs: Int
    package var outputs: Int

    package init(_ inputs: Int, _ outputs: Int? = nil) {
        self.inputs = inputs
        self.outputs = outputs ?? inputs
    }
}

/// How the elements of a parameter begin.
package enum Initializer: Hashable, Sendable {
    case constant(Float)
    /// In ±bound.
    case uniform(Float)
    case normal(deviation: Float)
    /// Normal numbers, drawn again outside ±2 deviations.
    case truncatedNormal(deviation: Float)
    /// He et al. 2015, for rectifiers with a slope on the negative side: ±√(6 ÷ ((1 + slope²) · inputs)).
    case kaimingUniform(slope: Float)
    /// He et al. 2015 with deviation √(2 ÷ outputs), as residual networks have it.
    case kaimingNormal
    /// Glorot and Bengio 2010: ±√(6 ÷ (inputs + outputs)).
    case xavierUniform
    /// Glorot and Bengio 2010: deviation √(2 ÷ (inputs + outputs)).
    case xavierNormal

    package static let zeros = Initializer.constant(0)
    package static let ones = Initializer.constant(1)
    /// PyTorch's for products and convolutions: Kaiming with slope √5, which is ±1 ÷ √inputs.
    package static let standard = Initializer.kaimingUniform(slope: Float(5).squareRoot())

    package func fill(_ values: UnsafeMutableBufferPointer<Float>, fan: Fan, _ numbers: inout Philox) {
        let (inputs, outputs) = (Float(max(fan.inputs, 1)), Float(max(fan.outputs, 1)))
        switch self {
        case .constant(let value): values.update(repeating: value)
        case .uniform(let bound): numbers.fillUniform(values, -bound..<max(bound, -bound))
        case .normal(let deviation): numbers.fillNormal(values, deviation: deviation)
        case .truncatedNormal(let deviation):
            for index in values.indices {
                var value = numbers.normal()
                while abs(value) > 2 { value = numbers.normal() }
                values[index] = deviation * value
            }
        case .kaimingUniform(let slope):
            Initializer.uniform((6 / ((1 + slope * slope) * inputs)).squareRoot()).fill(values, fan: fan, &numbers)
        case .kaimingNormal: numbers.fillNormal(values, deviation: (2 / outputs).squareRoot())
        case .xavierUniform:
            Initializer.uniform((6 / (inputs + outputs)).squareRoot()).fill(values, fan: fan, &numbers)
        case .xavierNormal: numbers.fillNormal(values, deviation: (2 / (inputs + outputs)).squareRoot())
        }
    }
}
