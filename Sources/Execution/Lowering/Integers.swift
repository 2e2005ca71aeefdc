import Graphs
import Kernels
import Tensors

/// Operators on quantized tensors: bytes in, one rounding, bytes out. What is `unsupported` here computes with float
/// numbers (`withFloatNodes`).
extension Lowering {
    /// Whether an operand is stored as integers that stand for real numbers.
    var isQuantized: Bool {
        outputs.contains { $0.quantization != nil } || inputs.contains { $0?.quantization != nil }
    }

    mutating func integerBody() throws(ExecutionError) -> StepBody {
        switch op {
        case .convolution(let convolution): return try integerConvolution(convolution)
        case .requantize: return try requantize()
        case .unary(let function): return try lookup(function)
        case .binary(let function): return try byteBinary(function)
        case .maxPool(let pool): return try maxPool(pool)
        case .softmax(let axis): return try byteSoftmax(axis: axis)
        case .matMul: return try byteMatMul()
        // What only moves elements moves bytes.
        case .resize(let resize): return try self.resize(resize)
        case .identity, .reshape, .flatten, .squeeze, .unsqueeze: return try copy()
        case .concat(let axis): return try concat(axis: axis)
        case .split(let axis): return try split(axis: axis)
        case .slice: return try slice()
        case .transpose(let permutation): return try transpose(permutation)
        case .expand: return try expand()
        case .tile: return try tile()
        case .gather(let axis): return try gather(axis: axis)
        default: throw unsupported("\(op.name) of quantized tensors")
        }
    }

    private func bytes(_ operand: Operand) throws(ExecutionError) -> ByteQuantization {
        guard operand.dtype == .uint8, let quantization = operand.quantization.flatMap(ByteQuantization.init) else {
            throw unsupported("a quantized tensor of \(operand.dtype)")
        }
        return quantization
    }

    // MARK: Convolution

    private mutating func integerConvolution(_ convolution: Convolution) throws(ExecutionError) -> StepBody {
        let x = try input(0)
        let y = outputs[0]
        let from = try bytes(x)
        guard convolution.dataFormat == .channelsLast, let weights = try input(1).constant, weights.dtype == .int8,
            let biases = try input(2).constant, let scales = try input(2).quantization?.scales,
            scales.count == y.shape[3]
        else { throw unsupported("weights that are not 8-bit integers with a bias") }
        guard y.shape.count > 0 else { return { _ in true } }
        guard x.shape.count > 0, weights.shape.count > 0 else { throw unsupported("an image without pixels") }
        let addend = optional(3)
        packsParameters = true
        let shape = convolutionShape(convolution, x, weights.shape, y, addend: addend)
        let activation = convolution.activation.fused
        let packed: QuantizedConvolution?
        do {
            // A float result takes its activation afterwards.
            let fused = y.quantization == nil ? .none : activation
            guard
                let requantization = try Requantization(
                    activation: fused, output: y.quantization, addend: addend?.quantization)
            else { throw unsupported("a residual of another scale") }
            packed = try QuantizedConvolution(
                shape: shape, weights: weights.baseAddress.assumingMemoryBound(to: Int8.self),
                bias: biases.elements(as: Int32.self), sumScales: scales, inputZeroPoint: from.zeroPoint,
                requantization: requantization, instructionSet: instructionSet)
        } catch let error as ExecutionError {
            throw error
        } catch { throw ExecutionError(.outOfMemory(bytes: weights.byteCount)) }
        guard let packed else { throw unsupported("sums of more than 32 bits or a window of more than 96 KiB") }
        kernel = packed.kernelName
        multiplyAdds = packed.multiplyAdds
        let hasAddend = addend != nil
        let convolve: StepBody = { context in
            packed.run(
                input: context.bytes(input: 0), addend: hasAddend ? context.bytes(input: 3) : nil,
                output: context.output(0), threads: context.threads)
            return true
        }
        guard y.quantization == nil, activation != .none else { return convolve }
        let act = activationInPlace(convolution.activation, y)
        return { context in
            _ = convolve(context)
            act(context)
            return true
        }
    }

    // MARK: Products

