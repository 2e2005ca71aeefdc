import Foundation
import Saccade
import Testing
import Tracking

@Suite struct TrackerParameterFileTests {
    @Test func defaultsComeBack() throws {
        let text = TrackerParameterFile(TrackerConfiguration()).text(notes: ["a note: with a colon"])
        let read = try TrackerParameterFile(text, name: "tracker.yaml")
        #expect(read.configuration == TrackerConfiguration())
        #expect(text.hasPrefix("# a note: with a colon\ntrack_high: 0.25 "))
    }

    @Test func everyNumberComesBackAndHasItsOwnPlace() throws {
        var configuration = TrackerConfiguration()
        for (place, parameter) in TrackerParameter.all.enumerated() {
            let part = Double(place + 1) / 50
            let value = parameter.isWhole ? "3" : "\(parameter.valid.lowerBound + part * 0.123456789)"
            #expect(parameter.set(value, in: &configuration), "\(parameter.name)")
        }
        configuration.trackHigh = 0.3333333
        let read = try TrackerParameterFile(TrackerParameterFile(configuration).text(), name: "a")
        #expect(read.configuration == configuration)
        for parameter in TrackerParameter.all {
            #expect(parameter.value(in: configuration) != parameter.value(in: TrackerConfiguration()))
        }
        #expect(Set(TrackerParameter.all.map(\.name)).count == TrackerParameter.all.count)
    }

    @Test func defaultsAreValid() {
        for parameter in TrackerParameter.all {
            let value = parameter.value(in: TrackerConfiguration())
            #expect(parameter.valid.contains(value), "\(parameter.name)")
            if let range = parameter.search?.range {
                #expect(range.contains(value), "\(parameter.name)")
                #expect(parameter.valid.contains(range.lowerBound) && parameter.valid.contains(range.upperBound))
            }
        }
    }

    @Test func aFileMayNameSome() throws {
        let text = "# mine\r\n\r\nmargin: 0.2 # wider\r\nconfirmation_count: 3\r\n   \r\ngate:\t1e1\n"
        let read = try TrackerParameterFile(text, name: "a").configuration
        var expected = TrackerConfiguration()
        (expected.metrics.margin, expected.confirmationCount, expected.metrics.gate) = (0.2, 3, 10)
        #expect(read == expected)
    }

    @Test(arguments: [
        ("margin 0.2", "line 1: there is no colon behind the key"),
        ("margin:0.2", "line 1: there is no space behind the colon"),
        ("\n margin: 0.2", "line 2: a line is key: number, without space before the key"),
        ("- margin: 0.2", "line 1: a line is key: number, without space before the key"),
        ("---\nmargin: 0.2", "line 1: a line is key: number, without space before the key"),
        ("margn: 0.2", "line 1: the tracker has no parameter margn"),
        ("margin: 0.2\ngate: 10\nmargin: 0.2", "line 3: margin stands in line 1 already"),
        ("margin:", "line 1: margin must be a number from 0 to 10"),
        ("margin: much", "line 1: margin must be a number from 0 to 10, not much"),
        ("margin: nan", "line 1: margin must be a number from 0 to 10, not nan"),
        ("margin: -0.1", "line 1: margin must be a number from 0 to 10, not -0.1"),
        ("margin: [0.1]", "line 1: margin must be a number from 0 to 10, not [0.1]"),
        ("confirmation_count: 2.5", "line 1: confirmation_count must be a whole number from 1 to 100, not 2.5"),
        ("confirmation_count: 1e99", "line 1: confirmation_count must be a whole number from 1 to 100, not 1e99"),
        ("track_high: 0.1\ntrack_low: 0.2", "track_low is above track_high"),
    ]) func errorsNameTheirLine(text: String, message: String) {
        let error = #expect(throws: SaccadeError.self) { try TrackerParameterFile(text, name: "t.yaml") }
        #expect(error?.message == "t.yaml: \(message)")
        #expect(error?.exitCode == 78)
    }

    @Test func optionsTakeAFile() throws {
        let folder = try TemporaryFolder()
        try "track_high: 0.5\ntrack_low: 0.3\nmargin: 0.2\n"
            .write(toFile: folder.file("t.yaml"), atomically: true, encoding: .utf8)
        let options = try TrackerOptions(contentsOf: folder.file("t.yaml"))
        #expect((options.confidence, options.lowConfidence) == (0.5, 0.3))
        #expect(options.parameters.metrics.margin == 0.2)
        let missing = #expect(throws: SaccadeError.self) { try TrackerOptions(contentsOf: folder.file("none.yaml")) }
        #expect(missing?.exitCode == 66)
    }
}

@Suite struct TrackerTunerTests {
    private func tuner() throws -> TrackerTuner {
        let folder = try TemporaryFolder()
        try ReplayScenes.write(to: folder.path)
        var tuner = try TrackerTuner(
            ReplayBenchmark(truth: folder.path, detections: DetectionSequence.all(at: folder.path)))
        (tuner.detectEvery, tuner.trials, tuner.seed) = ([1, 3], 40, 7)
        return tuner
    }

    @Test func theResultHangsOnTheSeedAndNotOnTheThreads() throws {
        var tuner = try tuner()
        let one = try tuner.run(crossValidates: true)
        for threads in [2, 5] {
            tuner.threads = threads
            let other = try tuner.run(crossValidates: true)
            #expect(other.configuration == one.configuration)
            #expect(other.fitted == one.fitted)
            #expect(other.crossValidated == one.crossValidated)
            #expect(other.heldOut == one.heldOut)
        }
        tuner.seed = 8
        #expect(try tuner.run().configuration != one.configuration)
    }

    @Test(arguments: TrackerTuner.Metric.allCases) func nothingIsWorseThanTheStart(metric: TrackerTuner.Metric) throws {
        var tuner = try tuner()
        tuner.metric = metric
        for trials in [1, 2, 17, 40] {
            tuner.trials = trials
            var done = 0
            let tuning = try tuner.run { progress in
                done = progress.done
                return true
            }
            #expect(done == trials)
            #expect(tuning.fitted.objective >= tuning.start.objective)
            if trials == 1 { #expect(tuning.configuration == tuner.start) }
            #expect(tuning.crossValidated == nil)
        }
    }

    @Test func whatIsWrittenIsWhatWasTried() throws {
        let tuner = try tuner()
        let tuning = try tuner.run(crossValidates: true)
        let text = TrackerParameterFile(tuning.configuration).text()
        #expect(try TrackerParameterFile(text, name: "a").configuration == tuning.configuration)
        #expect(tuning.heldOut.map(\.sequence) == ReplayScenes.names)
        #expect(tuning.configuration != tuner.start)
    }

    @Test func onlyChosenParametersChange() throws {
        var tuner = try tuner()
        tuner.parameters = TrackerParameter.all.filter { $0.name == "margin" }
        var expected = try tuner.run().configuration
        expected.metrics.margin = tuner.start.metrics.margin
        #expect(expected == tuner.start)
    }

    @Test func aRunCanBeEnded() throws {
        let tuner = try tuner()
        #expect(throws: CancellationError.self) { try tuner.run { _ in false } }
    }
}
