package import Graphs

extension ModelBuilder {
    /// N×C×H×W to N×O×H′×W′.
    ///
    /// - Parameter padding: on each side; nil: dilation · (kernel − 1) ÷ 2, with which an odd kernel at stride 1 keeps the
    ///   size.
    package mutating func convolution(
        _ x: ValueID, from inputs: Int, to outputs: Int, kernel: Size2D, stride: Size2D = Size2D(1),
        padding: Size2D? = nil, dilation: Size2D = Size2D(1), groups: Int = 1, bias: Bool = true,
        weights: Initializer = .standard, biases: Initializer? = nil, name: String = "convolution"
    ) throws(GraphError) -> ValueID {
        try checkGroups(groups, inputs, outputs)
        let window = Window(
            strides: stride, dilations: dilation, padding: Padding2D(padding ?? kernel.halved(dilation)))
        return try scope(name) { net throws(GraphError) in
            let area = kernel.height * kernel.width
            let fan = Fan(inputs / groups * area, outputs / groups * area)
            let kernels = try net.parameter(
                "weight", [outputs, inputs / groups, kernel.height, kernel.width], weights, fan: fan)
            let standard = Initializer.uniform(1 / Float(max(fan.inputs, 1)).squareRoot())
            let offset = bias ? try net.parameter("bias", [outputs], biases ?? standard) : nil
            return try net.result(
                .convolution(Convolution(window: window, groups: groups)), [x, kernels, offset])
        }
    }

    /// As above with square kernels and strides.
    package mutating func convolution(
        _ x: ValueID, from inputs: Int, to outputs: Int, kernel: Int, stride: Int = 1, padding: Int? = nil,
        dilation: Int = 1, groups: Int = 1, bias: Bool = true, weights: Initializer = .standard,
        biases: Initializer? = nil, name: String = "convolution"
    ) throws(GraphError) -> ValueID {
        try convolution(
            x, from: inputs, to: outputs, kernel: Size2D(kernel), stride: Size2D(stride),
            padding: padding.map { Size2D($0) }, dilation: Size2D(dilation), groups: groups, bias: bias,
            weights: weights, biases: biases, name: name)
    }

    /// What a convolution from `outputs` to `inputs` channels does to a gradient: N×C×H×W to N×O×H′×W′ with
    /// H′ = (H − 1)·stride − 2·padding + kernel + outputPadding.
    package mutating func convolutionTranspose(
        _ x: ValueID, from inputs: Int, to outputs: Int, kernel: Int, stride: Int = 1, padding: Int = 0,
        outputPadding: Int = 0, groups: Int = 1, bias: Bool = true, weights: Initializer = .standard,
        name: String = "convolutionTranspose"
    ) throws(GraphError) -> ValueID {
        try checkGroups(groups, inputs, outputs)
        let window = Window(strides: Size2D(stride), padding: Padding2D(padding))
        return try scope(name) { net throws(GraphError) in
            // PyTorch counts the weights I×O÷groups×h×w as if they were a convolution's.
            let area = kernel * kernel
            let fan = Fan(outputs / groups * area, inputs / groups * area)
            let kernels = try net.parameter("weight", [inputs, outputs / groups, kernel, kernel], weights, fan: fan)
            let standard = Initializer.uniform(1 / Float(max(fan.inputs, 1)).squareRoot())
            let offset = bias ? try net.parameter("bias", [outputs], standard) : nil
            return try net.result(
                .convolutionTranspose(
                    Convolution(window: window, groups: groups), outputPadding: Size2D(outputPadding)),
                [x, kernels, offset])
        }
    }

    private func checkGroups(_ groups: Int, _ inputs: Int, _ outputs: Int) throws(GraphError) {
        guard groups > 0, inputs % groups == 0, outputs % groups == 0 else {
            throw GraphError(.invalidAttribute("\(groups) groups from \(inputs) to \(outputs) channels"))
        }
    }
}

extension Padding2D {
    fileprivate init(_ sides: Size2D) {
        self.init(top: sides.height, left: sides.width, bottom: sides.height, right: sides.width)
    }
}

extension Size2D {
    fileprivate func halved(_ dilation: Size2D) -> Size2D {
        Size2D(height: dilation.height * (height - 1) / 2, width: dilation.width * (width - 1) / 2)
    }
}
