/// The order of an image tensor's axes.
package enum DataFormat: String, Hashable, Sendable, CaseIterable {
    /// N×C×H×W.
    case channelsFirst
    /// N×H×W×C.
    case channelsLast
}

package struct Size2D: Hashable, Sendable, CustomStringConvertible {
    package var height: Int
    package var width: Int

    package init(height: Int, width: Int) {
        self.height = height
        self.width = width
    }

    package init(_ side: Int) { self.init(height: side, width: side) }

    package var description: String { "\(height)×\(width)" }
}

package struct Padding2D: Hashable, Sendable {
    package var top: Int
    package var left: Int
    package var bottom: Int
    package var right: Int

    package init(top: Int, left: Int, bottom: Int, right: Int) {
        self.top = top
        self.left = left
        self.bottom = bottom
        self.right = right
    }

    package init(_ all: Int = 0) { self.init(top: all, left: all, bottom: all, right: all) }
}

/// How a window moves over an image.
package struct Window: Hashable, Sendable {
    /// How the padding is found: as written, or so that the result has ⌈extent ÷ stride⌉, with the odd row at the end
    /// (`sameUpper`) or the beginning (`sameLower`). Specialized graphs have `explicit` only.
    package enum AutoPadding: String, Hashable, Sendable { case explicit, sameUpper, sameLower }

    package var strides: Size2D
    package var dilations: Size2D
    package var padding: Padding2D
    package var autoPadding: AutoPadding

    package init(
        strides: Size2D = Size2D(1), dilations: Size2D = Size2D(1), padding: Padding2D = Padding2D(),
        autoPadding: AutoPadding = .explicit
    ) {
        self.strides = strides
        self.dilations = dilations
        self.padding = padding
        self.autoPadding = autoPadding
    }
}

package struct Convolution: Hashable, Sendable {
    package var window: Window
    package var groups: Int
    package var activation: Activation
    package var dataFormat: DataFormat

    package init(
        window: Window = Window(), groups: Int = 1, activation: Activation = .none,
        dataFormat: DataFormat = .channelsFirst
    ) {
        self.window = window
        self.groups = groups
        self.activation = activation
        self.dataFormat = dataFormat
    }
}

package struct BatchNormalization: Hashable, Sendable {
    package var epsilon: Float
    package var dataFormat: DataFormat

    package init(epsilon: Float = 1e-5, dataFormat: DataFormat = .channelsFirst) {
        self.epsilon = epsilon
        self.dataFormat = dataFormat
    }
}

package struct GroupNormalization: Hashable, Sendable {
    /// Channels are a multiple of it; as many as channels: instance normalization.
    package var groups: Int
    package var epsilon: Float
    package var dataFormat: DataFormat

    package init(groups: Int, epsilon: Float = 1e-5, dataFormat: DataFormat = .channelsFirst) {
        self.groups = groups
        self.epsilon = epsilon
        self.dataFormat = dataFormat
    }
}

package struct Dropout: Hashable, Sendable {
    /// The probability of becoming 0; in [0, 1).
    package var rate: Float
    /// Tells the random numbers of a graph's dropouts apart.
    package var stream: Int

    package init(rate: Float, stream: Int = 0) {
        self.rate = rate
        self.stream = stream
    }
}

/// How a recurrent layer goes over its sequences.
package struct Recurrence: Hashable, Sendable {
    package enum Direction: String, Hashable, Sendable, CaseIterable {
        case forward, reverse, bidirectional

        /// D.
        package var count: Int { self == .bidirectional ? 2 : 1 }
    }

    /// H.
    package var hiddenSize: Int
    package var direction: Direction

    package init(hiddenSize: Int, direction: Direction = .forward) {
        self.hiddenSize = hiddenSize
        self.direction = direction
    }
}

package struct Pool: Hashable, Sendable {
    package var kernel: Size2D
    package var window: Window
    /// Whether a last window that hangs over the padded border counts. It never starts past the leading padding and
    /// the image.
    package var ceilMode: Bool
    package var dataFormat: DataFormat

    package init(
        kernel: Size2D, window: Window = Window(), ceilMode: Bool = false, dataFormat: DataFormat = .channelsFirst
    ) {
        self.kernel = kernel
        self.window = window
        self.ceilMode = ceilMode
        self.dataFormat = dataFormat
    }
}

/// Resampling. `Coordinates` maps a result index to the input as ONNX's `coordinate_transformation_mode` does; the scale
/// of an axis is the one given, or result extent ÷ input extent when sizes are given.
package struct Resize: Hashable, Sendable {
    package enum Mode: String, Hashable, Sendable { case nearest, linear }
    package enum Coordinates: String, Hashable, Sendable {
        /// i ÷ scale.
        case asymmetric
        /// (i + ½) ÷ scale − ½.
        case halfPixel
        /// As `halfPixel`, but 0 when the result has one element.
        case pytorchHalfPixel
        /// i · (input − 1) ÷ (result − 1), 0 when the result has one element.
        case alignCorners
    }
    /// How `nearest` rounds a coordinate.
    package enum Rounding: String, Hashable, Sendable { case preferFloor, preferCeil, floor, ceil }

    package var mode: Mode
    package var coordinates: Coordinates
    package var rounding: Rounding
    package var dataFormat: DataFormat

    package init(
        mode: Mode, coordinates: Coordinates, rounding: Rounding = .floor, dataFormat: DataFormat = .channelsFirst
    ) {
        self.mode = mode
        self.coordinates = coordinates
        self.rounding = rounding
        self.dataFormat = dataFormat
    }
}

package struct Gemm: Hashable, Sendable {
    package var alpha: Float
    package var beta: Float
    package var transposesA: Bool
    package var transposesB: Bool

    package init(alpha: Float = 1, beta: Float = 1, transposesA: Bool = false, transposesB: Bool = false) {
        self.alpha = alpha
        self.beta = beta
        self.transposesA = transposesA
        self.transposesB = transposesB
    }
}

package struct Reduce: Hashable, Sendable {
    package var function: ReduceFunction
    /// Nil: all axes.
    package var axes: [Int]?
    package var keepsDimensions: Bool

    package init(_ function: ReduceFunction, axes: [Int]?, keepsDimensions: Bool = true) {
        self.function = function
        self.axes = axes
        self.keepsDimensions = keepsDimensions
    }
}
