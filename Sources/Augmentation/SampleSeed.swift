/// What all random draws for one sample come from: the run, the epoch and the sample's place in the data set.
///
///     let seed = SampleSeed(run: 42, epoch: 3, index: 17)
///     recipe.apply(to: sample, seed: seed)      // same seed, same bits, on any thread and in any order
///     SampleSeed("42/3/17")                     // what a record prints, read back
package struct SampleSeed: Hashable, Sendable, CustomStringConvertible {
    package var run: UInt64
    package var epoch: Int
    package var index: Int

    package init(run: UInt64, epoch: Int, index: Int) {
        self.run = run
        self.epoch = epoch
        self.index = index
    }

    /// Reads what `description` wrote; `nil` when the text is something else.
    package init?(_ text: String) {
        let parts = text.split(separator: "/", omittingEmptySubsequences: false)
        guard parts.count == 3, let run = UInt64(parts[0]), let epoch = Int(parts[1]), let index = Int(parts[2])
        else { return nil }
        self.init(run: run, epoch: epoch, index: index)
    }

    package var description: String { "\(run)/\(epoch)/\(index)" }

    /// The numbers of one operation. Each operation has its own stream, found by its name and its place among the
    /// operations of that name: another operation added to a recipe changes nothing in it.
    package func stream(_ operation: String, occurrence: Int = 0) -> RandomStream {
        // FNV-1a over the name.
        var name: UInt64 = 0xCBF2_9CE4_8422_2325
        for byte in operation.utf8 { name = (name ^ UInt64(byte)) &* 0x0000_0100_0000_01B3 }
        var key = RandomStream.mixed(run)
        for word in [UInt64(bitPattern: Int64(epoch)), UInt64(bitPattern: Int64(index)), name, UInt64(occurrence)] {
            key = RandomStream.mixed((key ^ word) &+ RandomStream.step)
        }
        return RandomStream(key: key)
    }

    /// The seed for the partner that a sample is mixed with.
    var partner: SampleSeed { SampleSeed(run: RandomStream.mixed(~run), epoch: epoch, index: index) }
}
