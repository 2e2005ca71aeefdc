import Graphs
import Kernels
import Tensors

extension Lowering {
    private mutating func strided(
        extents: [Int], source: [Int], target: [Int], size: Int, sourceOffset: Int = 0
    ) -> StepBody {
        kernel = "strided_copy"
        let copy = StridedCopy(extents: extents, source: source, target: target, elementSize: size)
        let offset = sourceOffset * size
        return { context in
            copy.run(from: context.input(0) + offset, to: context.output(0), threads: context.threads)
            return true
        }
    }

    /// The elements of a dense input in order.
    mutating func copy() throws(ExecutionError) -> StepBody {
        let x = try input(0)
        let y = outputs[0]
        if x.shape == y.shape {
            return strided(
                extents: x.shape.dimensions, source: x.strides, target: y.strides, size: x.dtype.stride)
        }
        guard x.isDense, y.isDense else { throw unsupported("a reshape of rows with gaps") }
        return strided(extents: [x.shape.count], source: [1], target: [1], size: x.dtype.stride)
    }

    mutating func concat(axis: Int) throws(ExecutionError) -> StepBody {
        let y = outputs[0]
        let size = y.dtype.stride
        var copies: [(index: Int, offset: Int, copy: StridedCopy)] = []
        var begin = 0
        for index in inputs.indices {
            let x = try input(index)
            copies.append(
                (
                    index, begin * y.strides[axis] * size,
                    StridedCopy(
                        extents: x.shape.dimensions, source: x.strides, target: y.strides, elementSize: size)
                ))
            begin += x.shape[axis]
        }
        kernel = "strided_copy"
        let parts = copies
        return { context in
            for part in parts where context.inputs[part.index] != nil {
                let source = context.input(part.index)
                let target = context.output(0) + part.offset
                // Inputs that were computed in place have nothing to move.
                if source != target { part.copy.run(from: source, to: target, threads: context.threads) }
            }
            return true
        }
    }

    mutating func split(axis: Int) throws(ExecutionError) -> StepBody {
        let x = try input(0)
        var copies: [(offset: Int, copy: StridedCopy)] = []
        var begin = 0
        for y in outputs {
            copies.append(
                (
                    begin * x.strides[axis] * x.dtype.stride,
                    StridedCopy(
                        extents: y.shape.dimensions, source: x.strides, target: y.strides,
                        elementSize: x.dtype.stride)
                ))
            begin += y.shape[axis]
        }
        kernel = "strided_copy"
        let parts = copies
        return { context in
            for (index, part) in parts.enumerated() {
                let source = context.input(0) + part.offset
                let target = context.output(index)
                if source != target { part.copy.run(from: source, to: target, threads: context.threads) }
            }
            return true
        }
    }

    mutating func slice() throws(ExecutionError) -> StepBody {
        let x = try input(0)
        let ranges = try sliceRanges()
        let strides = x.strides
        let offset = ranges.indices.reduce(0) { $0 + ranges[$1].start * strides[$1] }
        // The step of a single element leads nowhere, and may be any number.
        let steps = ranges.indices.map { ranges[$0].count <= 1 ? 0 : ranges[$0].step * strides[$0] }
        return strided(
            extents: outputs[0].shape.dimensions, source: steps,
            target: outputs[0].strides, size: x.dtype.stride, sourceOffset: outputs[0].shape.count == 0 ? 0 : offset)
    }

    func sliceRanges() throws(ExecutionError) -> [SliceRange] {
        let x = try input(0)
        guard let starts = try integers(1), let ends = try integers(2) else {
            throw ExecutionError(.invalidGraph("a slice without bounds"))
        }
        let axes = try integers(3)
        let steps = try integers(4)
        do {
            return try SliceRange.resolve(x.shape, starts: starts, ends: ends, axes: axes, steps: steps)
        } catch {
            throw ExecutionError(.invalidGraph("\(error)"))
        }
    }

    mutating func transpose(_ permutation: [Int]?) throws(ExecutionError) -> StepBody {
        let x = try input(0)
        let permutation = permutation ?? Array((0..<x.shape.rank).reversed())
        return strided(
            extents: outputs[0].shape.dimensions, source: permutation.map { x.strides[$0] },
            target: outputs[0].strides, size: x.dtype.stride)
    }

    mutating func expand() throws(ExecutionError) -> StepBody {
        let x = try input(0)
        let extents = outputs[0].shape.dimensions
        return strided(
            extents: extents, source: x.broadcastStrides(to: extents), target: outputs[0].strides,
            size: x.dtype.stride)
    }

