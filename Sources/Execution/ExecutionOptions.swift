package import Kernels

/// How a graph is planned.
package struct ExecutionOptions: Hashable, Sendable {
    /// The order of the axes of image inputs (four axes), as the caller writes them.
    package enum InputLayout: Hashable, Sendable {
        /// N×C×H×W, as the model file says.
        case asWritten
        /// N×H×W×C: pixels as they come, and no transpose before the first convolution.
        case channelsLast
    }

    package var inputLayout: InputLayout
    /// Whose kernels are used; all of them give the same results up to rounding.
    package var instructionSet: InstructionSet
    /// Whether quantized parts compute with integers; otherwise their roundings are carried out on float numbers.
    package var integers: Bool
    /// Whether inputs that are only quantized and outputs that are only dequantized are bytes (`Port.quantization`).
    package var integerPorts: Bool
    /// Names of intermediate tensors that stay readable after a run (feature maps for appearance, Grad-CAM).
    package var keep: [String]
    /// The inputs and outputs that lie in memory which sessions are given, by name: bytes from its beginning, multiples of
    /// 64. Parameters and gradients, which plans for batches of several shapes have in common.
    package var shared: [String: Int]
    /// Inputs that are written when all that does not depend on them is computed (`Session.runEarly`), by name: targets
    /// that depend on outputs.
    package var late: [String]

    package init(
        inputLayout: InputLayout = .asWritten, instructionSet: InstructionSet = .best, integers: Bool = true,
        integerPorts: Bool = false, keep: [String] = [], shared: [String: Int] = [:], late: [String] = []
    ) {
        self.inputLayout = inputLayout
        self.instructionSet = instructionSet
        self.integers = integers
        self.integerPorts = integerPorts
        self.keep = keep
        self.shared = shared
        self.late = late
    }
}
