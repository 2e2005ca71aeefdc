import Foundation
import Tensors

/// Small models with inputs and what ONNX Runtime makes of them; Tests/Oracles/make_test_models.py writes them.
struct GoldenCase: Decodable {
    struct TensorFile: Decodable {
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

    var name: String?
    var model: Data?
    var inputs: [TensorFile]
    var outputs: [TensorFile]

    static let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .appendingPathComponent("ONNXTests/Models")

    static func operators() throws -> [GoldenCase] {
        try JSONDecoder().decode(
            [GoldenCase].self, from: Data(contentsOf: folder.appendingPathComponent("operators.json")))
    }

    static func model(_ name: String) throws -> GoldenCase {
        try JSONDecoder().decode(
            GoldenCase.self, from: Data(contentsOf: folder.appendingPathComponent("\(name).json")))
    }
}

/// The greatest difference between two tensors, relative to values above 1; nil when types, shapes or NaN disagree or
/// integers differ.
func difference(_ a: Tensor, _ b: Tensor) -> Float? {
    guard a.dtype == b.dtype, a.shape == b.shape else { return nil }
    guard a.dtype == .float32 else {
        let left = UnsafeRawBufferPointer(start: a.baseAddress, count: a.byteCount)
        let right = UnsafeRawBufferPointer(start: b.baseAddress, count: b.byteCount)
        return withExtendedLifetime((a, b)) { left.elementsEqual(right) } ? 0 : nil
    }
    var greatest: Float = 0
    for (x, y) in zip(a.elements(as: Float.self), b.elements(as: Float.self)) where x != y {
        if x.isNaN && y.isNaN { continue }
        guard x.isFinite, y.isFinite else { return nil }
        greatest = max(greatest, abs(x - y) / max(1, abs(y)))
    }
    return greatest
}
