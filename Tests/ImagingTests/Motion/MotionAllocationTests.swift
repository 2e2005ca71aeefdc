import CAllocationCounter
import Detections
import Imaging
import Testing

/// In the steady state, frames of one size, neither camera motion nor correlation takes memory of the heap.
@Suite struct MotionAllocationTests {
    @Test func nothingIsAllocatedOnceEverythingHasGrown() {
        let scene = TexturedScene(seed: 12, grain: 9)
        let first = scene.picture(width: 333, height: 247)
        let second = scene.picture(width: 333, height: 247, moved: SimilarityTransform(tx: 2.5, ty: 1))
        let boxes = (0..<20).map { BoundingBox(x: Float(10 * $0), y: 60, width: 12, height: 40) }
        var estimator = CameraMotionEstimator()
        var correlator = BoxCorrelator()
        var templates = boxes.map { _ in BoxTemplate() }
        var (confident, matched) = (0, 0)
        func frame() {
            for index in boxes.indices { correlator.take(&templates[index], of: boxes[index], in: first) }
            _ = estimator.update(with: first, excluding: boxes)
            if estimator.update(with: second, excluding: boxes).confidence > 0.5 { confident += 1 }
            for index in boxes.indices where correlator.match(templates[index], near: boxes[index], in: second) != nil {
                matched += 1
            }
        }
        for _ in 0..<3 { frame() }
        allocation_counter_begin(0)
        for _ in 0..<20 { frame() }
        let count = allocation_counter_end()
        #expect(count == 0)
        #expect(confident == 23 && matched > 23 * 15)
    }
}
