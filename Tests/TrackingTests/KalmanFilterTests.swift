import Detections
import Testing
import Tracking

/// DeepSORT's filter as the textbook writes it: eight dimensions, full matrices, the short form of the update.
private struct Textbook {
    typealias Matrix = [[Double]]
    var mean: [Double]
    var covariance: Matrix
    let filter: KalmanFilter

    /// The noise of the eight coordinates' kinds for a height: (measurement, initial velocity, acceleration, walk).
    private func noises(_ height: Double) -> [(Double, Double, Double, Double)] {
        let (c, a, t) = (filter.center, filter.aspect, filter.height)
        let h = max(height, 1)
        let center = (c.measurement * h, c.initialVelocity * h, c.acceleration * h, c.walk * h)
        return [
            center, center, (a.measurement, a.initialVelocity, a.acceleration, a.walk),
            (t.measurement * h, t.initialVelocity * h, t.acceleration * h, t.walk * h),
        ]
    }

    init(_ z: SIMD4<Double>, _ filter: KalmanFilter) {
        self.filter = filter
        mean = (0..<4).map { z[$0] } + [0, 0, 0, 0]
        covariance = Matrix(repeating: [Double](repeating: 0, count: 8), count: 8)
        for (i, n) in noises(z.w).enumerated() {
            covariance[i][i] = n.0 * n.0
            covariance[i + 4][i + 4] = n.1 * n.1
        }
    }

    mutating func predict(_ dt: Double) {
        var f = Matrix.identity(8)
        var q = Matrix(repeating: [Double](repeating: 0, count: 8), count: 8)
        for (i, n) in noises(mean[3]).enumerated() {
            f[i][i + 4] = dt
            q[i][i] = n.2 * n.2 * dt * dt * dt / 3 + n.3 * n.3 * dt
            q[i][i + 4] = n.2 * n.2 * dt * dt / 2
            q[i + 4][i] = q[i][i + 4]
            q[i + 4][i + 4] = n.2 * n.2 * dt
        }
        mean = f.times(mean.map { [$0] }).map { $0[0] }
        covariance = f.times(covariance).times(f.transposed).plus(q)
    }

    mutating func update(_ z: SIMD4<Double>) {
        var h = Matrix(repeating: [Double](repeating: 0, count: 8), count: 4)
        var r = Matrix(repeating: [Double](repeating: 0, count: 4), count: 4)
        for (i, n) in noises(mean[3]).enumerated() {
            h[i][i] = 1
            r[i][i] = n.0 * n.0
        }
        let s = h.times(covariance).times(h.transposed).plus(r)
        let k = covariance.times(h.transposed).times(s.inverse)
        let innovation = (0..<4).map { [z[$0] - mean[$0]] }
        for (i, row) in k.times(innovation).enumerated() { mean[i] += row[0] }
        covariance = Matrix.identity(8).plus(k.times(h), scale: -1).times(covariance)
    }

    func distance(_ z: SIMD4<Double>) -> Double {
        var s = covariance.prefix(4).map { Array($0.prefix(4)) }
        for (i, n) in noises(mean[3]).enumerated() { s[i][i] += n.0 * n.0 }
        let innovation = (0..<4).map { z[$0] - mean[$0] }
        let weighted = s.inverse.times(innovation.map { [$0] })
        return zip(innovation, weighted).reduce(0) { $0 + $1.0 * $1.1[0] }
    }
}

extension [[Double]] {
    fileprivate static func identity(_ n: Int) -> Self {
        (0..<n).map { i in (0..<n).map { $0 == i ? 1 : 0 } }
    }
    fileprivate func times(_ other: Self) -> Self {
        map { row in other[0].indices.map { j in row.indices.reduce(0) { $0 + row[$1] * other[$1][j] } } }
    }
    fileprivate var transposed: Self { self[0].indices.map { j in map { $0[j] } } }
    fileprivate func plus(_ other: Self, scale: Double = 1) -> Self {
        zip(self, other).map { zip($0, $1).map { $0 + scale * $1 } }
    }
    /// Gauss and Jordan with pivots.
    fileprivate var inverse: Self {
        var a = self
        var b = Self.identity(count)
        for column in indices {
            let pivot = (column..<count).max { abs(a[$0][column]) < abs(a[$1][column]) } ?? column
            a.swapAt(column, pivot)
            b.swapAt(column, pivot)
            let d = a[column][column]
            for j in indices {
                a[column][j] /= d
                b[column][j] /= d
            }
            for i in indices where i != column {
                let f = a[i][column]
                for j in indices {
                    a[i][j] -= f * a[column][j]
                    b[i][j] -= f * b[column][j]
                }
            }
        }
        return b
    }
}

private func isClose(_ a: Double, _ b: Double) -> Bool { abs(a - b) <= 1e-7 * max(1, abs(a), abs(b)) }

