import Foundation

/// A copy between two strided layouts of the same extents: what Transpose, Slice, Split, Concat, Expand and constant
/// Pad come down to. Strides are in elements, may be negative, and may be 0 in the source.
///
/// Made once at plan time; running it allocates nothing.
package struct StridedCopy: Sendable {
    private struct Axis: Sendable {
        var extent: Int
        var source: Int
        var target: Int
    }

    /// Outermost first, after merging; the innermost has the smallest target stride.
    private let axes: [Axis]
    private let elementSize: Int
    private let isEmpty: Bool
    /// Elements copied.
    package let count: Int

    package init(extents: [Int], source: [Int], target: [Int], elementSize: Int) {
        precondition(extents.count == source.count && extents.count == target.count)
        self.elementSize = elementSize
        count = extents.reduce(1, *)
        isEmpty = count == 0
        var merged: [Axis] = []
        for axis in extents.indices where extents[axis] != 1 {
            let next = Axis(extent: extents[axis], source: source[axis], target: target[axis])
            if let last = merged.last, last.source == next.source * next.extent,
                last.target == next.target * next.extent
            {
                merged[merged.count - 1] = Axis(
                    extent: last.extent * next.extent, source: next.source, target: next.target)
            } else {
                merged.append(next)
            }
        }
        axes = merged
    }

    package func run(from source: UnsafeRawPointer, to target: UnsafeMutableRawPointer, threads: Int = 1) {
        guard !isEmpty else { return }
        guard threads > 1, let outer = axes.first, count >= 1 << 16 else {
            return copy(axis: 0, source, target, extent: axes.first?.extent ?? 1)
        }
        parallelRanges(outer.extent, unit: 1, minimum: 1, threads: threads) { range in
            copy(
                axis: 0, source + range.lowerBound * outer.source * elementSize,
                target + range.lowerBound * outer.target * elementSize, extent: range.count)
        }
    }

    private func copy(axis: Int, _ source: UnsafeRawPointer, _ target: UnsafeMutableRawPointer, extent: Int) {
        switch axes.count - axis {
        case 0:
            target.copyMemory(from: source, byteCount: elementSize)
        case 1:
            copyRow(source, target, Axis(extent: extent, source: axes[axis].source, target: axes[axis].target))
        case 2 where elementSize == 4 && axes[axis].source == 1 && axes[axis + 1].target == 1:
            transpose(
                source.assumingMemoryBound(to: UInt32.self), target.assumingMemoryBound(to: UInt32.self),
                rows: extent, columns: axes[axis + 1].extent, sourceStride: axes[axis + 1].source,
                targetStride: axes[axis].target)
        default:
            let sourceStep = axes[axis].source * elementSize
            let targetStep = axes[axis].target * elementSize
            for index in 0..<extent {
                copy(
                    axis: axis + 1, source + index * sourceStep, target + index * targetStep,
                    extent: axes[axis + 1].extent)
            }
        }
    }

    private func copyRow(_ source: UnsafeRawPointer, _ target: UnsafeMutableRawPointer, _ axis: Axis) {
        if axis.source == 1, axis.target == 1 {
            memcpy(target, source, axis.extent * elementSize)
        } else {
            switch elementSize {
            case 1: copyElements(as: UInt8.self, source, target, axis)
            case 4: copyElements(as: UInt32.self, source, target, axis)
            default: copyElements(as: UInt64.self, source, target, axis)
            }
        }
    }

    private func copyElements<Element: BitwiseCopyable>(
        as type: Element.Type, _ source: UnsafeRawPointer, _ target: UnsafeMutableRawPointer, _ axis: Axis
    ) {
        var from = source.assumingMemoryBound(to: type)
        var to = target.assumingMemoryBound(to: type)
        for _ in 0..<axis.extent {
            to.pointee = from.pointee
            from += axis.source
            to += axis.target
        }
    }

    /// target[r][c] = source[c][r] in blocks that fit the first cache.
    private func transpose(
        _ source: UnsafePointer<UInt32>, _ target: UnsafeMutablePointer<UInt32>, rows: Int, columns: Int,
        sourceStride: Int, targetStride: Int
    ) {
        let block = 16
        for firstColumn in stride(from: 0, to: columns, by: block) {
            let lastColumn = min(firstColumn + block, columns)
            for firstRow in stride(from: 0, to: rows, by: block) {
                for row in firstRow..<min(firstRow + block, rows) {
                    var from = source + (firstColumn &* sourceStride &+ row)
                    let to = target + row &* targetStride
                    for column in firstColumn..<lastColumn {
                        to[column] = from.pointee
                        from += sourceStride
                    }
                }
            }
        }
    }
}
