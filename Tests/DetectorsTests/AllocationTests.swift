import CAllocationCounter
import Detections
import Detectors
import Foundation
import Imaging
import Testing

/// In the steady state a picture costs no memory of the heap, from its pixels to the boxes.
@Suite struct AllocationTests {
    @Test func theCounterCounts() {
        allocation_counter_begin(0)
        let bytes = UnsafeMutableRawPointer.allocate(byteCount: 4000, alignment: 16)
        bytes.storeBytes(of: 1, as: UInt8.self)
        bytes.deallocate()
        let count = allocation_counter_end()
        #expect(count > 0)
    }

    /// Allocations of ten pictures of one size, after three of them.
    private func allocations(_ worker: YOLODetector.Worker, _ image: borrowing Image) throws -> (count: Int, found: Int)
    {
        var detections: [Detection] = []
        for _ in 0..<3 { try worker.detect(image, into: &detections) }
        allocation_counter_begin(ProcessInfo.processInfo.environment["SACCADE_TRACE_ALLOCATIONS"] == nil ? 0 : 1)
        defer { _ = allocation_counter_end() }
        for _ in 0..<10 { try worker.detect(image, into: &detections) }
        let count = Int(allocation_counter_end())
        return (count, detections.count)
    }

    @Test(arguments: HeadFixtures.Tail.allCases, [false, true])
    func aPictureAllocatesNothing(tail: HeadFixtures.Tail, isQuantized: Bool) throws {
        var options = YOLODetector.Options()
        options.confidence = 0.3
        let detector = try YOLODetector(HeadFixtures.graph(tail, isQuantized: isQuantized), options: options)
        let worker = try detector.makeWorker(threads: 1)
        let result = try allocations(worker, testPicture(width: 333, height: 211))
        #expect(result.found > 0)
        #expect(result.count == 0)
    }

    @Test(.needsData, arguments: ["yolov8n", "yolo11n", "yolo26n", "yolov5n", "yolox_nano"])
    func aPictureAllocatesNothingInRealModels(model: String) throws {
        let data = try #require(dataFolder)
        let detector = try YOLODetector(modelPath: data.appending(path: "models/\(model).onnx").path)
        let url = try #require(try photos(1).first)
        let result = try allocations(detector.makeWorker(threads: 1), readPicture(url))
        #expect(result.found > 0)
        #expect(result.count == 0)
    }
}
