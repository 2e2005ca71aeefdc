import Tensors

/// A tensor as NumPy writes it to a file: NPY format, version 1.0.
struct NumPyFile {
    let bytes: [UInt8]

    init(_ tensor: Tensor) {
        let extents = tensor.shape.dimensions.map { "\($0)," }.joined()
        var header = "{'descr': '\(tensor.dtype.numPyName)', 'fortran_order': False, 'shape': (\(extents)), }"
        // Magic, version, length of the header, and the header: together a multiple of 64, the last byte a line's end.
        header += String(repeating: " ", count: 63 - (10 + header.utf8.count) % 64) + "\n"
        let length = [UInt8(truncatingIfNeeded: header.utf8.count), UInt8(truncatingIfNeeded: header.utf8.count >> 8)]
        let elements = withExtendedLifetime(tensor) {
            Array(UnsafeRawBufferPointer(start: tensor.baseAddress, count: tensor.byteCount))
        }
        bytes = [0x93] + Array("NUMPY".utf8) + [1, 0] + length + Array(header.utf8) + elements
    }
}

extension DType {
    fileprivate var numPyName: String {
        switch self {
        case .float32: "<f4"
        case .int64: "<i8"
        case .int32: "<i4"
        case .uint8: "|u1"
        case .int8: "|i1"
        case .bool: "|b1"
        }
    }
}
