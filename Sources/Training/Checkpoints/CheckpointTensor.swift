/// The types of elements in a checkpoint, with the names that safetensors gives them.
package enum CheckpointDType: String, Hashable, Sendable, CaseIterable {
    case float64 = "F64"
    case float32 = "F32"
    case float16 = "F16"
    case bfloat16 = "BF16"
    case int64 = "I64"
    case int32 = "I32"
    case int16 = "I16"
    case int8 = "I8"
    case uint64 = "U64"
    case uint32 = "U32"
    case uint16 = "U16"
    case uint8 = "U8"
    case bool = "BOOL"

    /// Bytes of one element.
    package var stride: Int {
        switch self {
        case .float64, .int64, .uint64: 8
        case .float32, .int32, .uint32: 4
        case .float16, .bfloat16, .int16, .uint16: 2
        case .int8, .uint8, .bool: 1
        }
    }
}

/// A tensor to be saved: its bytes, row-major and little-endian, belong to the caller.
package struct CheckpointTensor {
    package var name: String
    package var dtype: CheckpointDType
    package var shape: [Int]
    package var bytes: UnsafeRawBufferPointer

    package init(_ name: String, dtype: CheckpointDType, shape: [Int], bytes: UnsafeRawBufferPointer) {
        self.name = name
        self.dtype = dtype
        self.shape = shape
        self.bytes = bytes
    }

    /// Floats; the shape is their count unless one is given.
    package init(_ name: String, _ floats: UnsafeBufferPointer<Float>, shape: [Int]? = nil) {
        self.init(name, dtype: .float32, shape: shape ?? [floats.count], bytes: UnsafeRawBufferPointer(floats))
    }
}

/// Where a tensor lies in a checkpoint.
package struct CheckpointEntry: Hashable, Sendable {
    package let name: String
    package let dtype: CheckpointDType
    package let shape: [Int]
    /// In bytes, from the first one behind the header.
    package let range: Range<Int>
}
