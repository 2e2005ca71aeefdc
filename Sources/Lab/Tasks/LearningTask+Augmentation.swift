import Augmentation
import Training

extension LearningTask {
    static func soundRecipe() throws(AugmentationError) -> AudioAugmentation {
        try AudioAugmentation([
            .timeStretch(0.85...1.15, probability: 0.3), .pitchShift(semitones: -2...2, probability: 0.3),
            .timeShift(0.1), .noise(decibels: 10...40, probability: 0.5), .timeMask(longest: 10, probability: 0.5),
            .frequencyMask(widest: 6, probability: 0.5),
        ])
    }

    static func pictureRecipe() throws(AugmentationError) -> ImageAugmentation {
        try ImageAugmentation([
            .horizontalFlip(), .verticalFlip(), .rotation(degrees: -15...15, probability: 0.5),
            .colorJitter(brightness: 0.15, contrast: 0.15, saturation: 0.2, hue: 0.02),
        ])
    }

    static func textRecipe() throws(AugmentationError) -> TextAugmentation {
        try TextAugmentation(
            [.synonymReplacement(), .swap(probability: 0.3), .deletion(), .keyboardNoise(rate: 0.01)])
    }

    /// What the task's samples are.
    package var sampleKind: SampleKind {
        switch name {
        case .digits: .sounds
        case .cells: .pictures
        case .intents: .texts
        }
    }

    /// How the task's training samples are changed when they are.
    package func usualRecipe() throws -> AugmentationRecipe {
        switch name {
        case .digits: AugmentationRecipe(.sounds(try Self.soundRecipe()))
        case .cells: AugmentationRecipe(.pictures(try Self.pictureRecipe()))
        case .intents: AugmentationRecipe(.texts(try Self.textRecipe()))
        }
    }

    /// The task with its training samples changed by another recipe, of the kind of its samples; nil: not changed.
    package func augmented(by recipe: AugmentationRecipe?) -> LearningTask {
        replacing(training: Self.augmented(training, by: recipe))
    }

    /// The task with fewer samples for training, evenly spread over all; nil: all of them.
    package func limited(to count: Int?) -> LearningTask {
        guard let count, count < training.count else { return self }
        return replacing(training: SampleSelection(training, (0..<count).map { $0 * training.count / count }))
    }

    private static func augmented(
        _ samples: any ClassifiedSamples, by recipe: AugmentationRecipe?
    ) -> any ClassifiedSamples {
        switch (samples, recipe?.content) {
        case (var samples as DigitSamples, .sounds(let recipe)):
            samples.augmentation = recipe
            return samples
        case (var samples as CellSamples, .pictures(let recipe)):
            samples.augmentation = recipe
            return samples
        case (var samples as IntentSamples, .texts(let recipe)):
            samples.augmentation = recipe
            return samples
        case (var samples as DigitSamples, nil):
            samples.augmentation = nil
            return samples
        case (var samples as CellSamples, nil):
            samples.augmentation = nil
            return samples
        case (var samples as IntentSamples, nil):
            samples.augmentation = nil
            return samples
        case (let samples as SampleSelection, _):
            return SampleSelection(augmented(samples.whole, by: recipe), samples.indices, labels: samples.labels)
        default: preconditionFailure("a recipe of the task's kind of samples")
        }
    }

    private func replacing(training: any ClassifiedSamples) -> LearningTask {
        LearningTask(
            name: name, title: title, source: source, classNames: classNames, training: training,
            validation: validation, test: test, models: models, usual: usual, classWeights: classWeights, notes: notes,
            vocabulary: vocabulary)
    }
}
