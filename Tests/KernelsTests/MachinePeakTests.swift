import CSaccadeKernels
import Kernels
import Testing

/// The measured peak must be one that a processor can have: a loop that the compiler took apart would be faster.
@Suite struct MachinePeakTests {
    /// Ten billion cycles a second, each with two instructions of 64 products.
    private static let limit = 1.3e12

    @Test(arguments: InstructionSet.allCases.filter(\.isSupported))
    func ratesAreThoseOfAProcessor(_ instructionSet: InstructionSet) {
        let peak = MachinePeak.measure(instructionSet: instructionSet)
        for rate in [peak.bytes, peak.floats] { #expect((1e7...Self.limit).contains(rate)) }
    }

    @Test func theBetterOfTwoIsKept() {
        let once = MachinePeak.measure(instructionSet: .portable)
        var both = once
        let again = MachinePeak.measure(instructionSet: .portable)
        both.raise(to: again)
        #expect(both.bytes == max(once.bytes, again.bytes))
        #expect(both.floats == max(once.floats, again.floats))
    }

    @Test func everyKernelDoesWhatItSays() {
        var count = 0
        let kernels = sk_peak_kernels(&count)
        #expect(count >= 2)
        for place in 0..<count {
            let kernel = kernels[place].pointee
            let set = InstructionSet.allCases.first { $0.code == kernel.isa }
            guard set?.isSupported == true else { continue }
            // Work that is done takes its time.
            let seconds = ContinuousClock().measure { kernel.run(1 << 20) } / .seconds(1)
            #expect(Double(kernel.work) * Double(1 << 20) / seconds < Self.limit, "\(String(cString: kernel.name))")
        }
    }

    @Test func theChosenKernelRunsHere() {
        for instructionSet in InstructionSet.allCases {
            for kind in [sk_peak_bytes, sk_peak_floats] {
                let kernel = sk_peak_choose(kind, instructionSet.code).pointee
                #expect(kernel.kind == kind)
                #expect(sk_isa_includes(instructionSet.code, kernel.isa))
            }
        }
    }
}
