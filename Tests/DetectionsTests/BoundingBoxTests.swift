import Detections
import Testing

@Suite struct BoundingBoxTests {
    @Test func overlapOfKnownBoxes() {
        let box = BoundingBox(x: 0, y: 0, width: 10, height: 10)
        #expect(box.iou(box) == 1)
        #expect(box.iou(BoundingBox(x: 6, y: 0, width: 10, height: 10)) == 0.25)
        #expect(box.iou(BoundingBox(x: 10, y: 0, width: 10, height: 10)) == 0)
        #expect(box.iou(BoundingBox(x: 5, y: 5, width: -3, height: 2)) == 0)
        let empty = BoundingBox(x: 1, y: 1, width: 0, height: 0)
        #expect(empty.iou(empty) == 0)
    }

    @Test func theFormsAgree() {
        let box = BoundingBox(centerX: 30, centerY: 20, width: 10, height: 4)
        #expect(box == BoundingBox(x: 25, y: 18, width: 10, height: 4))
        #expect(box == BoundingBox(x1: 25, y1: 18, x2: 35, y2: 22))
        #expect(box.area == 40 && box.centerX == 30 && box.centerY == 20)
        #expect(box.clamped(width: 30, height: 20) == BoundingBox(x1: 25, y1: 18, x2: 30, y2: 20))
    }
}
