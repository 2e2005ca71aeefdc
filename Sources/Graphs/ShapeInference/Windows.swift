import Tensors

/// The extents of an image tensor by name.
struct ImageExtents {
    let batch: Int
    let channels: Int
    let height: Int
    let width: Int
    let format: DataFormat

    init(_ shape: Shape, _ format: DataFormat) throws(GraphError) {
        guard shape.rank == 4 else { throw GraphError(.wrongRank(shape.rank, expected: 4...4)) }
        self.format = format
        batch = shape[0]
        switch format {
        case .channelsFirst: (channels, height, width) = (shape[1], shape[2], shape[3])
        case .channelsLast: (height, width, channels) = (shape[1], shape[2], shape[3])
        }
    }

    func replacing(channels: Int? = nil, height: Int, width: Int) throws(GraphError) -> Shape {
        let channels = channels ?? self.channels
        switch format {
        case .channelsFirst: return try checkedShape([batch, channels, height, width])
        case .channelsLast: return try checkedShape([batch, height, width, channels])
        }
    }
}

extension Window {
    /// Strides, dilations, kernels and pads past this are refused: no image is as large.
    static let maximumExtent = 1 << 16

    /// The window with its padding written out.
    func explicit(kernel: Size2D, image: Size2D) throws(GraphError) -> Window {
        try check(kernel: kernel)
        guard autoPadding != .explicit else { return self }
        func pads(_ extent: Int, _ stride: Int, _ dilation: Int, _ kernel: Int) -> (begin: Int, end: Int) {
            let outputs = (extent + stride - 1) / stride
            let total = max(0, (outputs - 1) * stride + (kernel - 1) * dilation + 1 - extent)
            let small = total / 2
            return autoPadding == .sameUpper ? (small, total - small) : (total - small, small)
        }
        let vertical = pads(image.height, strides.height, dilations.height, kernel.height)
        let horizontal = pads(image.width, strides.width, dilations.width, kernel.width)
        var window = self
        window.autoPadding = .explicit
        window.padding = Padding2D(
            top: vertical.begin, left: horizontal.begin, bottom: vertical.end, right: horizontal.end)
        return window
    }

    /// How many places the window takes in an image.
    func outputSize(kernel: Size2D, image: Size2D, ceilMode: Bool = false) throws(GraphError) -> Size2D {
        let window = try explicit(kernel: kernel, image: image)
        func places(_ extent: Int, _ stride: Int, _ dilation: Int, _ kernel: Int, _ begin: Int, _ end: Int)
            throws(GraphError) -> Int
        {
            // Bounded by `check` and by `Shape`, so the sums stay far from the range of Int.
            let room = extent + begin + end - ((kernel - 1) * dilation + 1)
            guard room >= 0 else {
                throw GraphError(.incompatibleShapes("a kernel of \(kernel) by \(dilation) over \(extent)"))
            }
            guard ceilMode else { return room / stride + 1 }
            let count = (room + stride - 1) / stride + 1
            return (count - 1) * stride >= extent + begin ? count - 1 : count
        }
        return Size2D(
            height: try places(
                image.height, strides.height, dilations.height, kernel.height, window.padding.top,
                window.padding.bottom),
            width: try places(
                image.width, strides.width, dilations.width, kernel.width, window.padding.left, window.padding.right))
    }

    private func check(kernel: Size2D) throws(GraphError) {
        let limit = Window.maximumExtent
        for value in [strides.height, strides.width, dilations.height, dilations.width, kernel.height, kernel.width]
        where value < 1 || value > limit {
            throw GraphError(
                .invalidAttribute("a window with kernel \(kernel), strides \(strides), dilations \(dilations)"))
        }
        for pad in [padding.top, padding.left, padding.bottom, padding.right] where pad < 0 || pad > limit {
            throw GraphError(.invalidAttribute("padding of \(pad)"))
        }
    }
}

extension Convolution {
    func outputShape(x: Shape, weights: Shape, bias: Shape?) throws(GraphError) -> Shape {
        let image = try ImageExtents(x, dataFormat)
        guard weights.rank == 4 else { throw GraphError(.wrongRank(weights.rank, expected: 4...4)) }
        guard groups >= 1, image.channels % groups == 0, weights[0] % groups == 0,
            weights[1] == image.channels / groups, weights[0] > 0, weights[1] > 0
        else {
            throw GraphError(
                .incompatibleShapes("weights of \(weights) in \(groups) groups for \(image.channels) channels"))
        }
        if let bias, bias.dimensions != [weights[0]] {
            throw GraphError(.incompatibleShapes("a bias of \(bias) for \(weights[0]) channels"))
        }
        let size = try window.outputSize(
            kernel: Size2D(height: weights[2], width: weights[3]),
            image: Size2D(height: image.height, width: image.width))
        return try image.replacing(channels: weights[0], height: size.height, width: size.width)
    }
}

