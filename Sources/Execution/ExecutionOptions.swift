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
    /// Names of intermediate tensors that stay readable after a run (feature maps for appearance, Grad-CAM).
    package var keep: [String]

    package init(
        inputLayout: InputLayout = .asWritten, instructionSet: InstructionSet = .best, keep: [String] = []
    ) {
        self.inputLayout = inputLayout
        self.instructionSet = instructionSet
        self.keep = keep
    }
}
