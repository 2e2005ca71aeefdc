package import Graphs

extension ModelBuilder {
    /// Each channel of N×C×… by its mean and variance: of the batch in training, running ones in inference (Ioffe and
    /// Szegedy 2015).
    package mutating func batchNormalization(
        _ x: ValueID, channels: Int, epsilon: Float = 1e-5, scale: Initializer = .ones, name: String = "norm"
    ) throws(GraphError) -> ValueID {
        try scope(name) { net throws(GraphError) in
            let parameters = [
                try net.parameter("scale", [channels], scale), try net.parameter("bias", [channels], .zeros),
                try net.statistic("mean", [channels], .zeros), try net.statistic("variance", [channels], .ones),
            ]
            return try net.result(.batchNormalization(BatchNormalization(epsilon: epsilon)), [x] + parameters)
        }
    }

    /// Each row of the last axis, of `width` elements (Ba, Kiros, Hinton 2016).
    package mutating func layerNormalization(
        _ x: ValueID, width: Int, epsilon: Float = 1e-5, name: String = "norm"
    ) throws(GraphError) -> ValueID {
        try scope(name) { net throws(GraphError) in
            let scale = try net.parameter("scale", [width], .ones)
            let bias = try net.parameter("bias", [width], .zeros)
            return try net.result(.layerNormalization(epsilon: epsilon), [x, scale, bias])
        }
    }

    /// Each group of an image's channels, N×C×H×W (Wu and He 2018). Files need operator set 21 for it, but for as many
    /// groups as channels.
    package mutating func groupNormalization(
        _ x: ValueID, channels: Int, groups: Int, epsilon: Float = 1e-5, name: String = "norm"
    ) throws(GraphError) -> ValueID {
        try scope(name) { net throws(GraphError) in
            let scale = try net.parameter("scale", [channels], .ones)
            let bias = try net.parameter("bias", [channels], .zeros)
            return try net.result(
                .groupNormalization(GroupNormalization(groups: groups, epsilon: epsilon)), [x, scale, bias])
        }
    }
}
