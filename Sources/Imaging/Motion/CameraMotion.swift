package import Detections

/// How the picture of a scene at rest moved from one frame to the next.
package struct CameraMotion: Hashable, Sendable {
    /// Where the places of the earlier picture are in the later one, in pixels of the picture.
    package var transform: SimilarityTransform
    /// The share of the windows looked for that follow the transform, 0 to 1; 0 when the motion could not be told, and
    /// then the transform is the identity.
    package var confidence: Float

    /// What is said when the motion cannot be told: nothing has moved.
    package static let unknown = CameraMotion(transform: .identity, confidence: 0)

    /// A motion of a certain confidence.
    package init(transform: SimilarityTransform, confidence: Float) {
        self.transform = transform
        self.confidence = confidence
    }
}
