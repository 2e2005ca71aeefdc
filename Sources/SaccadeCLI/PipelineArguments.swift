import ArgumentParser
import Saccade

/// What `track` and `detect` have in common: a pipeline's options.
struct PipelineArguments: ParsableArguments {
    @OptionGroup(title: "Detection") var detector: DetectorArguments
    @OptionGroup(title: "Source") var source: SourceArguments
    @OptionGroup(title: "Cameras and streams") var live: LiveArguments
    @OptionGroup(title: "Window") var window: WindowArguments
    @OptionGroup(title: "Results") var results: ResultArguments
    @OptionGroup(title: "Drawing") var annotation: AnnotationArguments
    @OptionGroup(title: "Encoding") var encoder: EncoderArguments

    func configuration() throws(SaccadeError) -> PipelineConfiguration {
        let detectorOptions = try detector.options()
        var configuration = PipelineConfiguration(model: detectorOptions.model)
        configuration.detector = detectorOptions
        configuration.source = source.options()
        live.apply(to: &configuration.source)
        configuration.annotation = annotation.options()
        configuration.encoder = encoder.options()
        configuration.threads = detector.threads ?? 0
        configuration.mode = detector.mode
        configuration.batch = detector.batch
        configuration.latencyBudget = live.latencyBudget?.seconds
        return configuration
    }
}
