import Tensors
import Testing

@Suite struct ShapeTests {
    @Test func countsElements() throws {
        #expect(try Shape([2, 3, 4]).count == 24)
        #expect(try Shape([]).count == 1)
        #expect(Shape.scalar == (try Shape([])))
        #expect(try Shape([3, 0, 5]).count == 0)
        #expect(try Shape([2, 3, 4]).strides == [12, 4, 1])
        #expect(try Shape([1 << 28]).count == 1 << 28)
    }

    @Test(arguments: [
        [-1], [2, -3], [1 << 28, 2], [(1 << 28) + 1], [1 << 40, 1 << 40], [Int.max, Int.max],
        [0, Int.max, Int.max], [Int.max, 0],
        [1 << 20, 0, 1 << 20], [Int.min],
    ]) func refusesWhatCannotBeCounted(_ dimensions: [Int]) {
        #expect(throws: TensorError.invalidShape(dimensions)) { try Shape(dimensions) }
    }

    @Test func aTensorHasAsManyElementsAsItsShape() throws {
        let shape = try Shape([2, 2])
        #expect(throws: TensorError.countMismatch(shape: shape, elements: 3)) {
            try Tensor([Float(1), 2, 3], shape: [2, 2])
        }
        let tensor = try Tensor([Int64(1), 2, 3, 4], shape: [2, 2])
        #expect(tensor.dtype == .int64)
        #expect(tensor.elements(as: Int64.self) == [1, 2, 3, 4])
        #expect(Int(bitPattern: tensor.baseAddress) % TensorBuffer.alignment == 0)
    }
}