    func tile() throws(ExecutionError) -> StepBody {
        let x = try input(0)
        let y = outputs[0]
        for extent in y.shape.dimensions { try checkTable(extent) }
        let sources: [[Int?]] = y.shape.dimensions.indices.map { axis in
            (0..<y.shape[axis]).map { $0 % max(x.shape[axis], 1) }
        }
        return { context in
            Reference.take(
                x.view(at: context.input(0)), to: y.view(at: context.output(0)), sources: sources, value: nil)
            return true
        }
    }

    func pad(_ mode: PaddingMode) throws(ExecutionError) -> StepBody {
        let x = try input(0)
        let y = outputs[0]
        let sources = try padSources(mode, from: x.shape, to: y.shape, axes: integers(3))
        let value = optional(2) != nil
        return { context in
            Reference.take(
                x.view(at: context.input(0)), to: y.view(at: context.output(0)), sources: sources,
                value: value ? UnsafeRawPointer(context.input(2)) : nil)
            return true
        }
    }

    mutating func padGradient(_ mode: PaddingMode) throws(ExecutionError) -> StepBody {
        let dy = try input(0)
        let dx = outputs[0]
        kernel = "take_gradient"
        let gradient = TakeGradientKernel(
            input: dx.shape, sources: try padSources(mode, from: dx.shape, to: dy.shape, axes: integers(2)),
            instructionSet: instructionSet)
        return { context in
            gradient.run(
                gradient: context.floats(input: 0), to: context.floats(output: 0), threads: context.threads)
            return true
        }
    }

    /// What each index along each axis of a padded tensor reads; nil: the padding's value. The amounts are input 1.
    private func padSources(
        _ mode: PaddingMode, from x: Shape, to y: Shape, axes: [Int]?
    ) throws(ExecutionError) -> [[Int?]] {
        guard let pads = try integers(1) else { throw ExecutionError(.invalidGraph("a pad without amounts")) }
        let rank = x.rank
        let axes = (axes ?? Array(0..<pads.count / 2)).map { $0 < 0 ? $0 + rank : $0 }
        guard pads.count == 2 * axes.count, axes.allSatisfy({ (0..<rank).contains($0) }) else {
            throw ExecutionError(.invalidGraph("a pad with \(pads.count) amounts"))
        }
        for extent in y.dimensions { try checkTable(extent) }
        var begins = Array(repeating: 0, count: rank)
        for (index, axis) in axes.enumerated() { begins[axis] = pads[index] }
        return (0..<rank).map { axis in
            let extent = x[axis]
            return (0..<y[axis]).map { index in
                let place = index - begins[axis]
                switch mode {
                case .constant: return (0..<extent).contains(place) ? place : nil
                case .edge: return extent == 0 ? nil : min(max(place, 0), extent - 1)
                case .reflect:
                    guard extent > 1 else { return extent == 0 ? nil : 0 }
                    let period = 2 * (extent - 1)
                    let phase = (place % period + period) % period
                    return phase < extent ? phase : period - phase
                }
            }
        }
    }

    mutating func gather(axis: Int) throws(ExecutionError) -> StepBody {
        let x = try input(0)
        let indices = try input(1)
        let y = outputs[0]
        if x.isDense, indices.isDense {
            kernel = "gather"
            let extents = x.shape.dimensions
            let gather = GatherKernel(
                outer: extents[..<axis].reduce(1, *), extent: extents[axis],
                inner: extents[(axis + 1)...].reduce(1, *), count: indices.shape.count, elementSize: x.dtype.stride,
                indexType: indices.dtype)
            return { context in
                gather.run(
                    input: context.input(0), indices: context.input(1), output: context.output(0),
                    threads: context.threads)
            }
        }
        return { context in
            Reference.gather(
                x.view(at: context.input(0)), indices: indices.view(at: context.input(1)),
                to: y.view(at: context.output(0)), axis: axis)
        }
    }

    func gatherElements(axis: Int) throws(ExecutionError) -> StepBody {
        let x = try input(0)
        let indices = try input(1)
        let y = outputs[0]
        return { context in
            Reference.gatherElements(
                x.view(at: context.input(0)), indices: indices.view(at: context.input(1)),
                to: y.view(at: context.output(0)), axis: axis)
        }
    }

    func range() throws(ExecutionError) -> StepBody {
        let start = try input(0)
        let delta = try input(2)
        let y = outputs[0]
        return { context in
            Reference.range(
                start: start.view(at: context.input(0)), delta: delta.view(at: context.input(2)),
                to: y.view(at: context.output(0)))
            return true
        }
    }
}
