import Foundation
import Tensors

extension DType {
    /// The type in which a tensor of an ONNX element type is kept: float16, bfloat16 and double become float32.
    init?(onnx type: Int) {
        switch Onnx_TensorProto.DataType(rawValue: type) {
        case .float, .float16, .bfloat16, .double: self = .float32
        case .int64: self = .int64
        case .int32: self = .int32
        case .uint8: self = .uint8
        case .int8: self = .int8
        case .bool: self = .bool
        default: return nil
        }
    }
}

/// Reads a tensor message. The length of its data is compared with its shape before anything is allocated.
struct TensorReader {
    private let proto: Onnx_TensorProto
    private let limits: ONNXLimits

    init(_ proto: Onnx_TensorProto, limits: ONNXLimits) {
        self.proto = proto
        self.limits = limits
    }

    func tensor() throws(ONNXError) -> Tensor {
        guard proto.dataLocation == .default, proto.externalData.isEmpty else {
            throw .externalData(tensor: proto.name)
        }
        guard proto.dims.count <= limits.rank else {
            throw .tooMuch("axes of a tensor", count: proto.dims.count, limit: limits.rank)
        }
        guard let shape = try? Shape(proto.dims.map { Int($0) }) else {
            throw invalid("its extents are \(proto.dims)")
        }
        switch Onnx_TensorProto.DataType(rawValue: Int(proto.dataType)) {
        case .float: return try copy(shape, typed: proto.floatData)
        case .double: return try read(shape, typed: proto.doubleData) { (value: Double) in Float(value) }
        case .float16:
            return try read(shape, typed: bits16()) { (value: UInt16) in Float(halfBits: value) }
        case .bfloat16:
            return try read(shape, typed: bits16()) { (value: UInt16) in Float(bitPattern: UInt32(value) << 16) }
        case .int64: return try copy(shape, typed: proto.int64Data)
        case .int32: return try copy(shape, typed: proto.int32Data)
        case .uint8: return try copy(shape, typed: narrowed(UInt8.self))
        case .int8: return try copy(shape, typed: narrowed(Int8.self))
        case .bool:
            return try read(shape, typed: narrowed(UInt8.self)) { (value: UInt8) in value != 0 }
        default: throw invalid("element type \(proto.dataType) is not supported")
        }
    }

    /// Elements from the raw bytes (little-endian) or from the typed field; exactly one of them holds the data.
    private func read<Stored: BitwiseCopyable, Element: TensorElement>(
        _ shape: Shape, typed: [Stored], _ convert: (Stored) -> Element
    ) throws(ONNXError) -> Tensor {
        try check(shape, typed: typed)
        let stride = MemoryLayout<Stored>.size
        do {
            return try Tensor(dtype: Element.dtype, shape: shape) { bytes in
                let target = bytes.bindMemory(to: Element.self)
                if typed.isEmpty {
                    proto.rawData.withUnsafeBytes { source in
                        for index in 0..<shape.count {
                            target[index] = convert(
                                source.loadUnaligned(fromByteOffset: index * stride, as: Stored.self))
                        }
                    }
                } else {
                    for (index, value) in typed.enumerated() { target[index] = convert(value) }
                }
            }
        } catch { throw invalid("there is no memory for \(shape)") }
    }

    /// As `read`, of elements that are stored as they are kept.
    private func copy<Element: TensorElement>(_ shape: Shape, typed: [Element]) throws(ONNXError) -> Tensor {
        try check(shape, typed: typed)
        do {
            return try Tensor(dtype: Element.dtype, shape: shape) { bytes in
                if typed.isEmpty {
                    proto.rawData.withUnsafeBytes { bytes.copyMemory(from: $0) }
                } else {
                    typed.withUnsafeBytes { bytes.copyMemory(from: $0) }
                }
            }
        } catch { throw invalid("there is no memory for \(shape)") }
    }

    /// Throws unless one field alone holds the data, and as much as the shape asks for.
    private func check<Stored>(_ shape: Shape, typed: [Stored]) throws(ONNXError) {
        let raw = proto.rawData
        let stride = MemoryLayout<Stored>.size
        if proto.hasRawData, !raw.isEmpty || typed.isEmpty {
            guard typed.isEmpty else { throw invalid("it has raw and typed data") }
            // A shape has at most 2^31 elements, so the product is in range.
            guard raw.count == shape.count * stride else {
                throw invalid("\(raw.count) bytes of data for \(shape), which takes \(shape.count * stride)")
            }
        } else {
            guard typed.count == shape.count else {
                throw invalid("\(typed.count) elements of data for \(shape)")
            }
        }
    }

    /// 16-bit patterns that are stored in 32-bit integers.
    private func bits16() throws(ONNXError) -> [UInt16] { try narrowed(UInt16.self) }

    private func narrowed<Narrow: FixedWidthInteger>(_ type: Narrow.Type) throws(ONNXError) -> [Narrow] {
        var values = [Narrow]()
        values.reserveCapacity(proto.int32Data.count)
        for wide in proto.int32Data {
            guard let value = Narrow(exactly: wide) else { throw invalid("\(wide) does not fit its element type") }
            values.append(value)
        }
        return values
    }

    private func invalid(_ reason: String) -> ONNXError { .invalidTensor(name: proto.name, reason: reason) }
}

extension Float {
    /// From the bits of an IEEE 754 half-precision number.
    init(halfBits bits: UInt16) {
        let sign = UInt32(bits & 0x8000) << 16
        let exponent = UInt32(bits >> 10) & 0x1f
        let fraction = UInt32(bits & 0x3ff)
        switch exponent {
        case 0:
            // Subnormal: fraction · 2⁻²⁴.
            let magnitude = Float(fraction) * 0x1p-24
            self = sign == 0 ? magnitude : -magnitude
        case 31: self = Float(bitPattern: sign | 0x7f80_0000 | fraction << 13)
        default: self = Float(bitPattern: sign | (exponent + 112) << 23 | fraction << 13)
        }
    }
}
