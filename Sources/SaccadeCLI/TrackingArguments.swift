import ArgumentParser
import Saccade

/// The options that say which frames are looked at, and how objects are followed between them.
struct TrackingArguments: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "Detect in every n-th frame alone; the frames between are tracked, drawn and logged all the same.",
            valueName: "n"))
    var detectEvery = 1

    @Option(help: ArgumentHelp("Detect at most this often per second of video.", valueName: "rate"))
    var detectFps: Double?

    @Option(help: ArgumentHelp("Use every n-th frame alone: the others do not exist.", valueName: "n"))
    var vidStride = 1

    @Option(
        help: ArgumentHelp("The least score of a detection that continues a track. Default: 0.1.", valueName: "score"))
    var trackLow: Float?

    @Option(
        help: ArgumentHelp(
            "The tracker's parameters, as saccade tune tracker writes them (YAML). --conf and --track-low win over its "
                + "track_high and track_low.", valueName: "file"))
    var tracker: String?

    @Flag(help: "Tell the motion of the camera from the pictures, and let the tracks go with it.")
    var followCamera = false

    /// - Parameter confidence: what --conf says.
    func apply(to configuration: inout PipelineConfiguration, confidence: Float?) throws(SaccadeError) {
        if let tracker {
            let file = try TrackerOptions(contentsOf: tracker)
            configuration.tracker?.parameters = file.parameters
            configuration.tracker?.lowConfidence = file.lowConfidence
            if confidence == nil { configuration.detector.confidence = file.confidence }
        }
        if let trackLow { configuration.tracker?.lowConfidence = trackLow }
        configuration.tracker?.followsCamera = followCamera
        configuration.schedule.stride = vidStride
        configuration.schedule.detectEvery = detectEvery
        configuration.schedule.detectRate = detectFps
    }
}
