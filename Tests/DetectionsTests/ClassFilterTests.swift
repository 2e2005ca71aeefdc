import Detections
import Testing

@Suite struct ClassFilterTests {
    private let labels = ClassLabels(["person", "bicycle", "car", "traffic light"])

    @Test func takesNamesAndNumbers() throws {
        let filter = try ClassFilter(" Traffic Light ,0,CAR,car", labels: labels)
        #expect(filter.indices == [0, 2, 3])
        #expect(filter.contains(2) && !filter.contains(1) && !filter.contains(-1))
    }

    @Test(arguments: ["", " ", ",,"]) func anEmptyListLetsEverythingPass(list: String) throws {
        let filter = try ClassFilter(list, labels: labels)
        #expect(filter == .all && filter.contains(77))
    }

    @Test(arguments: ["persn", "4", "-1", "car,99999999999999999999", "person;car"])
    func namesTheUnknownEntry(list: String) {
        do {
            _ = try ClassFilter(list, labels: labels)
            Issue.record("\(list) was taken")
        } catch {
            #expect(list.hasSuffix(error.entry))
            #expect(error.description.contains("person, bicycle, car, traffic light"))
        }
    }

    @Test func removesTheOthersInOrder() throws {
        let box = BoundingBox(x: 0, y: 0, width: 1, height: 1)
        var detections = [2, 0, 1, 2].map { Detection(box: box, classIndex: $0, score: 0.5) }
        try ClassFilter("2,1", labels: labels).apply(to: &detections)
        #expect(detections.map(\.classIndex) == [2, 1, 2])
        ClassFilter.all.apply(to: &detections)
        #expect(detections.count == 3)
    }
}