extension Convolution {
    /// The shape of a transposed convolution's result: that of the image which a convolution would read.
    func transposedShape(x: Shape, weights: Shape, bias: Shape?, outputPadding: Size2D) throws(GraphError) -> Shape {
        let image = try ImageExtents(x, dataFormat)
        guard weights.rank == 4 else { throw GraphError(.wrongRank(weights.rank, expected: 4...4)) }
        guard groups >= 1, weights[0] == image.channels, image.channels % groups == 0, weights[0] > 0, weights[1] > 0
        else {
            throw GraphError(
                .incompatibleShapes("weights of \(weights) in \(groups) groups for \(image.channels) channels"))
        }
        let channels = try checkedMultiply(weights[1], groups)
        if let bias, bias.dimensions != [channels] {
            throw GraphError(.incompatibleShapes("a bias of \(bias) for \(channels) channels"))
        }
        guard window.autoPadding == .explicit, (0..<window.strides.height).contains(outputPadding.height),
            (0..<window.strides.width).contains(outputPadding.width)
        else { throw GraphError(.invalidAttribute("output padding of \(outputPadding)")) }
        // The extents are bounded by `Shape` and the window by `check`.
        _ = try window.explicit(kernel: Size2D(height: weights[2], width: weights[3]), image: Size2D(1))
        func extent(_ places: Int, _ stride: Int, _ dilation: Int, _ kernel: Int, _ pads: Int, _ extra: Int) -> Int {
            places == 0 ? 0 : (places - 1) * stride + (kernel - 1) * dilation + 1 - pads + extra
        }
        let padding = window.padding
        return try image.replacing(
            channels: channels,
            height: extent(
                image.height, window.strides.height, window.dilations.height, weights[2],
                padding.top + padding.bottom, outputPadding.height),
            width: extent(
                image.width, window.strides.width, window.dilations.width, weights[3],
                padding.left + padding.right, outputPadding.width))
    }
}

extension GroupNormalization {
    /// The shapes of scale and bias, and of the statistics.
    func parameterShapes(_ x: Shape) throws(GraphError) -> (channels: Shape, statistics: Shape) {
        guard x.rank >= 2 else { throw GraphError(.wrongRank(x.rank, expected: 2...Int.max)) }
        let channels = x[dataFormat == .channelsFirst ? 1 : x.rank - 1]
        guard groups >= 1, channels % groups == 0 else {
            throw GraphError(.invalidAttribute("\(groups) groups of \(channels) channels"))
        }
        return (try checkedShape([channels]), try checkedShape([x[0], groups]))
    }
}

extension Pool {
    func outputShape(x: Shape) throws(GraphError) -> Shape {
        let image = try ImageExtents(x, dataFormat)
        let window = try window.explicit(kernel: kernel, image: Size2D(height: image.height, width: image.width))
        let padding = window.padding
        // Otherwise a place could see padding alone, and its maximum or mean would be of nothing.
        let tall = (kernel.height - 1) * window.dilations.height + 1
        let wide = (kernel.width - 1) * window.dilations.width + 1
        guard max(padding.top, padding.bottom) < tall, max(padding.left, padding.right) < wide else {
            throw GraphError(.invalidAttribute("padding \(padding) as large as the kernel \(kernel)"))
        }
        let size = try window.outputSize(
            kernel: kernel, image: Size2D(height: image.height, width: image.width), ceilMode: ceilMode)
        return try image.replacing(height: size.height, width: size.width)
    }
}

extension BatchNormalization {
    func channelAxis(rank: Int) throws(GraphError) -> Int {
        guard rank >= 2 else { throw GraphError(.wrongRank(rank, expected: 2...Int.max)) }
        return dataFormat == .channelsFirst ? 1 : rank - 1
    }
}

extension Resize {
    func outputShape(x: Shape, scales: [Float]?, sizes: [Int]?) throws(GraphError) -> Shape {
        let image = try ImageExtents(x, dataFormat)
        var extents = [Int]()
        switch (scales, sizes) {
        case (nil, let sizes?):
            extents = sizes
        case (let scales?, nil):
            guard scales.count == 4 else {
                throw GraphError(.invalidAttribute("\(scales.count) scales of 4 axes"))
            }
            for (extent, scale) in zip(x.dimensions, scales) {
                guard scale.isFinite, scale > 0 else { throw GraphError(.invalidAttribute("a scale of \(scale)")) }
                let result = (Float(extent) * scale).rounded(.down)
                guard result <= Float(Shape.maximumCount) else { throw GraphError(.tooLarge) }
                extents.append(Int(result))
            }
        default:
            throw GraphError(.invalidAttribute("a resize takes scales or sizes, and not both"))
        }
        guard extents.count == 4 else { throw GraphError(.invalidAttribute("\(extents.count) sizes of 4 axes")) }
        let result = try checkedShape(extents)
        let resized = try ImageExtents(result, dataFormat)
        guard resized.batch == image.batch, resized.channels == image.channels else {
            throw GraphError(.incompatibleShapes("a resize from \(x) to \(result): only height and width may change"))
        }
        guard resized.height > 0, resized.width > 0, image.height > 0, image.width > 0 else {
            throw GraphError(.incompatibleShapes("a resize from \(x) to \(result)"))
        }
        return result
    }
}
