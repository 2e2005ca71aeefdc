/// How a tracker decides. Times are in seconds and lengths in heights of the box, so one set of numbers serves every
/// frame rate, frame size and detection interval.
package struct TrackerConfiguration: Hashable, Sendable {
    /// The lowest score that starts a track and takes part in the first association, and the lowest mean score with which
    /// a track is reported (`--conf`).
    package var trackHigh: Float = 0.25
    /// The lowest score that may continue a track in the second association (`--track-low`).
    package var trackLow: Float = 0.1

    /// A track is confirmed when it has been seen for this long …
    package var confirmationTime = 0.2
    /// … and at least this often. What is there in the very first update is confirmed at once.
    package var confirmationCount = 2
    /// A tentative track that is missed for longer than this is deleted.
    package var tentativeTimeLost = 0.03
    /// A confirmed track that is missed for longer than this is deleted.
    package var maximumTimeLost = 1.5

    /// The greatest cost at which a detection of a high score continues a track; see `AssociationMetrics`.
    package var highLimit: Float = 0.8
    /// The greatest cost at which a detection of a low score continues a track.
    package var lowLimit: Float = 0.5
    /// A detection that overlaps one that is already of a track and of the same class by more than this starts no track.
    package var duplicateIoU: Float = 0.6
    /// The same for two detections of different classes: one thing seen as a car and as a truck, but not a rider and the
    /// motorcycle.
    package var duplicateIoUAcrossClasses: Float = 0.85

    /// Whether tracks that were seen in the previous update choose before those that are lost (DeepSORT's matching
    /// cascade, with two levels). Off: on five sequences of MOT15 there are fewer switches with it (127 instead of 173), but
    /// a lost track that is back goes without more often than not (HOTA 41.9 instead of 46.4).
    package var cascades = false
    /// Whether a track that is found again is filtered anew along the straight way from where it was last seen ("OC-SORT",
    /// Cao et al. 2023: observation-centric re-update). Off: where noise grows with the real time it changes next to
    /// nothing (HOTA 46.5 instead of 46.4, 181 switches instead of 173).
    package var reupdates = false

    /// What makes a detection likely to be of a track.
    package var metrics = AssociationMetrics()
    /// How boxes move.
    package var filter = KalmanFilter()

    /// The most detections that an update looks at, by score.
    package var maximumDetections = 1000
    /// The most tracks that are kept; beyond it no track starts.
    package var maximumTracks = 2000

    /// The defaults.
    package init() {}
}
