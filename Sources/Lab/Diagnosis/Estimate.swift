import Glibc
import Tensors

/// A figure with its interval of 95 % confidence.
package struct Estimate: Hashable, Sendable, Codable {
    package var value: Double
    package var lower: Double
    package var upper: Double

    package init(_ value: Double, _ lower: Double, _ upper: Double) {
        self.value = value
        self.lower = min(lower, value)
        self.upper = max(upper, value)
    }

    package var interval: ClosedRange<Double> { lower...upper }

    /// The difference of two figures that do not depend on each other, its interval out of theirs: Newcombe, "Interval
    /// estimation for the difference between independent proportions", 1998, method 10.
    package static func - (first: Estimate, second: Estimate) -> Estimate {
        let value = first.value - second.value
        let below = hypot(first.value - first.lower, second.upper - second.value)
        let above = hypot(first.upper - first.value, second.value - second.lower)
        return Estimate(value, value - below, value + above)
    }

    /// A share of `count` independent samples: Wilson, "Probable inference", 1927. It is not empty at shares of 0 and 1.
    package static func share(_ value: Double, of count: Int) -> Estimate {
        guard count > 0 else { return Estimate(value, 0, 1) }
        let (n, z) = (Double(count), 1.959964)
        let middle = (value + z * z / (2 * n)) / (1 + z * z / n)
        let half = z / (1 + z * z / n) * (value * (1 - value) / n + z * z / (4 * n * n)).squareRoot()
        return Estimate(value, max(middle - half, 0), min(middle + half, 1))
    }

    /// The mean of a few figures that vary like normal numbers, by Student's t. `correlation` is added to 1 ÷ count where
    /// the figures share training samples.
    package static func mean(of figures: [Double], correlation: Double = 0) -> Estimate {
        let count = Double(figures.count)
        let mean = figures.reduce(0, +) / max(count, 1)
        guard figures.count > 1 else { return Estimate(mean, -.infinity, .infinity) }
        let variance = figures.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / (count - 1)
        let half = studentQuantile(freedom: figures.count - 1) * (variance * (1 / count + correlation)).squareRoot()
        return Estimate(mean, mean - half, mean + half)
    }

    /// The 97.5th percentile of Student's t: a table, then Cornish and Fisher's expansion.
    static func studentQuantile(freedom: Int) -> Double {
        let table = [12.7062, 4.3027, 3.1824, 2.7764, 2.5706, 2.4469, 2.3646, 2.3060, 2.2622, 2.2281]
        if freedom <= table.count { return table[max(freedom, 1) - 1] }
        let (n, z) = (Double(freedom), 1.959964)
        let first = (pow(z, 3) + z) / 4
        let second = (5 * pow(z, 5) + 16 * pow(z, 3) + 3 * z) / 96
        let third = (3 * pow(z, 7) + 19 * pow(z, 5) + 17 * pow(z, 3) - 15 * z) / 384
        return z + (first + (second + third / n) / n) / n
    }
}

/// Figures of several trainings (rows) on samples (columns), such as 1 for each wrong decision.
struct OutcomeTable: Sendable {
    var rows: [[Double]]

    var mean: Double {
        let count = rows.reduce(0) { $0 + $1.count }
        return count > 0 ? rows.reduce(0) { $0 + $1.reduce(0, +) } / Double(count) : 0
    }

    /// The table of differences, place by place. A table of one row is held against each row of the other.
    static func - (first: OutcomeTable, second: OutcomeTable) -> OutcomeTable {
        let count = max(first.rows.count, second.rows.count)
        return OutcomeTable(
            rows: (0..<count).map { row in
                zip(first.rows[row % first.rows.count], second.rows[row % second.rows.count]).map { $0 - $1 }
            })
    }
}

/// Intervals by drawing trainings and samples again, with replacement, both at once: a figure would be another one with
/// other seeds and with other samples (Owen, "The pigeonhole bootstrap", 2007, a little on the wide side).
struct Resampling: Sendable {
    var resamples = 1000
    var seed: UInt64 = 0

    /// The mean of a table whose rows have one length.
    func mean(of table: OutcomeTable) -> Estimate {
        let value = table.mean
        let (rowCount, columnCount) = (table.rows.count, table.rows.first?.count ?? 0)
        guard rowCount > 0, columnCount > 0, resamples > 1 else { return Estimate(value, value, value) }
        var figures: [Double] = []
        var times = [Double](repeating: 0, count: columnCount)
        for number in 0..<resamples {
            let draw = Philox(seed: seed, stream: 0xB007 << 32 | UInt64(truncatingIfNeeded: number))
            for column in times.indices { times[column] = 0 }
            for start in stride(from: 0, to: columnCount, by: 4) {
                let block = draw.block(at: UInt64(start / 4))
                for lane in 0..<min(4, columnCount - start) { times[block[lane].place(below: columnCount)] += 1 }
            }
            var sum = 0.0
            for place in 0..<rowCount {
                let row = table.rows[draw.number(at: UInt64(columnCount + 4 + place)).place(below: rowCount)]
                for column in times.indices { sum += times[column] * row[column] }
            }
            figures.append(sum / Double(rowCount * columnCount))
        }
        figures.sort()
        return Estimate(value, percentile(0.025, of: figures), percentile(0.975, of: figures))
    }

    /// The mean of a table of zeros and ones, at least as wide as Wilson's interval for as many samples as are drawn.
    func share(of table: OutcomeTable) -> Estimate {
        let drawn = mean(of: table)
        let wilson = Estimate.share(drawn.value, of: table.rows.first?.count ?? 0)
        return Estimate(drawn.value, min(drawn.lower, wilson.lower), max(drawn.upper, wilson.upper))
    }

    private func percentile(_ share: Double, of sorted: [Double]) -> Double {
        let place = share * Double(sorted.count - 1)
        let index = Int(place)
        guard index + 1 < sorted.count else { return sorted[sorted.count - 1] }
        return sorted[index] + (place - Double(index)) * (sorted[index + 1] - sorted[index])
    }
}

extension UInt32 {
    /// One of 0 ..< count. What some of them are more frequent is below count ÷ 2^32.
    fileprivate func place(below count: Int) -> Int { Int((UInt64(self) &* UInt64(count)) >> 32) }
}
