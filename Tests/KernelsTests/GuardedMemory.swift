import Foundation
import Testing

/// Memory that ends (or begins) at a page that may not be touched: a kernel that reads or writes past its operands is
/// killed by the processor.
struct GuardedMemory<Element: BitwiseCopyable>: ~Copyable {
    enum Side: CaseIterable { case atEnd, atStart }

    let start: UnsafeMutablePointer<Element>
    let count: Int
    private let mapping: UnsafeMutableRawPointer
    private let mappedBytes: Int

    init(_ elements: [Element], _ side: Side = .atEnd) {
        let page = Int(sysconf(Int32(_SC_PAGESIZE)))
        let bytes = elements.count * MemoryLayout<Element>.stride
        let inside = (bytes + page - 1) / page * page
        mappedBytes = inside + 2 * page
        guard let mapping = mmap(nil, mappedBytes, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0),
            mapping != MAP_FAILED, inside == 0 || mprotect(mapping + page, inside, PROT_READ | PROT_WRITE) == 0
        else { preconditionFailure("no memory for a test") }
        self.mapping = mapping
        let offset = side == .atStart ? page : page + inside - bytes
        start = (mapping + offset).assumingMemoryBound(to: Element.self)
        count = elements.count
        start.update(from: elements, count: elements.count)
    }

    deinit { munmap(mapping, mappedBytes) }

    var elements: [Element] { Array(UnsafeBufferPointer(start: start, count: count)) }
}

/// The bytes of `rows` rows that lie `stride` apart, without what would follow the last one.
func extent(rows: Int, length: Int, stride: Int) -> Int { rows == 0 ? 0 : (rows - 1) * stride + length }

extension Numbers {
    mutating func bytes(_ count: Int) -> [UInt8] { (0..<count).map { _ in UInt8(truncatingIfNeeded: next() >> 24) } }

    /// Bytes among which both ends of the range are frequent.
    mutating func saturatingBytes(_ count: Int) -> [UInt8] {
        (0..<count).map { _ in
            switch integer(0...3) {
            case 0: 0
            case 1: 255
            default: UInt8(truncatingIfNeeded: next() >> 24)
            }
        }
    }
}

/// Lengths around the vectors of 4, 8, 16, 32 and 64 elements.
let lengthsAroundVectors = [
    0, 1, 2, 3, 4, 5, 7, 8, 9, 15, 16, 17, 31, 32, 33, 47, 63, 64, 65, 80, 95, 96, 97, 127, 128, 129, 200,
]

/// An entry of a C registry.
struct Registered<Kernel>: @unchecked Sendable, CustomTestStringConvertible {
    // Sendable: the registry's entries are constants.
    private let entry: UnsafePointer<Kernel>
    let testDescription: String

    var pointee: Kernel { entry.pointee }

    /// The entries that this machine runs.
    static func supported(
        _ list: (UnsafeMutablePointer<Int>) -> UnsafePointer<UnsafePointer<Kernel>>,
        name: (Kernel) -> UnsafePointer<CChar>,
        isSupported: (Kernel) -> Bool
    ) -> [Registered] {
        var count = 0
        let entries = list(&count)
        return (0..<count).map { entries[$0] }.filter { isSupported($0.pointee) }.map {
            Registered(entry: $0, testDescription: String(cString: name($0.pointee)))
        }
    }
}
