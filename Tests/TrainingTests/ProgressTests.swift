import Foundation
import FoundationXML
import Testing
import Training

@Suite struct TrainingLogTests {
    private let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    private var path: String { folder.path + "/log.csv" }

    private func row(_ step: Int) -> TrainingLogRow {
        TrainingLogRow(
            epoch: step / 4, step: step, rate: 0.1 / Double(step), trainLoss: step == 3 ? .nan : 1 / Double(step),
            validationLoss: step % 4 == 0 ? 2 / Double(step) : nil, metrics: [step % 4 == 0 ? 0.5 : nil, nil])
    }

    private func write(_ steps: ClosedRange<Int>, resumingAt: Int? = nil) throws {
        var log = try TrainingLog(path, metricNames: ["AP50", "mean AP"], resumingAt: resumingAt)
        for step in steps { try log.append(row(step)) }
    }

    private var text: String { (try? String(contentsOfFile: path, encoding: .utf8)) ?? "" }

    @Test func rowsAreReadBack() throws {
        try write(1...8)
        let (names, rows) = try TrainingLog.read(path)
        #expect(names == ["AP50", "mean AP"] && rows.count == 8)
        for (index, found) in rows.enumerated() where index != 2 { #expect(found == row(index + 1)) }
        #expect(rows[2].trainLoss.isNaN)
        #expect(text.hasPrefix("epoch,step,rate,train_loss,validation_loss,AP50,mean AP\n0,1,0.1,1.0,,,\n"))
    }

    /// A run that is killed behind its checkpoint and resumed has the log of one that was not, wherever its last line
    /// was torn.
    @Test func aResumedLogIsThatOfAWholeRun() throws {
        try write(1...12)
        let whole = text
        for end in whole.indices.filter({ whole[..<$0].count { $0 == "\n" } >= 9 }) {
            try String(whole[..<end]).write(toFile: path, atomically: true, encoding: .utf8)
            try write(8...12, resumingAt: 7)
            #expect(text == whole)
        }
        try write(1...2)
        #expect(text.count { $0 == "\n" } == 3)
        try FileManager.default.removeItem(atPath: path)
        try write(8...9, resumingAt: 7)
        #expect(text.count { $0 == "\n" } == 3)
    }

    @Test func wrongLogsAreRefused() throws {
        let header = "epoch,step,rate,train_loss,validation_loss,AP50,mean AP\n"
        for (text, entry) in [
            ("", "line 1"), ("a,b\n", "line 1"), (header + "1,2,3\n", "line 2"), (header + "1,2,x,4,,,\n", "line 2"),
            (header + "1,2,3,4,,,\n1,2,3,4,y,,\n", "line 3"), (header + "1.5,2,3,4,,,\n", "line 2"),
            (header + "99999999999999999999,2,3,4,,,\n", "line 2"),
            ("epoch,step,rate,train_loss,validation_loss,AP\n", "line 1"),
        ] {
            try text.write(toFile: path, atomically: true, encoding: .utf8)
            let error = #expect(throws: TrainingFileError.self) { try write(1...1, resumingAt: 5) }
            #expect(error?.entry == entry && error?.file == path)
            #expect(self.text == text)
        }
        #expect(throws: TrainingFileError.self) { _ = try TrainingLog(path, metricNames: ["a,b"]) }
        #expect(throws: TrainingFileError.self) { _ = try TrainingLog.read(folder.path + "/none") }
    }

    /// Whichever call fails, the old log or the cut one is there.
    @Test func everyCallFails() throws {
        try write(1...6)
        let whole = text
        let calm = FaultyCalls()
        func resume(_ calls: FaultyCalls) throws {
            var log = try TrainingLog(path, metricNames: ["AP50", "mean AP"], resumingAt: 4, calls: calls.calls)
            try log.append(row(5))
        }
        try resume(calm)
        let resumed = text
        #expect(
            resumed == whole.split(separator: "\n", omittingEmptySubsequences: false).prefix(6).joined(separator: "\n")
                + "\n")
        for call in 1...calm.callCount {
            try whole.write(toFile: path, atomically: true, encoding: .utf8)
            try? resume(FaultyCalls(.once, failingCall: call))
            #expect(text == whole || resumed.hasPrefix(text), "call \(call)")
            #expect(try TrainingLog.read(path).rows.count >= 4)
        }
    }

