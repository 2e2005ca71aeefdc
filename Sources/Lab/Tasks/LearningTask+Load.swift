import Augmentation
import Training

/// What of a task's data is taken, and whether training changes it at random.
package struct TaskOptions: Hashable, Sendable {
    /// Whether training samples are changed at random.
    package var augments: Bool
    /// Of the intents, how many; nil: all.
    package var classes: Int?

    package init(augments: Bool = false, classes: Int? = nil) {
        self.augments = augments
        self.classes = classes
    }
}

extension LearningTask {
    /// Reads a task's data. Throws `DataSetError`, or `WAVError` for a recording.
    ///
    /// - Parameter tick: called while pictures are read with the number so far and that of all.
    package init(
        _ name: Name, in folder: DataFolder, options: TaskOptions = TaskOptions(),
        tick: (Int, Int) -> Void = { _, _ in }
    ) throws {
        switch name {
        case .digits: try self.init(SpokenDigits(folder: folder.path(of: "speech/fsdd")), options)
        case .cells: try self.init(BloodCells(folder: folder.path(of: "medical/bccd"), tick: tick), options)
        case .intents:
            let file = folder.path(of: "text/clinc150/data_small.json")
            try self.init(Intents(file: file, classes: options.classes), options)
        }
    }

    /// The task of spoken digits.
    package init(_ digits: SpokenDigits, _ options: TaskOptions = TaskOptions()) throws {
        let recipe = try Self.soundRecipe()
        func samples(_ part: DataPart, _ recipe: AudioAugmentation? = nil) -> DigitSamples {
            DigitSamples(digits.recordings.filter { $0.part == part }, augmentation: recipe)
        }
        let speakers = Set(digits.recordings.map(\.speaker)).count
        self.init(
            name: .digits, title: "spoken digits", source: digits.folder, classNames: SpokenDigits.classNames,
            training: samples(.training, options.augments ? recipe : nil), validation: samples(.validation),
            test: samples(.test), models: [.cnn, .lstm],
            usual: Usual(method: .adam(), rate: 0.003, batchSize: 16, epochs: 15), classWeights: nil,
            notes: ["\(speakers) speakers, all of them in each part: new takes, not new voices, are tested"],
            vocabulary: nil)
    }

    /// The task of blood cells.
    package init(_ cells: BloodCells, _ options: TaskOptions = TaskOptions()) throws {
        let recipe = try Self.pictureRecipe()
        func samples(_ part: DataPart, _ recipe: ImageAugmentation? = nil) -> CellSamples {
            CellSamples(cells.cells[part, default: []], augmentation: recipe)
        }
        let training = samples(.training, options.augments ? recipe : nil)
        // Each class counts as if all had as many samples, but none more than ten times the mean.
        let counts = training.classCounts(BloodCells.classNames.count)
        let share = Float(training.count) / Float(counts.count)
        let weights = counts.map { min(share / Float(max($0, 1)), 10) }
        let list = zip(BloodCells.classNames, counts).map { "\($1) \($0)" }.joined(separator: ", ")
        var notes = ["the training has \(list): classes are weighted by what they are short of"]
        if cells.skippedCount > 0 { notes.append("boxes too small to show anything, left out: \(cells.skippedCount)") }
        self.init(
            name: .cells, title: "blood cells", source: cells.folder, classNames: BloodCells.classNames,
            training: training, validation: samples(.validation), test: samples(.test), models: [.cnn],
            usual: Usual(method: .adam(), rate: 0.002, batchSize: 32, epochs: 8), classWeights: weights, notes: notes,
            vocabulary: nil)
    }

    /// The task of intents.
    package init(_ intents: Intents, _ options: TaskOptions = TaskOptions()) throws {
        let recipe = try Self.textRecipe()
        let vocabulary = Vocabulary(intents.utterances[.training, default: []].map(\.tokens))
        func samples(_ part: DataPart, _ recipe: TextAugmentation? = nil) -> IntentSamples {
            IntentSamples(intents.utterances[part, default: []], vocabulary: vocabulary, augmentation: recipe)
        }
        self.init(
            name: .intents, title: "intents", source: intents.file, classNames: intents.classNames,
            training: samples(.training, options.augments ? recipe : nil), validation: samples(.validation),
            test: samples(.test), models: [.mean, .lstm, .transformer],
            usual: Usual(method: .adam(), rate: 0.005, batchSize: 32, epochs: 10), classWeights: nil,
            notes: ["the vocabulary has \(vocabulary.count) tokens, of words that the training has twice or more"],
            vocabulary: vocabulary)
    }
}
