package import Detections

/// A constant-velocity Kalman filter over boxes as (centre x, centre y, aspect = width ÷ height, height), in real time.
///
/// The model is DeepSORT's (Wojke, Bewley, Paulus, "Simple Online and Realtime Tracking with a Deep Association
/// Metric", 2017) with seconds in place of frames. F, Q, R and the first covariance couple a coordinate only with its
/// own velocity, so the filter in eight dimensions *is* four filters in two dimensions, and it is computed as such: a
/// coordinate is a lane of the vectors below. With Δt the time passed, h the height and the noises below:
///
///     p ← p + Δt·v                                v ← v
///     P ← F P Fᵀ + Q,  F = [1 Δt; 0 1],  Q = a² [Δt³/3 Δt²/2; Δt²/2 Δt] + [w²Δt 0; 0 0]
///     S = P₀₀ + r²,  K = [P₀₀ P₀₁]ᵀ / S,  y = z − p
///     (p, v) ← (p, v) + K y,  P ← (I − K H) P (I − K H)ᵀ + K r² Kᵀ          (Joseph's form: never indefinite)
///
/// Q is the exact integral of white acceleration (density a²) and of a random walk in position (density w²), so that
/// two steps of Δt/2 give what one step of Δt gives: the result does not depend on the frame rate.
package struct KalmanFilter: Hashable, Sendable {
    /// Standard deviations: of x, y and height in heights of the box, of the aspect ratio as it is.
    package struct Noise: Hashable, Sendable {
        /// Of a measured coordinate (r).
        package var measurement: Double
        /// Of the velocity before it was seen, per second.
        package var initialVelocity: Double
        /// Of the velocity after one second (a).
        package var acceleration: Double
        /// Of the position after one second, on top of what the velocity does (w).
        package var walk: Double

        /// Noises of a coordinate.
        package init(measurement: Double, initialVelocity: Double, acceleration: Double, walk: Double) {
            self.measurement = measurement
            self.initialVelocity = initialVelocity
            self.acceleration = acceleration
            self.walk = walk
        }
    }

    /// The noise of the centre, per height of the box.
    package var center = Noise(measurement: 0.05, initialVelocity: 0.8, acceleration: 0.5, walk: 0.08)
    /// The noise of the height, per height of the box.
    package var height = Noise(measurement: 0.08, initialVelocity: 0.2, acceleration: 0.06, walk: 0.1)
    /// The noise of the aspect ratio.
    package var aspect = Noise(measurement: 0.1, initialVelocity: 1e-5, acceleration: 1e-5, walk: 0.05)

    /// A filter with the default noises.
    package init() {}

    /// What the filter believes about one box: lanes are x, y, aspect, height; pixels and seconds.
    package struct State: Hashable, Sendable {
        /// The mean of the coordinates.
        package var position: SIMD4<Double>
        /// The mean of their velocities, per second.
        package var velocity: SIMD4<Double>
        /// The variance of each coordinate (P₀₀).
        package var positionVariance: SIMD4<Double>
        /// The covariance of each coordinate with its velocity (P₀₁).
        package var covariance: SIMD4<Double>
        /// The variance of each velocity (P₁₁).
        package var velocityVariance: SIMD4<Double>

        /// Whether every number is finite.
        package var isFinite: Bool {
            let means = position + velocity
            let sum = means + positionVariance + covariance + velocityVariance
            return sum - sum == .zero
        }

        /// The box at the mean.
        package var box: BoundingBox {
            BoundingBox(coordinates: position)
        }
    }

    /// The state in a picture that the camera moved: places, velocities and lengths go with it, and so does what is not
    /// known of them, which is the same in all directions (a box stays upright, its aspect is what it was).
    package func moved(_ state: State, by transform: SimilarityTransform) -> State {
        guard transform != .identity else { return state }
        var moved = state
        let scale = transform.scale
        let place = transform.apply(x: state.position.x, y: state.position.y)
        let velocity = transform.applyToVector(x: state.velocity.x, y: state.velocity.y)
        moved.position = SIMD4(place.x, place.y, state.position.z, state.position.w * scale)
        moved.velocity = SIMD4(velocity.x, velocity.y, state.velocity.z, state.velocity.w * scale)
        let squared = SIMD4(scale * scale, scale * scale, 1, scale * scale)
        moved.positionVariance *= squared
        moved.covariance *= squared
        moved.velocityVariance *= squared
        return moved
    }

    /// The state after the first observation: at the box, at rest, not knowing the velocity.
    package func initiate(_ measurement: SIMD4<Double>) -> State {
        let r = scaled(center.measurement, aspect.measurement, height.measurement, by: measurement.w)
        let v = scaled(center.initialVelocity, aspect.initialVelocity, height.initialVelocity, by: measurement.w)
        return State(
            position: measurement, velocity: .zero, positionVariance: r * r, covariance: .zero,
            velocityVariance: v * v)
    }

    /// Moves a state `seconds` ahead; nothing happens when that is not a positive, finite number.
    package func predict(_ state: inout State, seconds: Double) {
        guard seconds > 0, seconds.isFinite else { return }
        let dt = seconds
        let acceleration = scaled(center.acceleration, aspect.acceleration, height.acceleration, by: state.position.w)
        let walk = scaled(center.walk, aspect.walk, height.walk, by: state.position.w)
        let q: SIMD4<Double> = acceleration * acceleration * dt
        state.position += state.velocity * dt
        state.positionVariance += state.covariance * (2 * dt) + state.velocityVariance * (dt * dt)
        state.positionVariance += q * (dt * dt / 3) + walk * walk * dt
        state.covariance += state.velocityVariance * dt + q * (dt / 2)
        state.velocityVariance += q
    }

    /// Corrects a state with an observation.
    package func update(_ state: inout State, with measurement: SIMD4<Double>) {
        let r = scaled(center.measurement, aspect.measurement, height.measurement, by: state.position.w)
        let noise = r * r
        let innovation = measurement - state.position
        let s = state.positionVariance + noise
        let k0 = state.positionVariance / s
        let k1 = state.covariance / s
        let rest = SIMD4<Double>(repeating: 1) - k0
        state.position += k0 * innovation
        state.velocity += k1 * innovation
        let (p00, p01, p11) = (state.positionVariance, state.covariance, state.velocityVariance)
        state.positionVariance = rest * rest * p00 + k0 * k0 * noise
        state.covariance = rest * (p01 - k1 * p00) + k0 * k1 * noise
        state.velocityVariance = (p11 - 2 * (k1 * p01)) + k1 * k1 * s
    }

    /// The gate around a state: what the squared Mahalanobis distances of many observations from it have in common.
    package func gate(around state: State) -> Gate {
        let r = scaled(center.measurement, aspect.measurement, height.measurement, by: state.position.w)
        let precision = SIMD4<Double>(repeating: 1) / (state.positionVariance + r * r)
        return Gate(position: state.position, precision: precision)
    }

    /// The distances of observations from one state.
    package struct Gate: Hashable, Sendable {
        let position: SIMD4<Double>
        let precision: SIMD4<Double>

        /// The squared Mahalanobis distance of an observation: chi-square with 4 degrees of freedom when it is of the
        /// object. NaN for numbers that are not finite.
        package func distance(to measurement: SIMD4<Double>) -> Double {
            let innovation = measurement - position
            return (innovation * innovation * precision).sum()
        }
    }

    /// One noise of the four coordinates, in pixels (and a plain number for the aspect), for a box of the given height.
    private func scaled(_ center: Double, _ aspect: Double, _ tallness: Double, by height: Double) -> SIMD4<Double> {
        let h = max(height, 1)
        return SIMD4(center * h, center * h, aspect, tallness * h)
    }
}

extension BoundingBox {
    /// The box as (centre x, centre y, aspect = width ÷ height, height). The height is taken as at least 1e-3 pixels.
    package var coordinates: SIMD4<Double> {
        let h = max(Double(y2) - Double(y1), 1e-3)
        return SIMD4(
            (Double(x1) + Double(x2)) / 2, (Double(y1) + Double(y2)) / 2, (Double(x2) - Double(x1)) / h, h)
    }

    /// The box at (centre x, centre y, aspect, height); empty when aspect or height are negative.
    package init(coordinates: SIMD4<Double>) {
        let h = max(coordinates.w, 0)
        let w = max(coordinates.z, 0) * h
        self.init(
            x1: Float(coordinates.x - w / 2), y1: Float(coordinates.y - h / 2), x2: Float(coordinates.x + w / 2),
            y2: Float(coordinates.y + h / 2))
    }
}
