import Graphs
import Models
import Tensors
import Testing

@Suite struct InitializerTests {
    private func values(_ initializer: Initializer, count: Int = 20_000, fan: Fan = Fan(50, 150)) -> [Float] {
        [Float](unsafeUninitializedCapacity: count) { buffer, filled in
            var numbers = Philox(seed: 3, stream: 5)
            let all = UnsafeMutableBufferPointer(rebasing: buffer[..<count])
            all.initialize(repeating: 9)
            initializer.fill(all, fan: fan, &numbers)
            filled = count
        }
    }

    private func moments(_ values: [Float]) -> (mean: Double, deviation: Double) {
        let mean = values.reduce(0.0) { $0 + Double($1) } / Double(values.count)
        let variance = values.reduce(0.0) { $0 + (Double($1) - mean) * (Double($1) - mean) } / Double(values.count)
        return (mean, variance.squareRoot())
    }

    /// Uniform numbers of ±b have the deviation b ÷ √3.
    @Test(arguments: [
        (Initializer.standard, 0.141_421), (.uniform(0.3), 0.3), (.xavierUniform, 0.173_205),
        (.kaimingUniform(slope: 0), 0.346_410),
    ]) func uniformNumbersHaveTheirBounds(_ initializer: Initializer, _ bound: Double) {
        let values = values(initializer)
        let (mean, deviation) = moments(values)
        #expect(abs(mean) < 0.02 * bound)
        #expect(abs(deviation - bound / 3.0.squareRoot()) < 0.02 * bound)
        let greatest = Double(values.reduce(0) { max($0, abs($1)) })
        #expect(greatest <= bound * 1.000_01 && greatest > 0.99 * bound)
    }

    @Test(arguments: [
        (Initializer.normal(deviation: 0.5), 0.5), (.kaimingNormal, 0.115_470), (.xavierNormal, 0.1),
        (.truncatedNormal(deviation: 0.02), 0.02 * 0.879_6),
    ]) func normalNumbersHaveTheirDeviation(_ initializer: Initializer, _ wanted: Double) {
        let (mean, deviation) = moments(values(initializer))
        #expect(abs(mean) < 0.03 * wanted)
        #expect(abs(deviation - wanted) < 0.03 * wanted)
    }

    @Test func truncatedNumbersEnd() {
        let greatest = values(.truncatedNormal(deviation: 1)).reduce(0) { max($0, abs($1)) }
        #expect(greatest <= 2 && greatest > 1.9)
        #expect(Set(values(.ones)) == [1])
        #expect(Set(values(.zeros)) == [0])
        #expect(Set(values(.uniform(0))) == [0])
    }

    private func weights(seed: UInt64, _ names: [String]) throws -> [String: [Float]] {
        var net = ModelBuilder(name: "test", seed: seed)
        let x = net.input("x", [.symbolic("batch"), .fixed(4)])
        for name in names { _ = try net.linear(x, from: 4, to: 4, name: name) }
        let graph = net.graph
        return Dictionary(
            uniqueKeysWithValues: graph.parameters.compactMap { id in
                graph.constants[id].map { (graph[id].name, $0.elements(as: Float.self)) }
            })
    }

    /// Weights depend on the seed and on the name, not on what else there is.
    @Test func weightsBelongToNames() throws {
        let first = try weights(seed: 1, ["a", "b"])
        #expect(try weights(seed: 1, ["b", "c", "a"])["a.weight"] == first["a.weight"])
        #expect(first["a.weight"] != first["b.weight"])
        #expect(first["a.weight"]?.prefix(4) != first["a.bias"]?.prefix(4))
        #expect(try weights(seed: 2, ["a"])["a.weight"] != first["a.weight"])
        #expect(try weights(seed: 1, ["a", "a"]).keys.sorted() == ["a.bias", "a.weight", "a2.bias", "a2.weight"])
    }
}