    private mutating func byteMatMul() throws(ExecutionError) -> StepBody {
        let batch = try matrixBatch()
        let (rows, depth, columns) = (batch.rows, batch.depth, batch.columns)
        let made: QuantizedMatrixProduct?
        do {
            made = try QuantizedMatrixProduct(
                rows: rows, columns: columns, depth: depth, a: .init(row: depth, column: 1),
                b: .init(row: columns, column: 1), c: .init(row: columns, column: 1),
                aQuantization: try bytes(try input(0)), bQuantization: try bytes(try input(1)),
                output: outputs[0].quantization, instructionSet: instructionSet)
        } catch let error as ExecutionError {
            throw error
        } catch { throw ExecutionError(.outOfMemory(bytes: 0)) }
        guard let product = made else { throw unsupported("a product of such matrices of bytes") }
        kernel = product.kernelName
        multiplyAdds = batch.products.count * product.multiplyAdds
        let offsets = batch.products.enumerated().map { index, pair in
            QuantizedMatrixProduct.Offsets(
                a: pair.a * rows * depth, b: pair.b * depth * columns, c: index * rows * columns)
        }
        scratchByteCount = product.scratchByteCount(batch: offsets.count)
        return { context in
            product.run(
                batch: offsets, a: context.bytes(input: 0), b: context.bytes(input: 1), c: context.output(0),
                scratch: context.scratch, threads: context.threads)
            return true
        }
    }

    // MARK: One byte after the other

    private mutating func requantize() throws(ExecutionError) -> StepBody {
        switch (try input(0).quantization, outputs[0].quantization) {
        case (nil, .some):
            kernel = "quantize_u8"
            return try rows(ByteConversionKernel(try bytes(outputs[0]), instructionSet: instructionSet).quantize)
        case (.some, nil):
            kernel = "dequantize_u8"
            return try rows(ByteConversionKernel(try bytes(try input(0)), instructionSet: instructionSet).dequantize)
        case (.some, .some):
            return try byteTable { $0 }
        case (nil, nil):
            throw ExecutionError(.invalidGraph("a change of representation between float tensors"))
        }
    }

    private mutating func lookup(_ function: UnaryFunction) throws(ExecutionError) -> StepBody {
        guard let real = function.onNumbers else { throw unsupported("\(function.name) of bytes") }
        return try byteTable(real)
    }

    private mutating func byteTable(_ real: @escaping (Float) -> Float) throws(ExecutionError) -> StepBody {
        kernel = "lookup_u8"
        let table = ByteLookupKernel(
            from: try bytes(try input(0)), to: try bytes(outputs[0]), instructionSet: instructionSet, real)
        return try rows(table.run)
    }

    private mutating func byteBinary(_ function: BinaryFunction) throws(ExecutionError) -> StepBody {
        let a = try input(0)
        let b = try input(1)
        let y = outputs[0]
        let byte: ByteBinaryFunction =
            switch function {
            case .add: .add
            case .sub: .sub
            case .mul: .mul
            default: throw unsupported("\(function.rawValue) of bytes")
            }
        kernel = "binary_u8"
        let extents = y.shape.dimensions
        let binary = ByteBinaryKernel(
            byte, extents: extents, left: a.broadcastStrides(to: extents), right: b.broadcastStrides(to: extents),
            output: y.strides, leftQuantization: try bytes(a), rightQuantization: try bytes(b),
            outputQuantization: try bytes(y), instructionSet: instructionSet)
        return { context in
            binary.run(
                left: context.bytes(input: 0), right: context.bytes(input: 1), output: context.bytes(output: 0),
                threads: context.threads)
            return true
        }
    }

    private mutating func byteSoftmax(axis: Int) throws(ExecutionError) -> StepBody {
        let x = try input(0)
        guard axis == x.shape.rank - 1 else { throw unsupported("a softmax of bytes along axis \(axis)") }
        kernel = "softmax_u8"
        let softmax = ByteSoftmaxKernel(
            inputScale: try bytes(x).scale, output: try bytes(outputs[0]), instructionSet: instructionSet)
        return try rows(softmax.run)
    }
}

extension StepContext {
    func bytes(input index: Int) -> UnsafeMutablePointer<UInt8> { input(index).assumingMemoryBound(to: UInt8.self) }

    func bytes(output index: Int) -> UnsafeMutablePointer<UInt8> { output(index).assumingMemoryBound(to: UInt8.self) }
}
