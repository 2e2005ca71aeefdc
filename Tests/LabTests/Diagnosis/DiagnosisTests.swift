import Foundation
import FoundationXML
import Lab
import Synchronization
import Testing

@Suite struct DiagnosisTests {
    private func samples(_ training: Range<Int>, _ validation: Range<Int>) -> DiagnosisSamples {
        DiagnosisSamples(training: Array(training), validation: Array(validation))
    }

    private let clouds = NeighbourLearner.clouds(count: 200, distance: 2, neighbours: 3).learner

    @Test func threadsDoNotChangeItAndTheSeedDoes() throws {
        var options = DiagnosisOptions.small
        let one = try Diagnosis(of: clouds, samples: samples(0..<120, 120..<200), options: options)
        options.threads = 3
        let three = try Diagnosis(of: clouds, samples: samples(0..<120, 120..<200), options: options)
        #expect(one == three && one.text == three.text)
        options.seed = 9
        #expect(try Diagnosis(of: clouds, samples: samples(0..<120, 120..<200), options: options) != one)
    }

    @Test func progressReachesItsTotal() throws {
        let seen = ProgressRecorder()
        let learner = clouds
        _ = try Diagnosis(of: learner, samples: samples(0..<120, 120..<200), options: .small) { seen.add($0) }
        let last = try #require(seen.all.last)
        #expect(last.done == last.total && last.done == learner.counter.count.load(ordering: .relaxed))
        #expect(seen.all.map(\.done) == seen.all.map(\.done).sorted())
    }

    @Test func itIsWrittenAndReadAsJSON() throws {
        let diagnosis = try Diagnosis(of: clouds, samples: samples(0..<120, 120..<200), options: .small)
        let data = try JSONEncoder().encode(diagnosis)
        #expect(try JSONDecoder().decode(Diagnosis.self, from: data) == diagnosis)
    }

    @Test func theReportAndThePicturesSayWhatWasMeasured() throws {
        let diagnosis = try Diagnosis(of: clouds, samples: samples(0..<120, 120..<200), options: .small)
        for part in [
            "Learning curve", "Over the epochs", "Bias and variance", "4-fold cross-validation", "Label noise",
            "Remedies", "early stopping", "Verdict:", "Next:",
        ] { #expect(diagnosis.text.contains(part), "\(part)") }
        let lines = diagnosis.text.split(separator: "\n")
        #expect(lines.allSatisfy { $0.last != " " } && lines.dropLast(3).allSatisfy { $0.count < 130 })
        #expect(diagnosis.pictures.count == 7)
        for (name, svg) in diagnosis.pictures {
            #expect(XMLParser(data: Data(svg.utf8)).parse() && !svg.contains("nan"), "\(name)")
        }
    }

    // MARK: What cannot be diagnosed

    private func error(
        _ learner: some DiagnosableLearner, _ samples: DiagnosisSamples, _ options: DiagnosisOptions = .small
    ) -> DiagnosisError? {
        #expect(throws: DiagnosisError.self) { try Diagnosis(of: learner, samples: samples, options: options) }
    }

    @Test func emptyAndOneSidedDataAreErrors() {
        #expect(error(clouds, samples(0..<0, 120..<200)) == .noSamples(part: "training"))
        #expect(error(clouds, samples(0..<120, 0..<0)) == .noSamples(part: "validation"))
        let even = DiagnosisSamples(training: Array(stride(from: 0, to: 100, by: 2)), validation: Array(120..<200))
        #expect(error(clouds, even) == .oneClass(name: "left", count: 50))
        #expect(error(clouds, even)?.description.contains("all 50 training samples are of the class \"left\"") == true)
        #expect(error(clouds, samples(0..<120, 190..<201))?.description == "there is no sample 200")
        var mislabelled = clouds
        mislabelled.labels[7] = 2
        #expect(error(mislabelled, samples(0..<120, 120..<200))?.description.hasPrefix("point 7: the label 2") == true)
    }

    @Test func tooFewSamplesForFoldsAreAnError() {
        var options = DiagnosisOptions.small
        options.folds = 6
        #expect(error(clouds, samples(0..<6, 6..<11), options) == .tooFewForFolds(samples: 6, folds: 6))
        let many = ScriptedLearner(classNames: (0..<12).map(String.init), labels: Array(0..<12) + [0]) { _, _, _ in [] }
        #expect(error(many, samples(0..<12, 12..<13), options) == .classesTooSmallForFolds(largest: 1, folds: 6))
        options.folds = 1
        #expect(error(clouds, samples(0..<120, 120..<200), options)?.description == "1 folds: at least 2 are needed")
    }

    @Test func invalidOptionsAreErrors() {
        func message(_ change: (inout DiagnosisOptions) -> Void) -> String {
            var options = DiagnosisOptions.small
            change(&options)
            return error(clouds, samples(0..<120, 120..<200), options)?.description ?? ""
        }
        #expect(message { $0.epochs = 0 }.contains("epochs"))
        #expect(message { $0.seeds = 1 }.contains("seeds"))
        #expect(message { $0.replicates = 1 }.contains("bootstraps"))
        #expect(message { $0.fractions = [0.5, 0.2, 1] }.contains("fractions"))
        #expect(message { $0.fractions = [0.5, 0.9] }.contains("fractions"))
        #expect(message { $0.flipShares = [1] }.contains("wrong labels"))
    }

    @Test func uselessPredictionsAreErrors() {
        let labels = (0..<200).map { $0 % 2 }
        let short = ScriptedLearner(classNames: ["a", "b"], labels: labels) { _, _, _ in [1] }
        #expect(error(short, samples(0..<120, 120..<200))?.description.contains("numbers for") == true)
        let broken = ScriptedLearner(classNames: ["a", "b"], labels: labels) { _, _, _ in [.nan, 1] }
        #expect(error(broken, samples(0..<120, 120..<200))?.description.contains("not finite") == true)
    }

    /// Of several threads' errors the first trial's is thrown.
    @Test func aLearnersErrorEndsTheDiagnosis() {
        struct Failing: DiagnosableLearner {
            struct Failure: Error, Equatable { var seed: UInt64 }
            var classNames: [String] { ["a", "b"] }
            var labels: [Int] { (0..<200).map { $0 % 2 } }
            func name(ofSample index: Int) -> String { "" }
            func supports(_ treatment: Treatment) -> Bool { true }
            func run(_ trial: Trial) throws -> [Predictions] { throw Failure(seed: trial.seed) }
        }
        var options = DiagnosisOptions.small
        options.threads = 4
        #expect(throws: Failing.Failure(seed: 0)) {
            try Diagnosis(of: Failing(), samples: samples(0..<120, 120..<200), options: options)
        }
    }
}
