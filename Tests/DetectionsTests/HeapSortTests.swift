import Detections
import Testing

@Suite struct HeapSortTests {
    @Test func sortsAsTheStandardLibraryDoes() {
        var seed: UInt64 = 1
        for count in Array(0...40) + [127, 128, 1000] {
            var values = (0..<count).map { _ in
                seed = seed &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
                return Int(seed >> 58)  // many are equal
            }
            let expected = values.sorted(by: >)
            values.withUnsafeMutableBufferPointer { $0.heapSort(by: >) }
            #expect(values == expected)
        }
    }
}
