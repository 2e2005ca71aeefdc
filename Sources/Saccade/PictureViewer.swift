import Foundation
import Imaging

/// The windows of a run: shows annotated pictures, and hears what the user wants.
///
///     let viewer = try PictureViewer(shouldStop: shouldStop)
///     let pane = viewer.open("street.mp4", pace: .every, pixelAspect: 1)
///     viewer.show(image, frame: 0, in: pane)
///     let notes = try viewer.finish()
///
/// One viewer serves all sources of a run, with a pane for each: SDL wants all its windows on one thread, which is the
/// viewer's own (`ViewerLoop`). Keys: q, Esc or closing a window ends the run in good order; space holds the pictures,
/// and with them a run over a file; f fills the screen; s saves the picture as a PNG file.
final class PictureViewer: Sendable {
    /// Which pictures are shown.
    enum Pace: Sendable {
        /// The newest; who shows waits for nothing (live sources).
        case newest
        /// Every one, as fast as they come and can be shown (files).
        case every
        /// Every one for half a second, the last one until a key is pressed (single images).
        case slides
    }

    private let loop: ViewerLoop

    /// Throws a `DisplayError` when there is no screen. `shouldStop` ends every wait.
    init(shouldStop: @escaping @Sendable () -> Bool) throws {
        loop = ViewerLoop(shouldStop: shouldStop)
        try loop.start()
    }

    deinit { loop.close() }

    /// Whether the user wants the run to end, or the screen is lost.
    var isClosed: Bool { loop.isClosed }

    /// A pane, whose window opens with the first picture.
    func open(_ name: String, pace: Pace, pixelAspect: Double) -> ViewerPane {
        let pane = ViewerPane(name: name, pace: pace, pixelAspect: pixelAspect)
        loop.add(pane)
        return pane
    }

    /// Shows a picture, of which nobody may change a pixel any more. Waits as the pane's pace says.
    func show(_ image: consuming Image, frame index: Int, in pane: ViewerPane) {
        loop.show(image, frame: index, in: pane)
    }

    /// Shows what waits, closes the windows and returns what the user should know. Throws the `DisplayError` that
    /// ended the show.
    func finish() throws -> [String] { try loop.finish() }

    /// Closes the windows now.
    func close() { loop.close() }
}

extension Image {
    /// The same pixels once more, for who only reads them; nobody may draw on either any more.
    borrowing func shared() -> Image {
        Image(width: width, height: height, color: color, y: y, u: u, v: v, isExclusive: false, owner: owner)
    }
}
