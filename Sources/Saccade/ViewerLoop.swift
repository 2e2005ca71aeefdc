import Dispatch
import Display
import Foundation
import Imaging
import Media

/// The window of one source, and the picture that waits for it.
final class ViewerPane: @unchecked Sendable {
    // Sendable: what waits is read and written under the loop's lock; the rest belongs to the loop's thread.
    let name: String
    let pace: PictureViewer.Pace
    let pixelAspect: Double

    fileprivate var waiting: Image?
    fileprivate var waitingIndex = 0

    fileprivate var window: Window?
    fileprivate var shown: Image?
    fileprivate var shownIndex = 0
    fileprivate var shownAt = ContinuousClock.now
    fileprivate var rate = (since: ContinuousClock.now, count: 0)
    /// What the title says instead of the rate, and until when.
    fileprivate var remark: (text: String, until: ContinuousClock.Instant)?

    init(name: String, pace: PictureViewer.Pace, pixelAspect: Double) {
        self.name = name
        self.pace = pace
        self.pixelAspect = pixelAspect
    }
}

/// The thread of a viewer: takes the pictures that wait, shows them, and hears the keys.
final class ViewerLoop: @unchecked Sendable {
    // Sendable: every stored variable is read and written under `condition` only, but for what says otherwise.
    private static let slideTime = Duration.milliseconds(500)
    /// The longest time until a key is heard while no picture comes.
    private static let patience = 0.02

    private let shouldStop: @Sendable () -> Bool
    private let condition = NSCondition()
    private let thread = DispatchGroup()
    private var panes: [ViewerPane] = []
    private var failure: DisplayError?
    private var notes: [String] = []
    private var hasStarted = false
    private var isHeld = false
    private var isFinishing = false
    private var isOver = false
    private var isAbandoned = false

    init(shouldStop: @escaping @Sendable () -> Bool) { self.shouldStop = shouldStop }

    var isClosed: Bool { condition.withLock { isOver } }

    /// Begins, and waits until it is known whether there is a screen.
    func start() throws(DisplayError) {
        DispatchQueue(label: "saccade.window", qos: .userInteractive).async(group: thread) { self.run() }
        condition.lock()
        defer { condition.unlock() }
        while !hasStarted { condition.wait() }
        if let failure { throw failure }
    }

    func add(_ pane: ViewerPane) { condition.withLock { panes.append(pane) } }

    func show(_ image: consuming Image, frame index: Int, in pane: ViewerPane) {
        condition.lock()
        defer { condition.unlock() }
        while pane.pace != .newest, pane.waiting != nil, !isOver, !shouldStop() { wait() }
        guard !isOver else { return }
        pane.waiting = consume image
        pane.waitingIndex = index
        condition.broadcast()
    }

    /// Shows what waits, closes the windows, and returns notes for the user.
    func finish() throws(DisplayError) -> [String] {
        condition.lock()
        isFinishing = true
        while !isOver, !shouldStop(), panes.contains(where: isBusy) { wait() }
        condition.unlock()
        close()
        condition.lock()
        defer { condition.unlock() }
        if let failure { throw failure }
        return notes
    }

    /// Whether a pane still has something to show; slides have until a key is pressed.
    private func isBusy(_ pane: ViewerPane) -> Bool {
        switch pane.pace {
        case .newest: false
        case .every: pane.waiting != nil
        case .slides: true
        }
    }

    /// Closes the windows. A screen that does not answer is waited for two seconds.
    func close() {
        let wasAbandoned = condition.withLock { isAbandoned }
        end()
        guard !wasAbandoned, thread.wait(timeout: .now() + 2) == .timedOut else { return }
        condition.withLock { isAbandoned = true }
        WindowSystem.abandon()
    }

    private func end() {
        condition.withLock {
            isOver = true
            condition.broadcast()
        }
    }

    /// Waits a moment; called with the lock.
    private func wait() { _ = condition.wait(until: Date(timeIntervalSinceNow: Self.patience)) }

    // MARK: The thread

    private func run() {
        do throws(DisplayError) {
            let system = try WindowSystem()
            system.onLoss { [weak self] in self?.lose() }
            tellStarted()
            try show(on: system)
        } catch {
            fail(error)
        }
        // Here, since they belong to this thread.
        for pane in condition.withLock({ panes }) {
            pane.window = nil
            pane.shown = nil
        }
        tellStarted()
    }

