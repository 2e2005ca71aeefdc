/// The type of a tensor's elements.
package enum DType: String, Hashable, Sendable, CaseIterable {
    case float32, int64, int32, uint8, int8, bool

    /// Bytes of one element.
    package var stride: Int {
        switch self {
        case .int64: 8
        case .float32, .int32: 4
        case .uint8, .int8, .bool: 1
        }
    }
}

/// A Swift type that is stored as a tensor's element. `Bool` is stored as one byte, 0 or 1.
package protocol TensorElement: BitwiseCopyable, Sendable {
    static var dtype: DType { get }
}

extension Float: TensorElement { package static var dtype: DType { .float32 } }
extension Int64: TensorElement { package static var dtype: DType { .int64 } }
extension Int32: TensorElement { package static var dtype: DType { .int32 } }
extension UInt8: TensorElement { package static var dtype: DType { .uint8 } }
extension Int8: TensorElement { package static var dtype: DType { .int8 } }
extension Bool: TensorElement { package static var dtype: DType { .bool } }
