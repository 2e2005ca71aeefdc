import Detections
import Testing

@Suite struct SimilarityTransformTests {
    /// A camera that rolls by 10 degrees and zooms in about a point, then pans.
    static let turned = SimilarityTransform(scale: 1.2, rotation: .pi / 18, about: (x: 320, y: 240), tx: 5, ty: -3)

    static func isNear(_ a: (x: Double, y: Double), _ b: (x: Double, y: Double), _ tolerance: Double = 1e-9) -> Bool {
        abs(a.x - b.x) <= tolerance && abs(a.y - b.y) <= tolerance
    }

    @Test func partsComeBack() {
        #expect(abs(Self.turned.scale - 1.2) < 1e-12)
        #expect(abs(Self.turned.rotation - .pi / 18) < 1e-12)
        #expect(Self.isNear(Self.turned.apply(x: 320, y: 240), (325, 237)))
        // y points down: a positive turn is clockwise, from the right downwards.
        let quarter = SimilarityTransform(rotation: .pi / 2)
        #expect(Self.isNear(quarter.apply(x: 1, y: 0), (0, 1)))
        #expect(Self.isNear(quarter.applyToVector(x: 0, y: 2), (-2, 0)))
    }

    @Test func theInverseUndoesAndOrderIsKept() throws {
        let inverse = try #require(Self.turned.inverse)
        let there = Self.turned.apply(x: 17, y: 90)
        #expect(Self.isNear(inverse.apply(x: there.x, y: there.y), (17, 90)))
        let shift = SimilarityTransform(tx: 10)
        #expect(Self.isNear(shift.followed(by: Self.turned).apply(x: 7, y: 90), there))
        let same = Self.turned.followed(by: inverse)
        #expect(Self.isNear((same.a, same.b), (1, 0)) && Self.isNear((same.tx, same.ty), (0, 0)))
        #expect(SimilarityTransform.identity.inverse == .identity)
    }

    @Test func whatCannotBeUndoneHasNoInverse() {
        #expect(SimilarityTransform(a: 0, b: 0, tx: 1, ty: 1).inverse == nil)
        #expect(SimilarityTransform(a: .nan, b: 0, tx: 1, ty: 1).inverse == nil)
        #expect(SimilarityTransform(a: 1, b: 0, tx: .infinity, ty: 1).inverse == nil)
        #expect(SimilarityTransform(a: 1e-200, b: 0, tx: 1, ty: 1).inverse == nil)
        #expect(!SimilarityTransform(a: 1, b: .nan, tx: 1, ty: 1).isFinite)
    }

    @Test func boxesStayUpright() {
        let box = BoundingBox(centerX: 320, centerY: 240, width: 30, height: 80)
        let moved = Self.turned.apply(box)
        #expect(abs(moved.centerX - 325) < 1e-3 && abs(moved.centerY - 237) < 1e-3)
        #expect(abs(moved.width - 36) < 1e-3 && abs(moved.height - 96) < 1e-3)
        let odd = BoundingBox(x1: 0.1, y1: 0.7, x2: 0.3, y2: 0.9)
        #expect(SimilarityTransform.identity.apply(odd) == odd)
    }

    @Test func finerPixelsMakeLongerShifts() {
        let fine = Self.turned.inPixels(finerBy: 6)
        let coarse = Self.turned.apply(x: 10, y: 20)
        #expect(Self.isNear(fine.apply(x: 60, y: 120), (6 * coarse.x, 6 * coarse.y)))
    }
}
