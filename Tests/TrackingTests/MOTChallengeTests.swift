import Detections
import Testing
import Tracking

@Suite struct MOTChallengeTests {
    @Test func writesStrictlyTenColumns() {
        let detection = Detection(
            box: BoundingBox(x: -0.001, y: 12.345678, width: 30, height: 75.17), classIndex: 5, score: 0.98765,
            trackID: 9_007_199_254_740_993)
        let row = MOTChallenge.row(frame: 12, detection: detection)
        #expect(row == "12,9007199254740993,0.00,12.35,30.00,75.17,0.9876,-1,-1,-1")
        #expect(row.split(separator: ",").count == 10)
        let untracked = Detection(box: BoundingBox(x: 1, y: 2, width: 3, height: 4), classIndex: 0, score: 1)
        #expect(MOTChallenge.row(frame: 1, detection: untracked) == "1,-1,1.00,2.00,3.00,4.00,1.0000,-1,-1,-1")
    }

    @Test(arguments: [
        (0.0, 2, "0.00"), (-0.004, 2, "0.00"), (-0.005, 2, "-0.01"), (1.999, 2, "2.00"), (123_456.789, 1, "123456.8"),
        (-7.5, 0, "-8"), (.nan, 2, "0.00"), (.infinity, 3, "0.000"), (1e300, 2, "0.00"), (0.05, 2, "0.05"),
    ])
    func numbersHaveFixedDecimals(value: Double, decimals: Int, text: String) {
        #expect(MOTChallenge.fixed(value, decimals: decimals) == text)
    }

    @Test func readsWhatItWrites() throws {
        let box = BoundingBox(x: 10.25, y: 20.5, width: 30, height: 40.75)
        let detections = [
            Detection(box: box, classIndex: 0, score: 0.5, trackID: 3), Detection(box: box, classIndex: 0, score: 0.25),
        ]
        let text = detections.map { MOTChallenge.row(frame: 3, detection: $0) + "\r\n" }.joined() + "\n"
        let frames = try MOTChallenge.read(text)
        #expect(frames == [[], [], detections])
        let none = try MOTChallenge.read("")
        #expect(none.isEmpty)
    }

    @Test(arguments: [
        "1,-1,1,2,3,4", "a,-1,1,2,3,4,1", "0,-1,1,2,3,4,1", "1.5,-1,1,2,3,4,1", "1,-1,nan,2,3,4,1", "1,-1,inf,2,3,4,1",
        "99999999999999999999,-1,1,2,3,4,1", "1,,1,2,3,4,1", "1,-1,1e30,2,3,4,1",
    ])
    func namesTheBadLine(line: String) {
        do {
            _ = try MOTChallenge.read("1,-1,1,2,3,4,1\n" + line)
            Issue.record("\(line) was read")
        } catch { #expect(error.line == 2) }
    }
}
