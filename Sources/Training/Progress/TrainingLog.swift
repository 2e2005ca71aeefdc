import Glibc

/// One line of a training log.
package struct TrainingLogRow: Hashable, Sendable {
    package var epoch: Int
    /// The steps taken so far.
    package var step: Int
    package var rate: Double
    package var trainLoss: Double
    /// Nil where nothing was validated.
    package var validationLoss: Double?
    /// As many as the log has metrics.
    package var metrics: [Double?]

    package init(
        epoch: Int, step: Int, rate: Double, trainLoss: Double, validationLoss: Double? = nil, metrics: [Double?] = []
    ) {
        self.epoch = epoch
        self.step = step
        self.rate = rate
        self.trainLoss = trainLoss
        self.validationLoss = validationLoss
        self.metrics = metrics
    }
}

/// The log of a training as CSV: `epoch,step,rate,train_loss,validation_loss` and a column for each metric.
///
///     var log = try TrainingLog("runs/7/log.csv", metricNames: ["AP50"], resumingAt: found?.step)
///     try log.append(TrainingLogRow(epoch: 0, step: 100, rate: 0.01, trainLoss: 0.7, metrics: [nil]))
///
/// Each row is one `write(2)`, so that a killed run leaves at most one torn line. A resumed run cuts the log back to its
/// checkpoint's step: the rows behind it come again, with the same numbers. After a failed write every further one
/// throws the same error, so that nothing stands behind a torn line.
package struct TrainingLog: ~Copyable {
    package let path: String
    package let metricNames: [String]
    private let calls: TrainingFileCalls
    private let descriptor: Int32
    private var failure: TrainingFileError?
    /// What stands in the file.
    package private(set) var rows: [TrainingLogRow]

    /// What a log may be long: a row for each step of a long training, many times over.
    private static let maximumBytes = 1 << 30
    private static let fixedColumns = ["epoch", "step", "rate", "train_loss", "validation_loss"]

    /// Begins a new log in place of what is there, or goes on with it behind `resumingAt` steps.
    package init(
        _ path: String, metricNames: [String], resumingAt step: Int? = nil, calls: TrainingFileCalls = .system
    ) throws(TrainingFileError) {
        guard metricNames.allSatisfy({ !$0.isEmpty && !$0.contains { ",\"\n\r".contains($0) } }) else {
            throw TrainingFileError(
                kind: .mismatch, file: path, reason: "a metric's name is empty, or has a comma, a quote or a line's end"
            )
        }
        let header = (Self.fixedColumns + metricNames).joined(separator: ",") + "\n"
        var content = header
        var kept: [TrainingLogRow] = []
        if let step, let text = try Self.text(of: path, calls: calls) {
            let rows = try Self.rows(in: text, file: path)
            guard rows.metricNames == metricNames else {
                throw TrainingFileError(
                    kind: .mismatch, file: path, entry: "line 1", reason: "it has other metrics: \(rows.metricNames)")
            }
            kept = rows.rows.filter { $0.step <= step }
            for row in kept { content += Self.line(row) }
        }
        try Self.replace(path, with: content, calls: calls)
        let opened = calls.open(path, O_WRONLY | O_APPEND | O_CLOEXEC)
        guard opened >= 0 else { throw TrainingFileError(file: path, code: -opened, writing: true) }
        self.path = path
        self.metricNames = metricNames
        self.calls = calls
        rows = kept
        descriptor = opened
    }

    deinit { _ = calls.close(descriptor) }

    /// Adds a row.
    package mutating func append(_ row: TrainingLogRow) throws(TrainingFileError) {
        precondition(row.metrics.count == metricNames.count, "a row of \(row.metrics.count) metrics")
        if let failure { throw failure }
        let line = Array(Self.line(row).utf8)
        do throws(TrainingFileError) {
            try line.withUnsafeBufferPointer { (bytes) throws(TrainingFileError) in
                try calls.write(descriptor, UnsafeRawBufferPointer(bytes), file: path)
            }
        } catch {
            failure = error
            throw error
        }
        rows.append(row)
    }

    /// The metrics' names and the rows of a log. A torn last line is left out.
    package static func read(
        _ path: String, calls: TrainingFileCalls = .system
    ) throws(TrainingFileError) -> (metricNames: [String], rows: [TrainingLogRow]) {
        guard let text = try text(of: path, calls: calls) else {
            throw TrainingFileError(file: path, code: ENOENT, writing: false)
        }
        return try rows(in: text, file: path)
    }

    private static func line(_ row: TrainingLogRow) -> String {
        var text = "\(row.epoch),\(row.step),\(row.rate),\(row.trainLoss),"
        text += ([row.validationLoss] + row.metrics).map { $0.map { "\($0)" } ?? "" }.joined(separator: ",")
        return text + "\n"
    }

    private static func rows(
        in text: String, file: String
    ) throws(TrainingFileError) -> (metricNames: [String], rows: [TrainingLogRow]) {
        var lines = text.split(separator: "\n", omittingEmptySubsequences: false)
        // What follows the last line's end was torn.
        lines.removeLast()
        guard let header = lines.first?.split(separator: ",", omittingEmptySubsequences: false).map(String.init),
            header.starts(with: fixedColumns)
        else {
            throw TrainingFileError(
                kind: .corrupt, file: file, entry: "line 1", reason: "not the header of a training log")
        }
        var rows: [TrainingLogRow] = []
        for (number, line) in lines.enumerated().dropFirst() {
            let fields = line.split(separator: ",", omittingEmptySubsequences: false)
            let numbers = fields.map { Double($0) }
            guard fields.count == header.count, let epoch = Int(fields[0]), let step = Int(fields[1]),
                let rate = numbers[2], let loss = numbers[3],
                zip(fields, numbers).dropFirst(4).allSatisfy({ $0.isEmpty || $1 != nil })
            else {
                throw TrainingFileError(
                    kind: .corrupt, file: file, entry: "line \(number + 1)",
                    reason: "not \(header.count) numbers with commas between them")
            }
            rows.append(
                TrainingLogRow(
                    epoch: epoch, step: step, rate: rate, trainLoss: loss, validationLoss: numbers[4],
                    metrics: Array(numbers.dropFirst(5))))
        }
        return (Array(header.dropFirst(fixedColumns.count)), rows)
    }

    /// Nil when there is no such file.
    private static func text(of path: String, calls: TrainingFileCalls) throws(TrainingFileError) -> String? {
        let descriptor = calls.open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        if descriptor == -ENOENT { return nil }
        guard descriptor >= 0 else { throw TrainingFileError(file: path, code: -descriptor, writing: false) }
        defer { _ = calls.close(descriptor) }
        let size = calls.size(descriptor)
        guard size >= 0 else { throw TrainingFileError(file: path, code: Int32(-size), writing: false) }
        guard size <= maximumBytes else {
            throw TrainingFileError(kind: .unsupported, file: path, reason: "\(size) bytes are too many for a log")
        }
        let bytes = UnsafeMutableRawBufferPointer.allocate(byteCount: size, alignment: 1)
        defer { bytes.deallocate() }
        try calls.read(descriptor, into: bytes, file: path)
        guard let text = String(validating: bytes, as: UTF8.self) else {
            throw TrainingFileError(kind: .corrupt, file: path, reason: "it is not UTF-8")
        }
        return text
    }

    /// Writes a file aside and gives it its name.
    private static func replace(
        _ path: String, with content: String, calls: TrainingFileCalls
    ) throws(TrainingFileError) {
        let aside = path + CheckpointDraft.asideSuffix
        let descriptor = calls.open(aside, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC)
        guard descriptor >= 0 else { throw TrainingFileError(file: aside, code: -descriptor, writing: true) }
        do throws(TrainingFileError) {
            defer { _ = calls.close(descriptor) }
            let bytes = Array(content.utf8)
            try bytes.withUnsafeBufferPointer { (bytes) throws(TrainingFileError) in
                try calls.write(descriptor, UnsafeRawBufferPointer(bytes), file: aside)
            }
            let code = -calls.synchronize(descriptor)
            guard code == 0 || code == EINVAL else { throw TrainingFileError(file: aside, code: code, writing: true) }
            let failure = -calls.rename(aside, path)
            guard failure == 0 else { throw TrainingFileError(file: path, code: failure, writing: true) }
        } catch {
            _ = calls.remove(aside)
            throw error
        }
    }
}