    @Test func nothingIsWrittenBehindATornLine() throws {
        let calm = FaultyCalls()
        do { _ = try TrainingLog(path, metricNames: [], calls: calm.calls) }
        // The next call after those of the beginning, less the closing, is the first row's.
        let faulty = FaultyCalls(.once, failingCall: calm.callCount, code: EDQUOT)
        var log = try TrainingLog(path, metricNames: [], calls: faulty.calls)
        let before = text
        for step in 1...3 {
            let error = #expect(throws: TrainingFileError.self) {
                try log.append(TrainingLogRow(epoch: 0, step: step, rate: 1, trainLoss: 1))
            }
            #expect(error?.code == EDQUOT && error?.kind == .writeFailed)
        }
        #expect(text == before && faulty.callCount == calm.callCount)
    }

    @Test func theCurvesAreAPicture() throws {
        for rows in [[], [row(1)], (1...40).map(row)] {
            let svg = TrainingCurves(metricNames: ["AP50", "mean AP"], rows: rows).svg
            #expect(XMLParser(data: Data(svg.utf8)).parse())
            #expect(!svg.contains("nan") && svg.contains("Learning rate"))
        }
    }
}

@Suite struct EarlyStoppingTests {
    @Test func patienceIsCounted() {
        var stopping = EarlyStopping(patience: 2, minimumChange: 0.1)
        let values = [1, 0.95, 0.8, 0.75, .nan, 0.79]
        let verdicts: [EarlyStopping.Verdict] = [.improved, .waiting(1), .improved, .waiting(1), .waiting(2), .stop]
        for (value, wanted) in zip(values, verdicts) { #expect(stopping.observe(value) == wanted) }
        #expect(stopping.state.best == 0.8)
        var rising = EarlyStopping(mode: .maximum, patience: 0)
        #expect(rising.observe(0.1) == .improved && rising.observe(0.2) == .improved && rising.observe(0.2) == .stop)
    }

    @Test func theStateIsAllThatItRemembers() throws {
        var whole = EarlyStopping(patience: 5)
        var numbers = Numbers(seed: 3)
        for _ in 0..<40 {
            let saved = try JSONDecoder().decode(EarlyStopping.State.self, from: try JSONEncoder().encode(whole.state))
            var resumed = EarlyStopping(patience: 5, state: saved)
            let value = Double(numbers.float())
            #expect(resumed.observe(value) == whole.observe(value) && resumed == whole)
        }
    }
}

@Suite struct ProgressLineTests {
    @Test func theTextIsAFunctionOfNumbers() {
        var line = ProgressLine(totalSteps: 1000, at: .zero)
        #expect(line.text(step: 0, loss: 2.5, rate: 0.01, at: .zero) == "step 0/1000  0%  loss 2.5  rate 0.01")
        #expect(
            line.text(step: 100, loss: 0.123456, rate: 2e-5, extra: [("AP50", 0.5)], at: .seconds(50))
                == "step 100/1000  10%  loss 0.123  rate 2e-5  AP50 0.5  2 steps/s  7:30 left")
        // Another line for the same step changes nothing.
        #expect(line.text(step: 100, loss: 1, rate: 1, at: .seconds(90)).hasSuffix("2 steps/s  7:30 left"))
    }

    @Test func timesHaveAFormForEachLength() {
        for (total, wanted) in [(7, "0:07"), (275, "4:35"), (7389, "2:03:09"), (273_600, "3 d 4 h")] {
            var line = ProgressLine(totalSteps: total + 1, at: .zero)
            #expect(line.text(step: 1, loss: 1, rate: 1, at: .seconds(1)).hasSuffix(" \(wanted) left"))
        }
        var line = ProgressLine(totalSteps: 10, at: .zero)
        #expect(
            line.text(step: 12, loss: .nan, rate: 1, at: .seconds(24)).hasSuffix(
                "100%  loss nan  rate 1  2 s/step  0:00 left"))
    }

    /// After a change of pace the estimate follows it within the memory, and one slow step does not upset it.
    @Test func theEstimateIsSmoothed() {
        var line = ProgressLine(totalSteps: 100_000, at: .zero)
        var (step, time) = (0, 0)
        func advance(_ steps: Int, by seconds: Int) {
            step += steps
            time += seconds
            _ = line.text(step: step, loss: 1, rate: 1, at: .seconds(time))
        }
        for _ in 0..<60 { advance(10, by: 1) }
        #expect(abs((line.secondsPerStep ?? 0) - 0.1) < 1e-9)
        advance(10, by: 3)
        #expect((line.secondsPerStep ?? 1) < 0.12)
        for _ in 0..<120 { advance(10, by: 2) }
        #expect(abs((line.secondsPerStep ?? 0) - 0.2) < 0.001)
    }
}
