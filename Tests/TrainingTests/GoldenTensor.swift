import Foundation
import Tensors

/// A tensor of a golden file: its bytes in base64.
struct GoldenTensor: Decodable {
    var name: String
    var dtype: String
    var shape: [Int]
    var data: Data

    func tensor() throws -> Tensor {
        guard let dtype = DType(rawValue: dtype) else { throw CocoaError(.fileReadCorruptFile) }
        return try Tensor(dtype: dtype, shape: Shape(shape)) { bytes in
            _ = data.copyBytes(to: bytes)
        }
    }
}

/// A golden file of Tests/Oracles.
func goldens<Content: Decodable>(_ name: String, as type: Content.Type) throws -> Content {
    let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appendingPathComponent("Goldens")
    return try JSONDecoder().decode(type, from: Data(contentsOf: folder.appendingPathComponent(name)))
}

/// The greatest difference of two tensors, relative to the greatest element of the second one where that is above 1; nil
/// when types, shapes or what is finite differ, or integers do.
func relativeDifference(_ a: Tensor, _ b: Tensor) -> Float? {
    guard a.dtype == b.dtype, a.shape == b.shape else { return nil }
    guard a.dtype == .float32 else {
        let left = UnsafeRawBufferPointer(start: a.baseAddress, count: a.byteCount)
        let right = UnsafeRawBufferPointer(start: b.baseAddress, count: b.byteCount)
        return withExtendedLifetime((a, b)) { left.elementsEqual(right) } ? 0 : nil
    }
    let (x, y) = (a.elements(as: Float.self), b.elements(as: Float.self))
    let scale = y.reduce(1) { max($0, $1.isFinite ? abs($1) : 0) }
    var greatest: Float = 0
    for (x, y) in zip(x, y) where x != y {
        if x.isNaN && y.isNaN { continue }
        guard x.isFinite, y.isFinite else { return nil }
        greatest = max(greatest, abs(x - y) / scale)
    }
    return greatest
}