@Suite struct KalmanFilterTests {
    @Test(arguments: 0..<10) func equalsTheTextbookInEightDimensions(seed: UInt64) {
        var random = SplitMix(seed: seed)
        let filter = KalmanFilter()
        var z = SIMD4<Double>(300, 200, 0.4, 120)
        var state = filter.initiate(z)
        var textbook = Textbook(z, filter)
        for step in 0..<120 {
            let dt = Double.random(in: 0.001...0.8, using: &random)
            filter.predict(&state, seconds: dt)
            textbook.predict(dt)
            for lane in 0..<2 { z[lane] += .random(in: -20...25, using: &random) }
            z.z = max(0.2, z.z + .random(in: -0.05...0.05, using: &random))
            z.w = max(30, z.w + .random(in: -5...5, using: &random))
            #expect(isClose(filter.gate(around: state).distance(to: z), textbook.distance(z)), "step \(step)")
            if !step.isMultiple(of: 3) {
                filter.update(&state, with: z)
                textbook.update(z)
            }
            for lane in 0..<4 {
                #expect(isClose(state.position[lane], textbook.mean[lane]), "seed \(seed), step \(step)")
                #expect(isClose(state.velocity[lane], textbook.mean[lane + 4]))
                #expect(isClose(state.positionVariance[lane], textbook.covariance[lane][lane]))
                #expect(isClose(state.covariance[lane], textbook.covariance[lane][lane + 4]))
                #expect(isClose(state.velocityVariance[lane], textbook.covariance[lane + 4][lane + 4]))
            }
        }
    }

    @Test func manySmallStepsAreOneLargeStep() {
        let filter = KalmanFilter()
        var fine = filter.initiate(SIMD4(100, 100, 0.5, 80))
        fine.velocity = SIMD4(30, -10, 0, 0)
        var coarse = fine
        filter.predict(&coarse, seconds: 1.2)
        for _ in 0..<60 { filter.predict(&fine, seconds: 0.02) }
        for lane in 0..<4 {
            #expect(isClose(fine.position[lane], coarse.position[lane]))
            #expect(isClose(fine.positionVariance[lane], coarse.positionVariance[lane]))
            #expect(isClose(fine.covariance[lane], coarse.covariance[lane]))
            #expect(isClose(fine.velocityVariance[lane], coarse.velocityVariance[lane]))
        }
    }

    @Test func aMillionStepsStayPositiveDefinite() {
        var random = SplitMix(seed: 3)
        let filter = KalmanFilter()
        var state = filter.initiate(SIMD4(0, 0, 0.5, 100))
        for step in 0..<1_000_000 {
            filter.predict(&state, seconds: step.isMultiple(of: 1000) ? 500 : 1e-4)
            if !step.isMultiple(of: 7) {
                let noise = SIMD4<Double>.random(in: -5...5, using: &random)
                filter.update(&state, with: SIMD4(0, 0, 0.5, 100) + noise * SIMD4(1, 1, 0.01, 1))
            }
        }
        #expect(state.isFinite)
        for lane in 0..<4 {
            let determinant =
                state.positionVariance[lane] * state.velocityVariance[lane] - state.covariance[lane]
                * state.covariance[lane]
            #expect(state.positionVariance[lane] > 0 && state.velocityVariance[lane] > 0 && determinant > 0)
        }
    }

    @Test(arguments: [Double.nan, .infinity, -.infinity, 0, -1]) func oddTimesChangeNothing(seconds: Double) {
        let filter = KalmanFilter()
        var state = filter.initiate(SIMD4(1, 2, 0.5, 3))
        let before = state
        filter.predict(&state, seconds: seconds)
        #expect(state == before)
    }

    @Test(arguments: [Double.nan, .infinity]) func whatIsNotFiniteIsSeen(value: Double) {
        let filter = KalmanFilter()
        var state = filter.initiate(SIMD4(1, 2, 0.5, 3))
        #expect(state.isFinite)
        #expect(!(filter.gate(around: state).distance(to: SIMD4(value, 2, 0.5, 3)) <= AssociationMetrics.chiSquare95))
        filter.update(&state, with: SIMD4(1, value, 0.5, 3))
        #expect(!state.isFinite)
    }

    @Test func theGateIsTheNinetyFifthPercentile() {
        // Observations drawn from the model itself: 95 of 100 lie inside the gate.
        var random = SplitMix(seed: 11)
        let filter = KalmanFilter()
        let state = filter.initiate(SIMD4(500, 300, 0.5, 100))
        let gate = filter.gate(around: state)
        let deviation =
            SIMD4<Double>(
                filter.center.measurement * 100, filter.center.measurement * 100, filter.aspect.measurement,
                filter.height.measurement * 100) * 2.0.squareRoot()
        var inside = 0
        for _ in 0..<20_000 {
            var noise = SIMD4<Double>.zero
            for lane in 0..<4 { for _ in 0..<12 { noise[lane] += .random(in: -0.5...0.5, using: &random) } }
            let z = state.position + noise * deviation
            if gate.distance(to: z) <= AssociationMetrics.chiSquare95 { inside += 1 }
        }
        #expect((18_900...19_100).contains(inside), "\(inside)")
    }
}