    private func show(on system: WindowSystem) throws(DisplayError) {
        while let panes = nextPanes() {
            for pane in panes { try refresh(pane, of: system) }
            for event in system.events() { handle(event, panes) }
        }
    }

    /// Called by the thread, which does not return.
    private func lose() {
        condition.withLock { isAbandoned = true }
        fail(DisplayError("The screen went away"))
    }

    private func fail(_ error: DisplayError) {
        condition.withLock { failure = failure ?? error }
        end()
    }

    private func tellStarted() {
        condition.withLock {
            hasStarted = true
            condition.broadcast()
        }
    }

    /// The panes, as soon as one has a picture, and after a moment in any case; `nil` at the end.
    private func nextPanes() -> [ViewerPane]? {
        condition.lock()
        defer { condition.unlock() }
        if !isOver, isHeld || !panes.contains(where: isDue) { wait() }
        return isOver ? nil : panes
    }

    private func isDue(_ pane: ViewerPane) -> Bool {
        guard pane.waiting != nil else { return false }
        return pane.pace != .slides || pane.shown == nil || ContinuousClock.now - pane.shownAt >= Self.slideTime
    }

    /// Shows the picture that waits in a pane, if there is one, and what the title has to say.
    private func refresh(_ pane: ViewerPane, of system: WindowSystem) throws(DisplayError) {
        if let image = take(pane) {
            if pane.window == nil {
                pane.window = try Window(
                    system, title: pane.name, width: image.width, height: image.height, pixelAspect: pane.pixelAspect)
            }
            try pane.window?.show(image)
            pane.shown = consume image
            pane.shownAt = .now
            pane.rate.count += 1
        }
        let now = ContinuousClock.now
        let passed = (now - pane.rate.since) / .seconds(1)
        guard passed >= 1, let window = pane.window else { return }
        if let remark = pane.remark, remark.until > now {
            window.setTitle("\(pane.name) - \(remark.text)")
        } else {
            let rate = (Double(pane.rate.count) / passed * 10).rounded() / 10
            window.setTitle("\(pane.name) - \(rate) frames/s")
        }
        pane.rate = (now, 0)
    }

    private func take(_ pane: ViewerPane) -> Image? {
        condition.lock()
        defer { condition.unlock() }
        guard !isHeld, isDue(pane) else { return nil }
        pane.shownIndex = pane.waitingIndex
        condition.broadcast()
        return pane.waiting.take()
    }

    private func handle(_ event: WindowSystem.Event, _ panes: [ViewerPane]) {
        let pane = panes.first { $0.window != nil && $0.window?.number == event.window }
        switch event.kind {
        case .close: end()
        case .exposed: pane?.window?.redraw()
        case .key("q"), .key(WindowSystem.Event.escape): end()
        case .key("f"): pane?.window?.toggleFullScreen()
        case .key("s"): if let pane { save(pane) }
        case .key(" "):
            let holds = condition.withLock {
                isHeld.toggle()
                return isHeld
            }
            for pane in panes { say(holds ? "paused" : "going on", in: pane, for: holds ? 86_400 : 0) }
        case .key: break
        }
        // The last slide waits for any key.
        if case .key = event.kind, panes.allSatisfy({ $0.pace == .slides }) {
            let isDone = condition.withLock { isFinishing && panes.allSatisfy { $0.waiting == nil } }
            if isDone { end() }
        }
    }

    private func say(_ text: String, in pane: ViewerPane, for seconds: Int) {
        pane.remark = (text, .now + .seconds(seconds))
        pane.window?.setTitle("\(pane.name) - \(text)")
    }

    /// Writes the picture that is shown beside the other files of the user, under a name that is free.
    private func save(_ pane: ViewerPane) {
        guard let image = pane.shown.take() else { return }
        let name = (pane.name as NSString).lastPathComponent
        let stem = (name as NSString).deletingPathExtension.map { $0.isLetter || $0.isNumber ? $0 : "-" }
        let base = "saccade-\(String(stem.prefix(40)))-\(pane.shownIndex)"
        var path = "\(base).png"
        for count in 2..<1000 where access(path, F_OK) == 0 { path = "\(base)-\(count).png" }
        let text: String
        do throws(MediaError) {
            try ImageWriter().write(image, to: path)
            text = "saved \(path)"
        } catch {
            text = "the picture was not saved: \(error)"
        }
        pane.shown = consume image
        condition.withLock { notes.append(text) }
        say(text, in: pane, for: 3)
    }
}
