/// How gradients become steps. The formulas, their defaults and their order are PyTorch's (torch.optim).
///
/// `weightDecay` is L2 regularization in all but AdamW: decay · w is added to the gradient. In AdamW it is decoupled:
/// w shrinks by rate · decay beside the step (Loshchilov & Hutter, "Decoupled weight decay regularization", 2019).
package enum OptimizerMethod: Hashable, Sendable {
    /// Stochastic gradient descent with momentum (dampening 0), plain or Nesterov's (Sutskever et al., 2013).
    case sgd(momentum: Double = 0, nesterov: Bool = false, weightDecay: Double = 0)
    /// Steps divided by the root of a running mean square (Tieleman & Hinton, lecture 6.5, 2012); centred by the
    /// running mean of the gradient (Graves, 2013).
    case rmsProp(
        smoothing: Double = 0.99, epsilon: Double = 1e-8, momentum: Double = 0, isCentred: Bool = false,
        weightDecay: Double = 0)
    /// Kingma & Ba, "Adam: a method for stochastic optimization", 2015, with bias correction. Its usual rate is 0.001.
    case adam(beta1: Double = 0.9, beta2: Double = 0.999, epsilon: Double = 1e-8, weightDecay: Double = 0)
    /// Adam with decoupled weight decay.
    case adamW(beta1: Double = 0.9, beta2: Double = 0.999, epsilon: Double = 1e-8, weightDecay: Double = 0.01)

    /// The name in files and on the command line.
    package var name: String {
        switch self {
        case .sgd: "sgd"
        case .rmsProp: "rmsprop"
        case .adam: "adam"
        case .adamW: "adamw"
        }
    }

    /// The rate that is used when nobody names one.
    package var usualRate: Double {
        switch self {
        case .sgd, .rmsProp: 0.01
        case .adam, .adamW: 0.001
        }
    }

    /// The decay of groups that have none of their own.
    package var weightDecay: Double {
        switch self {
        case .sgd(_, _, let decay), .rmsProp(_, _, _, _, let decay), .adam(_, _, _, let decay),
            .adamW(_, _, _, let decay):
            decay
        }
    }

    /// The names of the state rows, each as long as the parameters, in the order of `OptimizerRule`.
    package var stateNames: [String] {
        switch self {
        case .sgd(let momentum, _, _): momentum != 0 ? ["velocity"] : []
        case .rmsProp(_, _, let momentum, let isCentred, _):
            ["mean_square"] + (isCentred ? ["mean_gradient"] : []) + (momentum != 0 ? ["velocity"] : [])
        case .adam, .adamW: ["mean_gradient", "mean_square"]
        }
    }

    /// What is wrong with the numbers, if anything.
    var complaint: String? {
        func outside(_ name: String, _ value: Double) -> String? {
            value >= 0 && value < 1 ? nil : "\(name) is \(value), not in 0 ..< 1"
        }
        func negative(_ name: String, _ value: Double) -> String? {
            value >= 0 && value.isFinite ? nil : "\(name) is \(value), not a finite number of at least 0"
        }
        // Without it a parameter whose gradients have all been 0 would become 0 / 0.
        func tooSmall(_ epsilon: Double) -> String? {
            Float(epsilon) > 0 && epsilon.isFinite ? nil : "epsilon is \(epsilon), not above 0"
        }
        let decay = negative("the weight decay", weightDecay)
        switch self {
        case .sgd(let momentum, let nesterov, _):
            let idle = nesterov && momentum == 0 ? "Nesterov's step needs a momentum" : nil
            return outside("the momentum", momentum) ?? idle ?? decay
        case .rmsProp(let smoothing, let epsilon, let momentum, _, _):
            return outside("the smoothing", smoothing) ?? tooSmall(epsilon)
                ?? outside("the momentum", momentum) ?? decay
        case .adam(let beta1, let beta2, let epsilon, _), .adamW(let beta1, let beta2, let epsilon, _):
            return outside("beta1", beta1) ?? outside("beta2", beta2) ?? tooSmall(epsilon) ?? decay
        }
    }
}

/// What keeps gradients from growing too large.
package enum GradientClipping: Hashable, Sendable {
    case none
    /// Gradients whose Euclidean norm over all groups passes the limit are scaled to it (Pascanu, Mikolov & Bengio,
    /// 2013), by limit / (norm + 1e-6) as PyTorch's `clip_grad_norm_` does.
    case globalNorm(Double)
    /// Each element is held to ±limit.
    case value(Double)
}

/// Why an optimizer could not be made or could not step.
package enum OptimizerError: Error, Equatable, CustomStringConvertible {
    case invalidMethod(String)
    case invalidGroup(name: String, String)
    case invalidRate(Double)
    /// A gradient that is no number, or infinity; nothing was changed. `index` is its place in the flat buffer.
    case gradientNotFinite(index: Int, value: Float)
    case outOfMemory(bytes: Int)

    package var description: String {
        switch self {
        case .invalidMethod(let what): what
        case .invalidGroup(let name, let what): "parameter group \"\(name)\": \(what)"
        case .invalidRate(let rate): "the learning rate is \(rate), not a finite number of at least 0"
        case .gradientNotFinite(let index, let value): "the gradient at \(index) is \(value)"
        case .outOfMemory(let bytes): "no memory for \(bytes) bytes"
        }
    }
}
